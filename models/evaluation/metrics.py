"""The figures of the synthetic table, take by take and in sum; arrays in, numbers out, no files.

Every figure compares with exact truth by vertex correspondence, in millimetres. Both sequences
are in a head frame of their own; one rigid motion a take (no scale) brings the reconstruction
to the truth, fitted on the stable region (glabella, nasal root, dorsum) in the true rest frames.
A method thus keeps its own scale, and a head that drifts in its own frame pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.head.topology import Topology
from models.measures import mesh_lid_gap_mm
from models.measures.catalogue import TARGET_POINTS
from models.measures.frame import rigid_fit
from models.movements import MOVEMENTS, Side

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

PEAK_FRAMES = 5
MOVING_MM = 2.0
CLEAR_DIFFERENCE_MM = 2.0
# A rise time is only a figure where something rises: below this the true signal is no movement.
RISING_MM = 2.0
COMMISSURE_MOVEMENTS = ("gentle_smile", "full_smile", "pucker")
CLOSURE_MOVEMENTS = ("gentle_closure", "tight_closure")
JITTER_REGIONS = ("brow", "periocular", "nose", "cheek", "upper_lip", "lower_lip")


@dataclass(frozen=True)
class MeasurePair:
    """A movement's target measure on one side: the truth and what was reported.

    `estimated` is None where the product said *undetermined*; the interval is None for methods
    that state none.
    """

    side: Side
    true_mm: float
    estimated_mm: float | None
    ci_lo_mm: float | None = None
    ci_hi_mm: float | None = None


@dataclass(frozen=True)
class TakeScore:
    """All figures of one take and one method; None where the take can't answer the question."""

    movement: str
    mean_mm: float
    shape_mm: float
    under_2mm: float
    movement_mm: float | None
    rise_time_error: float | None
    rest_jitter_mm: float | None
    target: tuple[MeasurePair, ...] = field(default=())


def on_clock(values: NDArray[np.floating], time_s: Array, at_s: Array) -> Array:
    """Values (T, ...) sampled at `at_s` (N,) by linear interpolation; NaN outside their span.

    Half a frame beyond either end still counts as the end, since a clock may start late by less
    than a frame.
    """
    known = np.asarray(values, dtype=np.float64)
    if len(time_s) == len(at_s) and np.allclose(time_s, at_s, atol=1e-4):
        return known
    if len(time_s) == 1:
        return np.repeat(known, len(at_s), axis=0)
    margin_s = 0.5 * float(np.median(np.diff(time_s)))
    right = np.clip(np.searchsorted(time_s, at_s), 1, len(time_s) - 1)
    share = (at_s - time_s[right - 1]) / (time_s[right] - time_s[right - 1])
    share = np.clip(share, 0.0, 1.0).reshape(-1, *[1] * (known.ndim - 1))
    sampled: Array = known[right - 1] * (1.0 - share) + known[right] * share
    sampled[(at_s < time_s[0] - margin_s) | (at_s > time_s[-1] + margin_s)] = np.nan
    return sampled


def activity_mm(vertices_mm: Array) -> Array:
    """(T,) root mean square displacement of the vertices (T, N, 3) from their first frames."""
    start = vertices_mm[:PEAK_FRAMES].mean(axis=0)
    return np.asarray(np.sqrt(((vertices_mm - start) ** 2).sum(axis=2).mean(axis=1)))


def rest_frames(activity: Array) -> NDArray[np.int64]:
    """Quiet frames before the movement: below a twentieth of the peak activity, before its rise.

    A blink at rest is left out, what lies before it counts. Without any movement (peak activity
    below 0.1 mm) every frame rests.
    """
    peak = float(activity.max())
    if peak < 0.1:
        return np.arange(len(activity))
    before = activity[: int(activity.argmax()) + 1] < 0.05 * peak
    return np.flatnonzero(before) if before.any() else np.arange(1)


