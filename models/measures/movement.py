"""What one repetition of a movement reads: excursion, timing, similarity, synkinesis.

Functions of versions (see `interval`). Displacements are in side coordinates, so that left and
right compare directly: lateral (away from the symmetry plane), up, forward, in mm from rest.
Source: `clinical.md`, "Measures".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from models.measures.catalogue import (
    MEASURE_REGION,
    REGIONS,
    SIDES,
    TARGET_POINTS,
    Key,
    amplitude_measure,
    bystander_regions,
    is_closure,
    movement_keys,
)
from models.measures.interval import (
    Reading,
    absolute,
    interval,
    magnitude,
    not_below_zero,
    root_mean_square,
    spread,
    undetermined,
)
from models.measures.positions import FaceState
from models.measures.segmentation import (
    LEAST_MOVEMENT_MM,
    NOISE_FACTOR,
    Repetition,
    first_passage_s,
    peak_frame,
    peak_window,
    rise_s,
)
from models.measures.similarity import correlation, lag_s
from models.movements import AffectedSide, Movement, Side
from models.reconstruction import Array

CLOSED_MM = 1.0
# Landmarks and mesh see the same lids; further apart than this, one of them is wrong.
_LIDS_AGREE_MM = 1.5
_LEAST_PEAK_FRAMES = 3
_MARGIN_S = 0.5
_AT_PEAK = 0.95
_NOT_FROM_REST = "The recording does not show this repetition's way from rest."


@dataclass(frozen=True)
class Traces:
    """A take over time, as the measures of movement need it.

    displacement: per excursion and side (1 + S, T, 3) side coordinates. lid_gap: per side
    (1 + S, T). rest_gap: per side (1 + S,). mesh_gap: (T, 2), the cross-check.
    """

    movement: Movement
    affected_side: AffectedSide | None
    time_s: Array
    valid: NDArray[np.bool_]
    rest: NDArray[np.int64]
    displacement: Mapping[str, Mapping[Side, Array]]
    lid_gap: Mapping[Side, Array]
    rest_gap: Mapping[Side, Array]
    mesh_gap: Array

    def amplitude(self, side: Side) -> Array:
        """(T,) how far the side is from rest in the movement's own measure, in mm."""
        if is_closure(self.movement):
            return np.asarray(self.rest_gap[side][0] - self.lid_gap[side][0])
        measure = amplitude_measure(self.movement)
        return np.asarray(np.linalg.norm(self.displacement[measure][side][0], axis=-1))

    def noise_mm(self, frame: int) -> float:
        """1 SD of the amplitude around a frame, of the noisier side, in mm."""
        window = peak_window(self.valid, frame)
        return max(_motion_at(self, side, window).noise_mm for side in SIDES)


@dataclass(frozen=True)
class Motion:
    """One side at its peak: amplitude (1 + S,), trace (1 + S, T) along it, and its noise in mm.

    vector: (1 + S, 3) mean displacement in side coordinates; None for eye closure.
    """

    frames: NDArray[np.int64]
    amplitude: Array
    trace: Array
    vector: Array | None
    noise_mm: float

    @property
    def gate_mm(self) -> float:
        """The amplitude from which the side counts as moving."""
        return max(LEAST_MOVEMENT_MM, NOISE_FACTOR * self.noise_mm)

    @property
    def moves(self) -> bool:
        """Whether the side passes the activation gate."""
        return bool(self.amplitude[0] >= self.gate_mm)

    def below_gate(self, side: str) -> str:
        """Why a measure that needs this side to move is undetermined."""
        return (
            f"The {side} side moved {self.amplitude[0]:.1f} mm, which is below the activation "
            f"gate of {self.gate_mm:.1f} mm."
        )


def _motion_at(traces: Traces, side: Side, frames: NDArray[np.int64]) -> Motion:
    vector: Array | None = None
    if is_closure(traces.movement):
        trace = traces.rest_gap[side][:, None] - traces.lid_gap[side]
        amplitude = trace[:, frames].mean(axis=1)
    else:
        displacement = traces.displacement[amplitude_measure(traces.movement)][side]
        vector = displacement[:, frames].mean(axis=1)
        amplitude = magnitude(vector)
        trace = displacement @ (vector[0] / max(float(np.linalg.norm(vector[0])), 1e-12))
    tremor = float(trace[0, traces.rest].std()) if len(traces.rest) else 0.0
    noise = np.hypot(float(spread(amplitude)), tremor / np.sqrt(max(len(frames), 1)))
    return Motion(frames, amplitude, trace, vector, float(noise))


def _motion(traces: Traces, side: Side, repetition: Repetition) -> Motion:
    """A side at its own peak; a side that does not move is read at the movement's peak."""
    start, stop = repetition.onset_frame, repetition.offset_frame + 1
    own = peak_frame(traces.amplitude(side), traces.valid, traces.time_s, start, stop)
    motion = _motion_at(traces, side, peak_window(traces.valid, own))
    if motion.moves and len(motion.frames) >= _LEAST_PEAK_FRAMES:
        return motion
    return _motion_at(traces, side, peak_window(traces.valid, repetition.peak_frame))


