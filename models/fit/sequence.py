"""Gauss-Newton over head pose and linear coefficients of many frames at once, shape held fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from models.fit.projection import (
    CollapsedEvidence,
    PointEvidence,
    Poses,
    collapse,
    pose_columns,
)
from models.reconstruction import Array, Camera

_CHUNK = 32
_SOFT_BOUND_SIGMA = 0.05


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

    precision (T, 6 + P, 6 + P): inverse posterior covariance of (pose step, coefficients);
    weights: per view (T, N) robust weights.
    """

    poses: Poses
    coefficients: Array
    precision: Array
    weights: tuple[Array, ...]


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
    parts = []
    for begin in range(0, len(coefficients), _CHUNK):
        rows = slice(begin, begin + _CHUNK)
        chunk_prior = LinearPrior(
            prior.mean[rows],
            prior.precision if prior.precision.ndim == 2 else prior.precision[rows],
            prior.bounded,
            prior.low,
            prior.high,
        )
        chunk_evidence = tuple(
            PointEvidence(seen.target_px[rows], seen.precision[rows]) for seen in evidence
        )
        parts.append(
            _fit_chunk(
                resting,
                basis,
                poses[rows],
                coefficients[rows],
                cameras,
                chunk_evidence,
                chunk_prior,
                iterations,
                robust_scale,
            )
        )
    return SequenceFit(
        Poses(
            np.concatenate([part.poses.rotation for part in parts]),
            np.concatenate([part.poses.translation for part in parts]),
        ),
        np.concatenate([part.coefficients for part in parts]),
        np.concatenate([part.precision for part in parts]),
        tuple(
            np.concatenate([part.weights[view] for part in parts]) for view in range(len(cameras))
        ),
    )


def _fit_chunk(
    resting: Array,
    basis: Array,
    poses: Poses,
    coefficients: Array,
    cameras: tuple[Camera, ...],
    evidence: tuple[PointEvidence, ...],
    prior: LinearPrior,
    iterations: int,
    robust_scale: float,
) -> SequenceFit:
    damping = np.full(len(coefficients), 1e-3)
    points = _points(resting, basis, coefficients)
    collapsed = collapse(points, poses, cameras, evidence, robust_scale=robust_scale)
    cost = collapsed.cost + prior.cost(coefficients)
    data, right = normal_equations(points, basis, collapsed)
    for _ in range(iterations):
        prior_precision, prior_pull = prior.at(coefficients)
        total = data.copy()
        total[:, 6:, 6:] += prior_precision
        gradient = right.copy()
        gradient[:, 6:] += prior_pull
        diagonal = np.arange(total.shape[1])
        damped = total.copy()
        damped[:, diagonal, diagonal] *= 1.0 + damping[:, None]
        damped[:, diagonal, diagonal] += 1e-9
        step: Array = np.linalg.solve(damped, gradient[..., None])[..., 0].astype(np.float64)
        next_poses = poses.moved(step[:, :6])
        next_coefficients = coefficients + step[:, 6:]
        next_points = _points(resting, basis, next_coefficients)
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
            points = _points(resting, basis, coefficients)
            collapsed = collapse(points, poses, cameras, evidence, robust_scale=robust_scale)
        data, right = normal_equations(points, basis, collapsed)
    prior_precision, _ = prior.at(coefficients)
    precision = data.copy()
    precision[:, 6:, 6:] += prior_precision
    return SequenceFit(poses, coefficients, precision, collapsed.weights)


def _points(resting: Array, basis: Array, coefficients: Array) -> Array:
    n_points = len(resting)
    flat = coefficients @ basis.reshape(3 * n_points, -1).T
    return np.asarray(resting + flat.reshape(-1, n_points, 3))


def normal_equations(
    points: Array, basis: Array, collapsed: CollapsedEvidence
) -> tuple[Array, Array]:
    """Normal matrix (T, 6 + P, 6 + P) and right side (T, 6 + P) of pose step and coefficients."""
    n_frames, n_points = points.shape[:2]
    n = 6 + basis.shape[2]
    matrix = np.empty((n_frames, n, n))
    right = np.empty((n_frames, n))
    columns = np.empty((n_points, 3, n))
    columns[..., 6:] = basis
    flat = columns.reshape(3 * n_points, n)
    weighted = np.empty_like(columns)
    for frame in range(n_frames):
        columns[..., :6] = pose_columns(points[frame])
        apply_metric(collapsed.metric[frame], columns, weighted)
        matrix[frame] = flat.T @ weighted.reshape(3 * n_points, n)
        right[frame] = flat.T @ collapsed.pull[frame].reshape(-1)
    return matrix, right


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
