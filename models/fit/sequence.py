"""Gauss-Newton over head pose and linear coefficients of many frames at once, shape held fixed.

The normal matrices, nearly all of the work, are summed in single precision: they only choose the
step. Gradients and solutions are in double precision, so that is what the fit converges to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from models.fit.projection import (
    PointEvidence,
    Poses,
    collapse,
)
from models.reconstruction import Array, Array32, Camera
from models.threads import in_order

_CHUNK = 16
_SOFT_BOUND_SIGMA = 0.05
# Below this share a pivot of a metric is rounding.
_SINGULAR = 1e-12


@dataclass(frozen=True)
class LinearPrior:
    """Gaussian prior of P coefficients: mean (T, P), precision (P, P) or (T, P, P).

    Coefficients `bounded[0]:bounded[1]` are muscle activations: below `low` and above `high` they
    are pulled back softly, so that the solution stays smooth in the data.
    """

    mean: Array
    precision: Array
    bounded: tuple[int, int] = (0, 0)
    low: float = -0.05
    high: float = 1.2

    def at(self, coefficients: Array) -> tuple[Array, Array]:
        """Precision (T, P, P) and pull (T, P) around the current `coefficients` (T, P)."""
        n_frames, n = coefficients.shape
        precision = np.array(np.broadcast_to(self.precision, (n_frames, n, n)))
        pull = np.einsum("tij,tj->ti", precision, self.mean - coefficients)
        begin, end = self.bounded
        activation = coefficients[:, begin:end]
        excess = np.minimum(activation - self.low, 0.0) + np.maximum(activation - self.high, 0.0)
        index = np.arange(begin, end)
        stiffness = np.where(excess != 0.0, 1.0 / _SOFT_BOUND_SIGMA**2, 0.0)
        precision[:, index, index] += stiffness
        pull[:, begin:end] -= stiffness * excess
        return precision, pull

    def cost(self, coefficients: Array) -> Array:
        """(T,) squared prior residual."""
        difference = coefficients - self.mean
        quadratic = np.einsum("ti,...ij,tj->t", difference, self.precision, difference)
        activation = coefficients[:, self.bounded[0] : self.bounded[1]]
        excess = np.minimum(activation - self.low, 0.0) + np.maximum(activation - self.high, 0.0)
        return np.asarray(quadratic + np.sum((excess / _SOFT_BOUND_SIGMA) ** 2, axis=1))


@dataclass(frozen=True)
class SequenceFit:
    """Poses and coefficients (T, P) of T frames.

    precision (T, 6 + P, 6 + P): inverse posterior covariance of (pose step, coefficients).
    """

    poses: Poses
    coefficients: Array
    precision: Array32


def fit_sequence(
    resting: Array,
    basis: Array,
    poses: Poses,
    coefficients: Array,
    cameras: tuple[Camera, ...],
    evidence: tuple[PointEvidence, ...],
    prior: LinearPrior,
    *,
    iterations: int = 6,
    robust_scale: float = 3.0,
) -> SequenceFit:
    """Fit head points `resting` (N, 3) + `basis` (N, 3, P) @ coefficients to the evidence.

    Damped Gauss-Newton, frame by frame in chunks; a step that does not lower a frame's cost is
    not taken and its damping grows. All lengths in mm.
    """
    linear = _LinearPoints(resting, basis)

    def fitted(begin: int) -> SequenceFit:
        rows = slice(begin, begin + _CHUNK)
        return _fit_chunk(
            linear,
            poses[rows],
            coefficients[rows],
            cameras,
            tuple(seen.at(rows) for seen in evidence),
            replace(
                prior,
                mean=prior.mean[rows],
                precision=(prior.precision if prior.precision.ndim == 2 else prior.precision[rows]),
            ),
            iterations,
            robust_scale,
        )

    n_frames, n = len(coefficients), 6 + basis.shape[2]
    found = SequenceFit(
        Poses(np.empty((n_frames, 3, 3)), np.empty((n_frames, 3))),
        np.empty(coefficients.shape),
        np.empty((n_frames, n, n), dtype=np.float32),
    )
    # Filled chunk by chunk: the precisions of a long film are the largest arrays of the fit.
    begin = 0
    for part in in_order(fitted, range(0, n_frames, _CHUNK)):
        rows = slice(begin, begin + len(part.coefficients))
        found.poses.rotation[rows] = part.poses.rotation
        found.poses.translation[rows] = part.poses.translation
        found.coefficients[rows] = part.coefficients
        found.precision[rows] = part.precision
        begin = rows.stop
    return found


class _LinearPoints:
    """Head points (N, 3) = `resting` + `basis` (N, 3, P) @ coefficients."""

    def __init__(self, resting: Array, basis: Array) -> None:
        self.resting = resting
        self.flat = np.ascontiguousarray(basis.reshape(3 * len(resting), -1))
        self.single: Array32 = np.ascontiguousarray(basis, dtype=np.float32)

    def at(self, coefficients: Array) -> Array:
        """(T, N, 3) points for coefficients (T, P)."""
        moved = coefficients @ self.flat.T
        return np.asarray(self.resting + moved.reshape(-1, *self.resting.shape))

    def normal_matrix(self, points: Array, metric: Array) -> Array:
        """(T, 6 + P, 6 + P) normal matrix of pose step and coefficients."""
        n_points, _, n_basis = self.single.shape
        matrix = np.empty((len(points), 6 + n_basis, 6 + n_basis))
        rows = np.empty((3 * n_points, 6 + n_basis), dtype=np.float32)
        for frame in range(len(points)):
            whitened_rows(metric[frame], points[frame], self.single, rows)
            # The product with itself: the matrix library then works out one half only.
            matrix[frame] = rows.T @ rows
        return matrix

    def gradient(self, points: Array, pull: Array) -> Array:
        """(T, 6 + P) right side of the normal equations."""
        turning = np.cross(points, pull).sum(axis=1)
        along = pull.reshape(len(pull), -1) @ self.flat
        return np.concatenate([turning, pull.sum(axis=1), along], axis=1)


def _fit_chunk(
    linear: _LinearPoints,
    poses: Poses,
    coefficients: Array,
    cameras: tuple[Camera, ...],
    evidence: tuple[PointEvidence, ...],
    prior: LinearPrior,
    iterations: int,
    robust_scale: float,
) -> SequenceFit:
    damping = np.full(len(coefficients), 1e-3)
    points = linear.at(coefficients)
    collapsed = collapse(points, poses, cameras, evidence, robust_scale=robust_scale)
    cost = collapsed.cost + prior.cost(coefficients)
    for _ in range(iterations):
        prior_precision, prior_pull = prior.at(coefficients)
        damped = linear.normal_matrix(points, collapsed.metric)
        damped[:, 6:, 6:] += prior_precision
        gradient = linear.gradient(points, collapsed.pull)
        gradient[:, 6:] += prior_pull
        diagonal = np.arange(damped.shape[1])
        damped[:, diagonal, diagonal] *= 1.0 + damping[:, None]
        damped[:, diagonal, diagonal] += 1e-9
        step: Array = np.linalg.solve(damped, gradient[..., None])[..., 0].astype(np.float64)
        next_poses = poses.moved(step[:, :6])
        next_coefficients = coefficients + step[:, 6:]
        next_points = linear.at(next_coefficients)
        next_collapsed = collapse(
            next_points, next_poses, cameras, evidence, robust_scale=robust_scale
        )
        next_cost = next_collapsed.cost + prior.cost(next_coefficients)
        better = next_cost <= cost
        poses = Poses(
            np.where(better[:, None, None], next_poses.rotation, poses.rotation),
            np.where(better[:, None], next_poses.translation, poses.translation),
        )
        coefficients = np.where(better[:, None], next_coefficients, coefficients)
        cost = np.where(better, next_cost, cost)
        damping = np.where(better, np.maximum(damping * 0.2, 1e-7), damping * 10.0)
        if better.all():
            points, collapsed = next_points, next_collapsed
        else:
            points = linear.at(coefficients)
            collapsed = collapse(points, poses, cameras, evidence, robust_scale=robust_scale)
    prior_precision, _ = prior.at(coefficients)
    precision = linear.normal_matrix(points, collapsed.metric)
    precision[:, 6:, 6:] += prior_precision
    return SequenceFit(poses, coefficients, precision.astype(np.float32))


@njit(cache=True, nogil=True, fastmath=True)
def whitened_rows(metric, points, basis, rows):  # type: ignore[no-untyped-def]
    """rows (3N, 6 + P) = L' [pose columns, basis], with metric (N, 3, 3) = L L'.

    points (N, 3) give the derivative by a pose step (`Poses.moved`), basis is (N, 3, P). rows' rows
    is the normal matrix. A metric may be singular: one view says nothing along its ray.
    """
    n_basis = basis.shape[2]
    for i in range(basis.shape[0]):
        l00 = np.sqrt(max(metric[i, 0, 0], 0.0))
        l10 = metric[i, 1, 0] / l00 if l00 > 0.0 else 0.0
        l20 = metric[i, 2, 0] / l00 if l00 > 0.0 else 0.0
        rest = metric[i, 1, 1] - l10 * l10
        l11 = np.sqrt(rest) if rest > _SINGULAR * metric[i, 1, 1] else 0.0
        l21 = (metric[i, 2, 1] - l20 * l10) / l11 if l11 > 0.0 else 0.0
        rest = metric[i, 2, 2] - l20 * l20 - l21 * l21
        l22 = np.sqrt(rest) if rest > _SINGULAR * metric[i, 2, 2] else 0.0
        x = points[i, 0]
        y = points[i, 1]
        z = points[i, 2]
        for j in range(3):
            a = l00 if j == 0 else 0.0
            b = l10 if j == 0 else (l11 if j == 1 else 0.0)
            c = l20 if j == 0 else (l21 if j == 1 else l22)
            row = rows[3 * i + j]
            row[0] = c * y - b * z
            row[1] = a * z - c * x
            row[2] = b * x - a * y
            row[3] = a
            row[4] = b
            row[5] = c
            a32 = np.float32(a)
            b32 = np.float32(b)
            c32 = np.float32(c)
            for k in range(n_basis):
                row[6 + k] = a32 * basis[i, 0, k] + b32 * basis[i, 1, k] + c32 * basis[i, 2, k]


@njit(cache=True, fastmath=True)
def apply_metric(metric, columns, out):  # type: ignore[no-untyped-def]
    """out (N, 3, P) = metric (N, 3, 3) @ columns (N, 3, P); np.matmul is slow for small blocks."""
    for i in range(columns.shape[0]):
        for j in range(3):
            a = metric[i, j, 0]
            b = metric[i, j, 1]
            c = metric[i, j, 2]
            for k in range(columns.shape[2]):
                out[i, j, k] = a * columns[i, 0, k] + b * columns[i, 1, k] + c * columns[i, 2, k]
