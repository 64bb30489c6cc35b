"""How a face moves in one view, as a few curves over time that look alike from every side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from models.capture.landmarks import topology as names
from models.capture.observation import ViewObservation

# Pairs of landmarks whose vertical distance (second below first) tells of one movement each.
_VERTICAL_PAIRS = (
    (13, 14),
    (names.NASION, names.MENTON),
    (386, 374),
    (159, 145),
    (334, names.LEFT_OUTER_CANTHUS),
    (105, names.RIGHT_OUTER_CANTHUS),
    (names.SUBNASALE, names.LEFT_COMMISSURE),
    (names.SUBNASALE, names.RIGHT_COMMISSURE),
)
_GRID_HZ = 60.0
_SMOOTHING_S = 0.03
_LONGEST_GAP_S = 0.25


@dataclass(frozen=True)
class MotionCurves:
    """Velocities of the curves in units of their own noise, at 60 Hz from `start_s` on.

    speeds: (M, K); 0 where no face was seen. strength: root mean square of all of them: about 1
    for a face at rest, many times that for one that moves.
    """

    start_s: float
    step_s: float
    speeds: NDArray[np.float64]

    @property
    def strength(self) -> float:
        """How clearly anything moves, in units of the noise."""
        return float(np.sqrt(np.mean(self.speeds**2))) if self.speeds.size else 0.0


def motion_curves(observation: ViewObservation) -> MotionCurves:
    """Movement curves of a view: lids, brows, mouth, jaw, height and yaw of the head.

    Vertical distances and the yaw about the vertical are the same from every camera of a level
    rig, so curves of different views can be compared.
    """
    seen = np.flatnonzero(observation.seen)
    step_s = 1.0 / _GRID_HZ
    if seen.size < 8:
        return MotionCurves(0.0, step_s, np.zeros((0, len(_VERTICAL_PAIRS) + 2)))
    time_s = observation.time_s[seen]
    raw = _curves(observation, seen)
    grid_s = np.arange(time_s[0], time_s[-1], step_s)
    on_grid = np.stack([np.interp(grid_s, time_s, raw[:, k]) for k in range(raw.shape[1])], axis=1)
    smooth = gaussian_filter1d(on_grid, _SMOOTHING_S / step_s, axis=0)
    speeds = np.gradient(smooth, step_s, axis=0)
    # Second differences of neighbouring pictures hold noise and hardly any movement.
    bends = raw[2:] - 2 * raw[1:-1] + raw[:-2]
    noise = 1.4826 * np.median(np.abs(bends), axis=0) / np.sqrt(6.0)
    usual_s = float(np.median(np.diff(time_s)))
    # SD of the derivative of white noise after Gaussian smoothing, per sample of `usual_s`.
    gain = np.sqrt(usual_s / (4 * np.sqrt(np.pi) * _SMOOTHING_S**3))
    speeds /= np.maximum(noise, 1e-6) * gain
    speeds -= np.median(speeds, axis=0)
    speeds[_in_gap(grid_s, time_s)] = 0.0
    return MotionCurves(float(grid_s[0]), step_s, speeds)


def _curves(observation: ViewObservation, seen: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, K) curves in face heights and radians."""
    roll = np.deg2rad(np.median(observation.roll_deg[seen]))
    points = observation.landmarks_px[seen, :, :2].astype(np.float64)
    down = -np.sin(roll) * points[:, :, 0] + np.cos(roll) * points[:, :, 1]
    height = float(np.median(down[:, names.MENTON] - down[:, 10]))
    columns = [(down[:, b] - down[:, a]) / height for a, b in _VERTICAL_PAIRS]
    columns.append(down[:, names.NASION] / height)
    columns.append(np.deg2rad(observation.yaw_deg[seen].astype(np.float64)))
    return np.stack(columns, axis=1)


def _in_gap(grid_s: NDArray[np.float64], time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which moments lie between two pictures that are far apart."""
    after = np.clip(np.searchsorted(time_s, grid_s), 1, time_s.size - 1)
    gap: NDArray[np.bool_] = time_s[after] - time_s[after - 1] > _LONGEST_GAP_S
    return gap