def peak_frames(signal: Array) -> NDArray[np.int64]:
    """The five frames around the highest five-frame mean of a signal (T,)."""
    count = min(PEAK_FRAMES, len(signal))
    means = np.convolve(signal, np.ones(count) / count, mode="valid")
    return int(means.argmax()) + np.arange(count)


def rise_time_s(signal: Array, time_s: Array) -> float | None:
    """Time from 10 % to 90 % of the signal's (T,) highest five-frame mean, interpolated.

    The signal starts near 0 at rest. The 90 % crossing is the first one; the 10 % crossing is
    the last one before it, so that a twitch at rest does not lengthen the rise. None where the
    signal does not rise from below 10 % to above 90 %. Frames without a value (NaN) are bridged.
    """
    known = np.isfinite(signal)
    signal, time_s = signal[known], time_s[known]
    top = float(signal[peak_frames(signal)].mean()) if len(signal) else 0.0
    if top <= 0.0:
        return None
    level = signal / top
    high = np.flatnonzero((level[1:] >= 0.9) & (level[:-1] < 0.9))
    if not len(high):
        return None
    low = np.flatnonzero((level[1 : high[0] + 2] >= 0.1) & (level[: high[0] + 1] < 0.1))
    if not len(low):
        return None

    def reached_s(left: int, value: float) -> float:
        share = (value - level[left]) / (level[left + 1] - level[left])
        return float(time_s[left] + share * (time_s[left + 1] - time_s[left]))

    return reached_s(int(high[0]), 0.9) - reached_s(int(low[-1]), 0.1)


def target_signal(
    movement: str,
    vertices_mm: Array,
    side: Side,
    topology: Topology,
    rest: NDArray[np.int64],
    peak: NDArray[np.int64],
) -> Array:
    """(T,) how far the movement's target has gone on one side, in mm; 0 at rest.

    Excursions: displacement of the target point along its own direction at the peak (linear, so
    that noise does not lift it). Closures: how much the lid gap has narrowed.
    """
    if movement in CLOSURE_MOVEMENTS:
        gap = mesh_lid_gap_mm(vertices_mm, topology)[:, 0 if side == "left" else 1]
        return np.asarray(np.nanmean(gap[rest]) - gap)
    names = TARGET_POINTS[str(MOVEMENTS[movement].target_measure)]
    points = [topology.points[f"{name}_{side}"] for name in names]
    track = vertices_mm[:, points].mean(axis=1)
    track = track - np.nanmean(track[rest], axis=0)
    at_peak = np.nanmean(track[peak], axis=0)
    return np.asarray(track @ (at_peak / max(float(np.linalg.norm(at_peak)), 1e-9)))


