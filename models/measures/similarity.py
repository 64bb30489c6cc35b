"""How alike two traces run over time: Pearson correlation and the lag at which it is greatest."""

from __future__ import annotations

import numpy as np

from models.measures.interval import Reading, undetermined
from models.reconstruction import Array

_GREATEST_LAG_S = 0.5


def pearson(left: Array, right: Array) -> Array:
    """(..., T) two traces -> (...) Pearson correlation; NaN when one is constant."""
    a = left - left.mean(axis=-1, keepdims=True)
    b = right - right.mean(axis=-1, keepdims=True)
    scale = np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((a * b).sum(axis=-1) / scale)


def correlation(left: Array, right: Array) -> Reading:
    """Pearson correlation of two traces (1 + S, T) at lag 0.

    Noise lowers it. The draws, with the noise in twice, tell by how much.
    """
    values = pearson(left, right)
    if not np.isfinite(values).all():
        return undetermined("One side does not move at all, so that nothing correlates.")
    if len(values) > 2:
        values = values + min(values[0] - values[1:].mean(), 1.0 - values[0])
    return Reading(values)


def lag_s(left: Array, right: Array, time_s: Array) -> Reading:
    """How much later (s) the left trace runs than the right one, traces (1 + S, T).

    The lag of the greatest correlation within half a second, between frames by a parabola.
    """
    step_s = float(np.median(np.diff(time_s)))
    reach = min(round(_GREATEST_LAG_S / step_s), left.shape[1] // 3)
    if reach < 1:
        return undetermined("The movement is too short for a lag.")
    n = left.shape[1]
    by_lag = np.stack(
        [
            pearson(left[:, max(0, k) : n + min(0, k)], right[:, max(0, -k) : n - max(0, k)])
            for k in range(-reach, reach + 1)
        ],
        axis=-1,
    )
    if not np.isfinite(by_lag).all():
        return undetermined("One side does not move at all, so that there is no lag.")
    best = np.clip(by_lag.argmax(axis=-1), 1, 2 * reach - 1)
    rows = np.arange(len(best))
    before, at, after = (by_lag[rows, best + k] for k in (-1, 0, 1))
    curvature = before - 2.0 * at + after
    shift = np.where(
        curvature < -1e-12, 0.5 * (before - after) / np.minimum(curvature, -1e-12), 0.0
    )
    return Reading((best - reach + np.clip(shift, -1.0, 1.0)) * step_s)
