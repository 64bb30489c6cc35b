"""The common clock of a recording: its moments, and what each view shows at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.capture.observation import ViewObservation
from models.movements import View
from models.reconstruction import ViewTrack

_SNAP_SHARE = 0.05
_LONGEST_GAP_STEPS = 2.6


@dataclass(frozen=True)
class SourceFrames:
    """Where the moments of the common clock lie in one file.

    frame: (T,) index of the nearest picture of the file; -1 where the file shows nothing.
    distance_s: (T,) that picture's time minus the moment's, on the common clock.
    """

    frame: NDArray[np.int64]
    distance_s: NDArray[np.float64]


def regular_step_s(time_s: NDArray[np.float64]) -> float:
    """Time between pictures of a camera, also when time stamps are rounded or pictures missing."""
    if time_s.size < 2:
        return 0.0
    steps = np.diff(time_s)
    usual = float(np.median(steps))
    if usual <= 0:
        return float(np.mean(steps))
    numbers = np.concatenate([[0.0], np.cumsum(np.maximum(np.round(steps / usual), 1))])
    centred = numbers - numbers.mean()
    slope = float(centred @ (time_s - time_s.mean()) / (centred @ centred))
    # A camera without any steady rate keeps its usual step.
    return slope if abs(slope - usual) < 0.1 * usual else usual


def common_moments(
    reference_s: NDArray[np.float64], first_s: float, last_s: float
) -> NDArray[np.float64]:
    """(T,) evenly spaced moments from `first_s` to `last_s` on the reference's own pictures."""
    step_s = regular_step_s(reference_s)
    if step_s <= 0:
        return np.array([first_s])
    inside = reference_s[reference_s >= first_s - _SNAP_SHARE * step_s]
    numbers = np.round((inside - inside[0]) / step_s)
    start_s = float(np.median(inside - numbers * step_s))
    count = int(np.floor((last_s - start_s) / step_s + _SNAP_SHARE)) + 1
    return np.asarray(start_s + step_s * np.arange(max(count, 1)), dtype=np.float64)


def resample(
    observation: ViewObservation, view: View, offset_s: float, moments_s: NDArray[np.float64]
) -> tuple[ViewTrack, SourceFrames]:
    """The view's track at the moments of the common clock, (T,).

    A picture's time on the common clock is its own time plus `offset_s`. Between pictures
    landmarks follow a cubic through four of them; a picture within 5 % of a step is taken as it
    is. Over a gap of more than two pictures nothing is claimed (NaN).
    """
    time_s = observation.time_s + offset_s
    if time_s.size == 1:
        taken = np.zeros(moments_s.size, dtype=np.int64)
        track = _track(observation, view, _Weights.single(taken))
        return track, SourceFrames(taken, np.zeros(moments_s.size))
    step_s = regular_step_s(observation.time_s)
    weights = _Weights.between(time_s, observation.seen, moments_s, step_s)
    nearest = np.clip(np.searchsorted(time_s, moments_s), 1, time_s.size - 1)
    nearest -= (moments_s - time_s[nearest - 1]) < (time_s[nearest] - moments_s)
    distance_s = time_s[nearest] - moments_s
    frame = np.where(np.abs(distance_s) <= 0.75 * step_s, nearest, -1)
    return _track(observation, view, weights), SourceFrames(frame, distance_s)


@dataclass(frozen=True)
class _Weights:
    """Each moment as a weighted sum of four pictures; `index`, `weight` (T, 4), NaN = unknown."""

    index: NDArray[np.int64]
    weight: NDArray[np.float64]

    @staticmethod
    def single(taken: NDArray[np.int64]) -> _Weights:
        index = np.repeat(taken[:, None], 4, axis=1)
        weight = np.zeros(index.shape)
        weight[:, 1] = 1.0
        return _Weights(index, weight)

    @staticmethod
    def between(
        time_s: NDArray[np.float64],
        seen: NDArray[np.bool_],
        moments_s: NDArray[np.float64],
        step_s: float,
    ) -> _Weights:
        n = time_s.size
        before = np.clip(np.searchsorted(time_s, moments_s, side="right") - 1, 0, n - 2)
        index = np.clip(before[:, None] + np.arange(-1, 3), 0, n - 1)
        gap_s = time_s[before + 1] - time_s[before]
        share = (moments_s - time_s[before]) / gap_s
        weight = np.zeros((moments_s.size, 4))
        weight[:, 1], weight[:, 2] = 1 - share, share
        # Catmull-Rom where all four pictures are there and regular, else a straight line.
        inner = (before >= 1) & (before + 2 < n)
        steady = inner & (time_s[index[:, 3]] - time_s[index[:, 0]] < 3.5 * step_s)
        steady &= seen[index].all(axis=1)
        cubic = _catmull_rom(share)
        weight[steady] = cubic[steady]
        usable = seen[before] & seen[before + 1] & (gap_s <= _LONGEST_GAP_STEPS * step_s)
        usable &= (share >= -_SNAP_SHARE) & (share <= 1 + _SNAP_SHARE)
        weight[~usable] = np.nan
        for place, own_share in ((1, share), (2, share - 1)):
            near = (np.abs(own_share) * gap_s <= _SNAP_SHARE * step_s) & seen[index[:, place]]
            weight[near] = 0.0
            weight[near, place] = 1.0
        return _Weights(index, weight)

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """(T, ...) weighted sums of (N, ...) values."""
        tail = (slice(None), *([None] * (values.ndim - 1)))
        total = np.zeros((self.index.shape[0], *values.shape[1:]))
        for k in range(4):
            weight = self.weight[:, k][tail]
            # A picture of weight 0 may be one without a face.
            total += np.where(weight == 0, 0.0, weight * values[self.index[:, k]])
        return total.astype(np.float32)


def _catmull_rom(share: NDArray[np.float64]) -> NDArray[np.float64]:
    s, s2, s3 = share, share**2, share**3
    return 0.5 * np.stack(
        [-s + 2 * s2 - s3, 2 - 5 * s2 + 3 * s3, s + 4 * s2 - 3 * s3, -s2 + s3], axis=1
    )


def _track(observation: ViewObservation, view: View, weights: _Weights) -> ViewTrack:
    presence = weights.apply(observation.presence)
    return ViewTrack(
        view=view,
        width=observation.width,
        height=observation.height,
        landmarks_px=weights.apply(observation.landmarks_px),
        pass_difference_px=np.abs(weights.apply(observation.pass_difference_px)),
        presence=np.where(np.isfinite(presence), np.clip(presence, 0, 1), 0).astype(np.float32),
        yaw_deg=weights.apply(observation.yaw_deg),
        pitch_deg=weights.apply(observation.pitch_deg),
        roll_deg=weights.apply(observation.roll_deg),
    )