class Reference:
    """The truth of one take with what is derived from it once: rest, peak, what truly moves.

    vertices_mm: (T, V, 3) in the head frame; time_s: (T,).
    """

    def __init__(
        self,
        movement: str,
        vertices_mm: Array,
        time_s: Array,
        topology: Topology,
    ) -> None:
        self.movement = movement
        self.vertices_mm = np.asarray(vertices_mm, dtype=np.float64)
        self.time_s = time_s
        self.topology = topology
        self.face = np.flatnonzero(topology.regions["face"])
        self.stable = np.flatnonzero(topology.regions["stable"])
        activity = activity_mm(self.vertices_mm[:, self.face])
        self.rest = np.arange(len(time_s)) if movement == "rest" else rest_frames(activity)
        self.peak = peak_frames(activity)
        self.moved = self._displacement(self.vertices_mm)
        self.moving = np.linalg.norm(self.moved, axis=1) > MOVING_MM

    def _displacement(self, vertices_mm: Array) -> Array:
        """(F, 3) face-region displacement from the true rest frames at the true peak."""
        face = vertices_mm[:, self.face]
        return np.asarray(np.nanmean(face[self.peak], axis=0) - np.nanmean(face[self.rest], axis=0))

    def score(
        self,
        vertices_mm: NDArray[np.floating],
        time_s: Array,
        target: Sequence[MeasurePair],
    ) -> TakeScore | None:
        """Compare a reconstruction (T', V, 3) on its own clock; None when no frame can be used.

        mean_mm, under_2mm: face-region vertices over all frames. shape_mm: the same mean after
        alignment on the whole face instead, what is left of the error when the small stable
        region does not lever it; for information. movement_mm: over the vertices
        that truly move more than 2 mm, None if there is none. rest_jitter_mm: `_rest_jitter_mm`.
        rise_time_error: `_rise_time_error`. Frames that the reconstruction left out (NaN) are
        left out here too.
        """
        vertices = on_clock(vertices_mm, time_s, self.time_s)
        seen = np.isfinite(vertices[:, 0, 0])
        rest = self.rest[seen[self.rest]]
        if not len(rest) or not seen[self.peak].any():
            return None
        resting, true_resting = vertices[rest].mean(axis=0), self.vertices_mm[rest].mean(axis=0)

        def errors_mm(region: NDArray[np.int64]) -> tuple[Array, Array]:
            """Vertices aligned on a region at rest, and their distances over the face."""
            rotation, translation = rigid_fit(resting[region], true_resting[region])
            aligned = vertices @ rotation.T + translation
            offset = aligned[seen][:, self.face] - self.vertices_mm[seen][:, self.face]
            return aligned, np.linalg.norm(offset, axis=2)

        shape_error = errors_mm(self.face)[1]
        vertices, error = errors_mm(self.stable)
        movement_error = np.linalg.norm(self._displacement(vertices) - self.moved, axis=1)
        return TakeScore(
            movement=self.movement,
            mean_mm=float(error.mean()),
            shape_mm=float(shape_error.mean()),
            under_2mm=float((error < 2.0).mean()),
            movement_mm=float(movement_error[self.moving].mean()) if self.moving.any() else None,
            rise_time_error=self._rise_time_error(vertices),
            rest_jitter_mm=self._rest_jitter_mm(vertices, rest),
            target=tuple(target),
        )

    def _rest_jitter_mm(self, vertices: Array, rest: NDArray[np.int64]) -> float | None:
        """SD of the region centroids about their mean over the true rest frames, per axis.

        Of the error, so that true breathing and micro-movement is no jitter; the root mean
        square over the regions, the two sides and the three axes.
        """
        if len(rest) < 2:
            return None
        error = vertices[rest] - self.vertices_mm[rest]
        variances = [
            error[:, self.topology.regions[region] & (self.topology.side == side)]
            .mean(axis=1)
            .var(axis=0)
            for region in JITTER_REGIONS
            for side in (1, -1)
        ]
        return float(np.sqrt(np.mean(variances)))

    def _rise_time_error(self, vertices: Array) -> float | None:
        """|estimated / true - 1| of the 10-90 % rise time of the truly stronger side's target.

        None where nothing truly rises by 2 mm; 1 where the reconstruction has no rise at all.
        """
        if MOVEMENTS[self.movement].target_measure is None:
            return None
        sides: tuple[Side, Side] = ("left", "right")
        signals = [
            target_signal(
                self.movement, self.vertices_mm, side, self.topology, self.rest, self.peak
            )
            for side in sides
        ]
        tops = [float(signal[self.peak].mean()) for signal in signals]
        stronger = int(np.argmax(tops))
        true_s = rise_time_s(signals[stronger], self.time_s)
        if tops[stronger] < RISING_MM or not true_s:
            return None
        signal = target_signal(
            self.movement, vertices, sides[stronger], self.topology, self.rest, self.peak
        )
        estimated_s = rise_time_s(signal, self.time_s)
        return 1.0 if estimated_s is None else min(abs(estimated_s / true_s - 1.0), 1.0)


