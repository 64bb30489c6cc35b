"""Estimates with their uncertainty: the take and its draws side by side, and intervals from them.

Everywhere in this package an array of *versions* has the estimate at index 0 and the estimate
plus each draw of its error after it. A measure is a function of versions, so that one formula
gives the value and its interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from models.reconstruction import Array, Take

Frames = NDArray[np.int64]


@dataclass(frozen=True)
class Reading:
    """One measure of one repetition, or the reason why there is none.

    versions: (1 + S,) estimate and estimate + draws; None when undetermined, then `reason` says
    why in words for a person. A reason beside versions is a warning.
    """

    versions: Array | None
    reason: str = ""

    @property
    def value(self) -> float | None:
        """The estimate, or None when undetermined."""
        return None if self.versions is None else float(self.versions[0])


def undetermined(reason: str) -> Reading:
    """A reading that could not be taken."""
    return Reading(None, reason)


def spread(versions: Array) -> Array:
    """(1 + S, ...) -> (...) 1 SD of the draws about their own mean; 0 without draws."""
    if versions.shape[0] < 3:
        return np.zeros(versions.shape[1:])
    return np.asarray(versions[1:].std(axis=0, ddof=1))


def interval(
    versions: Array,
    extra_variance: float = 0.0,
    lowest: float | None = None,
    highest: float | None = None,
) -> tuple[float, float] | None:
    """95 % interval (Student's t) centred on the estimate; None without draws.

    `extra_variance` is added to that of the draws (the spread between repetitions); `lowest` and
    `highest` are the least and the greatest value the measure can take.
    """
    n_draws = versions.shape[0] - 1
    if n_draws < 2:
        return None
    value = float(versions[0])
    half = float(stdtrit(n_draws - 1, 0.975)) * float(
        np.sqrt(spread(versions) ** 2 + extra_variance)
    )
    low = value - half if lowest is None else max(lowest, value - half)
    high = value + half if highest is None else min(highest, value + half)
    return low, high


def magnitude(vectors: Array) -> Array:
    """(1 + S, ..., 3) vectors -> (1 + S, ...) lengths without the bias that noise gives a norm.

    Noise across the vector makes it longer: |d|^2 minus the variance across it is unbiased. The
    shorter the vector against its noise, the more the noise along it counts, too. The draws are
    read along the vector, since their own norms would carry the bias twice.
    """
    estimate = vectors[0]
    squared = np.sum(estimate**2, axis=-1)
    along = estimate / np.maximum(np.sqrt(squared), 1e-12)[..., None]
    error_along = np.einsum("s...c,...c->s...", vectors - estimate, along)
    variance = np.sum(spread(vectors) ** 2, axis=-1)
    variance_along = spread(error_along) ** 2
    share = np.minimum(1.0, variance / np.maximum(squared, 1e-24))
    excess = variance - variance_along * (1.0 - share)
    return np.asarray(np.sqrt(np.maximum(0.0, squared - excess)) + error_along)


def absolute(signed: Array) -> Array:
    """(1 + S,) absolute value, for a line what `magnitude` is for space."""
    squared = float(signed[0] ** 2)
    variance = float(spread(signed) ** 2)
    excess = variance * min(1.0, variance / max(squared, 1e-24))
    direction = -1.0 if signed[0] < 0 else 1.0
    return np.asarray(np.sqrt(max(0.0, squared - excess)) + direction * (signed - signed[0]))


def not_below_zero(versions: Array) -> Array:
    """(1 + S,) shifted so that the estimate is not below zero; the spread stays."""
    return versions - min(0.0, float(versions[0]))


def root_mean_square(vectors: Array) -> tuple[Array, Array, Array]:
    """(1 + S, N, 3) vectors over a region -> de-biased RMS, raw RMS (each (1 + S,)), noise floor.

    The floor, repeated over the versions, is the RMS that a region of zeros would read: the mean
    variance of the vectors over the draws. For mirror differences of vertices with independent
    noise of sigma per axis it is sqrt(6) sigma (`clinical.md`, principle 3).
    """
    n = vectors.shape[1]
    error = vectors - vectors[0]
    squared = float(np.sum(vectors[0] ** 2) / n)
    noise = np.sum(error**2, axis=(1, 2)) / n
    floor = float(np.sum(spread(vectors) ** 2) / n)
    change = 2.0 * np.einsum("snc,nc->s", error, vectors[0]) / n
    # A draw's own noise says how much the noise in the estimate may differ from its mean.
    change[1:] += noise[1:] - floor
    return (
        _root(max(0.0, squared - floor), change),
        _root(squared, change),
        np.full(vectors.shape[0], np.sqrt(floor)),
    )


def _root(squared: float, change: Array) -> Array:
    """Square root of `squared` + `change`, with changes downwards as large as those upwards."""
    root = np.sqrt(squared)
    return np.asarray(root + change / np.maximum(root + np.sqrt(squared + np.abs(change)), 1e-12))


class Ensemble:
    """A take and the draws of its error, read only at the vertices and frames asked for."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self.n_versions = 1 + take.uncertainty.n_draws

    def state(
        self, frames: Frames, vertices: NDArray[np.integer], centre_mm: Array | None = None
    ) -> Array:
        """(1 + S, n, 3) mean over `frames` of the vertices, in mm.

        `centre_mm` (n, 3) takes the place of the estimate's mean; the draws are the mean's.
        """
        take = self._take
        if centre_mm is None:
            centre_mm = take.vertices_mm[frames][:, vertices].mean(axis=0, dtype=np.float64)
        versions = np.repeat(centre_mm[None], self.n_versions, axis=0)
        if self.n_versions > 1 and len(frames):
            shares = take.uncertainty.coefficients[:, frames].mean(axis=1, dtype=np.float64)
            modes = take.uncertainty.modes_mm[:, vertices].astype(np.float64)
            versions[1:] += np.tensordot(shares, modes, axes=1)
        return versions

    def trace(self, vertices: NDArray[np.integer]) -> Array:
        """(1 + S, T, 3) the mean of the given vertices over time, in mm."""
        take = self._take
        values = take.vertices_mm[:, vertices].mean(axis=1, dtype=np.float64)
        versions = np.repeat(values[None], self.n_versions, axis=0)
        if self.n_versions > 1:
            modes = take.uncertainty.modes_mm[:, vertices].mean(axis=1, dtype=np.float64)
            coefficients = take.uncertainty.coefficients.astype(np.float64)
            versions[1:] += np.tensordot(coefficients, modes, axes=1)
        return versions

    def lid_gap(self) -> Array:
        """(1 + S, T, 2) lid gap left and right from the lid landmarks, in mm; may be below 0."""
        gap = np.asarray(self._take.lid_gap_mm, dtype=np.float64)
        versions = np.repeat(gap[None], self.n_versions, axis=0)
        if self.n_versions > 1:
            versions[1:] += self._take.uncertainty.lid_gap_mm
        return versions