def unusable(traces: Traces, repetition: Repetition) -> str:
    """Why a repetition cannot be measured at all; empty when it can."""
    span = traces.valid[repetition.onset_frame : repetition.offset_frame + 1]
    if span.mean() < 0.5:
        return "More than half of this repetition's frames are excluded."
    if len(peak_window(traces.valid, repetition.peak_frame)) < _LEAST_PEAK_FRAMES:
        return "The frames around this repetition's peak are excluded."
    return ""


def repetition_readings(
    traces: Traces, repetition: Repetition, rest: FaceState, peak: FaceState
) -> dict[Key, Reading]:
    """Everything of `movement_keys`; `peak` is the state at the repetition's peak."""
    found: dict[tuple[str, str, str], Reading] = {}
    motions = {side: _motion(traces, side, repetition) for side in SIDES}
    window = peak_window(traces.valid, repetition.peak_frame)
    for side in SIDES:
        sided = _excursions(traces, side, window, motions[side])
        sided |= _timing(traces, repetition, motions[side], side)
        sided["fissure_change"] = _fissure_change(traces, side, window)
        if is_closure(traces.movement):
            sided |= _closure(traces, side, motions[side])
        region = MEASURE_REGION[amplitude_measure(traces.movement)]
        for name, reading in sided.items():
            found[name, side, MEASURE_REGION.get(name, _own_region(name, region))] = reading
        for name in REGIONS:
            moved = peak.region(name, side) - rest.region(name, side)
            found["region_displacement", side, name] = Reading(root_mean_square(moved)[0])
    region = MEASURE_REGION[amplitude_measure(traces.movement)]
    for name, reading in _between(traces, repetition, motions).items():
        found[name, "both", region] = reading
    if traces.affected_side in SIDES:
        found |= _affected(traces, motions, found)
    return {
        key: found[key.measure, key.side, key.region]
        for key in movement_keys(traces.movement, traces.affected_side)
    }


def _own_region(name: str, region: str) -> str:
    return "periocular" if name == "fissure_change" else region


def _excursions(
    traces: Traces, side: Side, window: NDArray[np.int64], motion: Motion
) -> dict[str, Reading]:
    measure = amplitude_measure(traces.movement)
    found = {
        name: Reading(magnitude(traces.displacement[name][side][:, window].mean(axis=1)))
        for name in TARGET_POINTS
    }
    if motion.vector is not None:
        found[measure] = Reading(motion.amplitude)
        for axis, part in enumerate(("lateral", "vertical", "anterior")):
            found[f"{measure}_{part}"] = Reading(motion.vector[:, axis])
    return found


def _closure(traces: Traces, side: Side, motion: Motion) -> dict[str, Reading]:
    gap = not_below_zero(traces.lid_gap[side][:, motion.frames].mean(axis=1))
    mesh = float(traces.mesh_gap[motion.frames, SIDES.index(side)].mean())
    difference = abs(float(gap[0]) - mesh)
    warning = ""
    if difference > _LIDS_AGREE_MM:
        warning = f"Lid landmarks and mesh differ by {difference:.1f} mm; look at the overlay."
    limits = interval(gap) or (gap[0], gap[0])
    if limits[0] < CLOSED_MM <= limits[1]:
        closed = undetermined(f"The interval of the lid gap contains {CLOSED_MM:.0f} mm.")
    else:
        closed = Reading(np.array([float(gap[0] < CLOSED_MM)]))
    return {
        "lid_gap_min": Reading(gap, warning),
        "lid_closure": Reading(motion.amplitude),
        "lid_closed": closed,
    }


def _fissure_change(traces: Traces, side: Side, window: NDArray[np.int64]) -> Reading:
    rest = traces.rest_gap[side]
    if rest[0] < CLOSED_MM:
        return undetermined(f"The {side} eye is closed at rest.")
    gap = traces.lid_gap[side][:, window].mean(axis=1)
    return Reading(100.0 * (rest - gap) / rest)


def _timing(
    traces: Traces, repetition: Repetition, motion: Motion, side: Side
) -> dict[str, Reading]:
    names = ("peak_velocity", "time_to_peak", "rise_time")
    if not repetition.starts_at_rest:
        return dict.fromkeys(names, undetermined(_NOT_FROM_REST))
    if not motion.moves:
        return dict.fromkeys(names, undetermined(motion.below_gate(side)))
    start, stop = repetition.onset_frame, int(motion.frames[-1])
    time_s = traces.time_s
    speed = np.gradient(uniform_filter1d(motion.trace, 3, axis=-1), time_s, axis=-1)
    fastest = start + int(np.argmax(speed[0, start : stop + 1]))
    # From a little before the movement's onset: this side may have left rest earlier.
    early = _before(traces, repetition)
    rises = [
        rise_s(trace, time_s, float(amplitude), early, stop)
        for trace, amplitude in zip(motion.trace, motion.amplitude, strict=True)
    ]
    peaks = [
        first_passage_s(trace, time_s, _AT_PEAK * float(amplitude), early, stop)
        for trace, amplitude in zip(motion.trace, motion.amplitude, strict=True)
    ]
    return {
        "peak_velocity": Reading(speed[:, fastest]),
        "time_to_peak": _timed([None if t is None else t - repetition.onset_s for t in peaks]),
        "rise_time": _timed([None if r is None else r[1] - r[0] for r in rises]),
    }