def aggregate(scores: Sequence[TakeScore], rejected: int = 0) -> dict[str, float | int | None]:
    """One cell of the table from its takes, with the keys of `sfpfr evaluate synthetic --json`.

    - `mean_mm`, `shape_mm`, `under_2mm`, `movement_mm`, `rise_time_error`, `rest_jitter_mm`: means
      over the takes that have the figure.
    - `commissure_*`: reported against true commissure excursion, both sides of the smile and
      pucker takes: mean signed error, mean absolute error, least-squares slope with intercept.
    - `lid_gap_mae_mm`: smallest lid gap, both sides of the two closures.
    - `side_right`: of the takes whose true target measures differ by at least 2 mm between the
      sides, the share in which the reported ones differ in the same direction; an undetermined
      one is not right.
    - `coverage_95`, `interval_width_mm`, `interval_mae_mm`: all target measures with an interval:
      share that holds the truth, median width, and the mean absolute error of the same measures.
    - `n` takes scored, `rejected` takes without a result, `undetermined` target measures without
      a value. None: nothing to compute the figure from.
    """
    pairs = [(score.movement, pair) for score in scores for pair in score.target]
    commissure = np.array(
        [
            (pair.true_mm, pair.estimated_mm)
            for movement, pair in pairs
            if movement in COMMISSURE_MOVEMENTS and pair.estimated_mm is not None
        ]
    ).reshape(-1, 2)
    lids = [
        abs(pair.estimated_mm - pair.true_mm)
        for movement, pair in pairs
        if movement in CLOSURE_MOVEMENTS and pair.estimated_mm is not None
    ]
    intervals = np.array(
        [
            (pair.true_mm, pair.estimated_mm, pair.ci_lo_mm, pair.ci_hi_mm)
            for _, pair in pairs
            if None not in (pair.estimated_mm, pair.ci_lo_mm, pair.ci_hi_mm)
        ],
        dtype=np.float64,
    ).reshape(-1, 4)
    true, estimated, lowest, highest = intervals.T
    error = commissure[:, 1] - commissure[:, 0]
    return {
        "mean_mm": _mean([score.mean_mm for score in scores]),
        "shape_mm": _mean([score.shape_mm for score in scores]),
        "under_2mm": _mean([score.under_2mm for score in scores]),
        "movement_mm": _mean([score.movement_mm for score in scores]),
        "commissure_bias_mm": _mean(error),
        "commissure_mae_mm": _mean(np.abs(error)),
        "commissure_slope": _slope(commissure[:, 0], commissure[:, 1]),
        "lid_gap_mae_mm": _mean(lids),
        "side_right": _mean([right for score in scores for right in _side_right(score)]),
        "coverage_95": _mean((lowest <= true) & (true <= highest)),
        "interval_width_mm": float(np.median(highest - lowest)) if len(intervals) else None,
        "interval_mae_mm": _mean(np.abs(estimated - true)),
        "rise_time_error": _mean([score.rise_time_error for score in scores]),
        "rest_jitter_mm": _mean([score.rest_jitter_mm for score in scores]),
        "n": len(scores),
        "rejected": rejected,
        "undetermined": sum(pair.estimated_mm is None for _, pair in pairs),
    }


def _side_right(score: TakeScore) -> list[float]:
    """Empty where the sides do not truly differ, else one 0 or 1."""
    by_side = {pair.side: pair for pair in score.target}
    if len(by_side) < 2:
        return []
    left, right = by_side["left"], by_side["right"]
    truly = left.true_mm - right.true_mm
    if abs(truly) < CLEAR_DIFFERENCE_MM:
        return []
    if left.estimated_mm is None or right.estimated_mm is None:
        return [0.0]
    return [float((left.estimated_mm - right.estimated_mm) * truly > 0.0)]


def _mean(values: Sequence[float | None] | NDArray[np.generic]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _slope(true: Array, estimated: Array) -> float | None:
    spread = float(((true - true.mean()) ** 2).sum()) if len(true) > 1 else 0.0
    if spread < 1e-6:
        return None
    return float(((true - true.mean()) * estimated).sum() / spread)