def _before(traces: Traces, repetition: Repetition) -> int:
    """The frame `_MARGIN_S` before the onset."""
    return int(np.searchsorted(traces.time_s, repetition.onset_s - _MARGIN_S))


def _timed(times: list[float | None]) -> Reading:
    """Times of the versions; a draw without one says nothing and takes the estimate's."""
    if times[0] is None or sum(t is None for t in times) > len(times) / 2:
        return undetermined("The movement's rise is not distinct enough to be timed.")
    estimate = times[0]
    return Reading(np.array([estimate if t is None else t for t in times]))


def _between(
    traces: Traces, repetition: Repetition, motions: Mapping[Side, Motion]
) -> dict[str, Reading]:
    """Left against right."""
    left, right = motions["left"], motions["right"]
    still = [side for side in SIDES if not motions[side].moves]
    found = dict.fromkeys(
        ("asymmetry_index", "trajectory_correlation", "trajectory_lag"),
        undetermined("Neither side passes the activation gate."),
    )
    if len(still) < 2:
        larger = np.maximum(left.amplitude, right.amplitude)
        index = absolute((left.amplitude - right.amplitude) / larger)
        found["asymmetry_index"] = Reading(index)
        first = _before(traces, repetition)
        last = int(np.searchsorted(traces.time_s, repetition.offset_s + _MARGIN_S))
        span = slice(first, last + 1)
        found["trajectory_correlation"] = correlation(left.trace[:, span], right.trace[:, span])
        found["trajectory_lag"] = lag_s(
            left.trace[:, span], right.trace[:, span], traces.time_s[span]
        )
    similar = ("direction_similarity", "movement_similarity_index")
    if still:
        reason = motions[still[0]].below_gate(still[0])
        found["onset_lag"] = undetermined(reason)
        found |= dict.fromkeys(similar, undetermined(reason))
        if len(still) < 2:
            found["trajectory_lag"] = undetermined(reason)
        return found
    found["onset_lag"] = _onset_lag(traces, repetition, motions)
    if left.vector is not None and right.vector is not None:
        lengths = np.linalg.norm(left.vector, axis=-1) * np.linalg.norm(right.vector, axis=-1)
        cosine = np.einsum("sc,sc->s", left.vector, right.vector) / lengths
        smaller = np.minimum(left.amplitude, right.amplitude)
        found["direction_similarity"] = Reading(cosine)
        found["movement_similarity_index"] = Reading(
            cosine * smaller / np.maximum(left.amplitude, right.amplitude)
        )
    return found


def _onset_lag(traces: Traces, repetition: Repetition, motions: Mapping[Side, Motion]) -> Reading:
    """When the left side passes 10 % of its amplitude, minus when the right one does."""
    if not repetition.starts_at_rest:
        return undetermined(_NOT_FROM_REST)
    early = _before(traces, repetition)
    lags: list[float | None] = []
    for version in range(len(motions["left"].amplitude)):
        rises = [
            rise_s(
                motions[side].trace[version],
                traces.time_s,
                float(motions[side].amplitude[version]),
                early,
                int(motions[side].frames[-1]),
            )
            for side in SIDES
        ]
        left, right = rises
        lags.append(None if left is None or right is None else left[0] - right[0])
    return _timed(lags)


def _affected(
    traces: Traces,
    motions: Mapping[Side, Motion],
    found: Mapping[tuple[str, str, str], Reading],
) -> dict[tuple[str, str, str], Reading]:
    """The affected side against the healthy one."""
    affected: Side = "left" if traces.affected_side == "left" else "right"
    healthy: Side = "right" if affected == "left" else "left"
    reference = motions[healthy]
    region = MEASURE_REGION[amplitude_measure(traces.movement)]
    gated = undetermined(reference.below_gate("healthy"))
    out: dict[tuple[str, str, str], Reading] = {}
    out["displacement_ratio", "affected", region] = (
        Reading(motions[affected].amplitude / reference.amplitude) if reference.moves else gated
    )
    for name in bystander_regions(traces.movement):
        here = _versions(found["region_displacement", affected, name])
        there = _versions(found["region_displacement", healthy, name])
        excess = not_below_zero(here - there)
        out["synkinesis", "affected", name] = Reading(excess)
        out["synkinesis_percent", "affected", name] = (
            Reading(100.0 * excess / reference.amplitude) if reference.moves else gated
        )
    if not is_closure(traces.movement):
        here_reading = found["fissure_change", affected, "periocular"]
        there_reading = found["fissure_change", healthy, "periocular"]
        missing = next((r for r in (here_reading, there_reading) if r.versions is None), None)
        out["ocular_synkinesis", "affected", "periocular"] = missing or Reading(
            _versions(here_reading) - _versions(there_reading)
        )
    return out


def _versions(reading: Reading) -> Array:
    assert reading.versions is not None
    return reading.versions
