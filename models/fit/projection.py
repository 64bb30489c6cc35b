"""Rigid motions, pinhole projection and the 3x3 metrics that collapse all views of a point.

Points are rows, lengths millimetres, cameras OpenCV (x right, y down, z forward).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.reconstruction import Array, Camera


def rotation_from_vector(vector: Array) -> Array:
    """Rotation matrices (..., 3, 3) of axis-angle vectors (..., 3) by Rodrigues' formula."""
    vector = np.asarray(vector, dtype=np.float64)
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    skew = skew_matrix(vector)
    square = angle * angle
    small = angle < 1e-6
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 1.0 - square / 6.0, np.sin(safe) / safe)
    b = np.where(small, 0.5 - square / 24.0, (1.0 - np.cos(safe)) / (safe * safe))
    return np.asarray(np.eye(3) + a * skew + b * (skew @ skew))


def vector_from_rotation(rotation: Array) -> Array:
    """Axis-angle vectors (..., 3) of rotation matrices (..., 3, 3); angles below pi."""
    from scipy.spatial.transform import Rotation

    flat = np.asarray(rotation).reshape(-1, 3, 3)
    return np.asarray(Rotation.from_matrix(flat).as_rotvec()).reshape(*rotation.shape[:-2], 3)


def skew_matrix(vector: Array) -> Array:
    """Cross-product matrices (..., 3, 3) of vectors (..., 3)."""
    zero = np.zeros_like(vector[..., 0])
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    rows = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1)
    return np.asarray(rows.reshape(*vector.shape[:-1], 3, 3))


@dataclass(frozen=True)
class Poses:
    """Head poses of T frames, head to world: `rotation` (T, 3, 3), `translation` (T, 3) in mm."""

    rotation: Array
    translation: Array

    def moved(self, step: Array) -> Poses:
        """The poses after a step (T, 6) = (rotation vector, translation) in the *head* frame.

        A head point x goes to R (exp(w) x + u) + t.
        """
        rotation = self.rotation @ rotation_from_vector(step[:, :3])
        translation = self.translation + np.einsum("tij,tj->ti", self.rotation, step[:, 3:])
        return Poses(_orthonormal(rotation), translation)

    def matrices(self) -> Array:
        """(T, 4, 4) homogeneous matrices."""
        matrices = np.tile(np.eye(4), (len(self.rotation), 1, 1))
        matrices[:, :3, :3] = self.rotation
        matrices[:, :3, 3] = self.translation
        return matrices

    def __getitem__(self, frames: slice | NDArray[np.int64]) -> Poses:
        return Poses(self.rotation[frames], self.translation[frames])


def _orthonormal(rotation: Array) -> Array:
    """The nearest rotations, so that thousands of small steps do not drift."""
    u, _, vt = np.linalg.svd(rotation)
    return np.asarray(u @ vt)


def to_camera(points: Array, poses: Poses, camera: Camera) -> Array:
    """Head points (T, N, 3) in the frame of `camera` (T, N, 3)."""
    rotation, translation = _head_to_camera(poses, camera)
    return np.asarray(points @ np.swapaxes(rotation, -1, -2) + translation[:, None, :])


def _head_to_camera(poses: Poses, camera: Camera) -> tuple[Array, Array]:
    """Rotations (T, 3, 3) and translations (T, 3) from the head to the frame of `camera`."""
    view_rotation = camera.world_to_camera[:3, :3]
    translation = poses.translation @ view_rotation.T + camera.world_to_camera[:3, 3]
    return view_rotation @ poses.rotation, translation


def project(camera_points: Array, camera: Camera) -> Array:
    """Pixels (..., 2) of points (..., 3) in the frame of the camera."""
    K = camera.K
    depth = camera_points[..., 2]
    x = (K[0, 0] * camera_points[..., 0] + K[0, 1] * camera_points[..., 1]) / depth + K[0, 2]
    y = K[1, 1] * camera_points[..., 1] / depth + K[1, 2]
    return np.stack([x, y], axis=-1)


def pixel_jacobian(camera_points: Array, poses: Poses, camera: Camera) -> Array:
    """(T, N, 2, 3) derivative of the pixel by the head point, at `camera_points` (T, N, 3)."""
    K = camera.K
    inverse_depth = 1.0 / camera_points[..., 2]
    x = camera_points[..., 0] * inverse_depth
    y = camera_points[..., 1] * inverse_depth
    by_camera = np.zeros((*camera_points.shape[:-1], 2, 3))
    by_camera[..., 0, 0] = K[0, 0] * inverse_depth
    by_camera[..., 0, 1] = K[0, 1] * inverse_depth
    by_camera[..., 0, 2] = -(K[0, 0] * x + K[0, 1] * y) * inverse_depth
    by_camera[..., 1, 1] = K[1, 1] * inverse_depth
    by_camera[..., 1, 2] = -K[1, 1] * y * inverse_depth
    rotation = camera.world_to_camera[:3, :3] @ poses.rotation
    return np.asarray(by_camera @ rotation[:, None])


@dataclass(frozen=True)
class PointEvidence:
    """What one view says about N points in T frames.

    target_px: (T, N, 2); precision: (T, N, 2, 2) inverse covariance in 1/px^2, zero = unseen;
    certain: (T, N) what a person put there, which is never taken for an outlier.
    """

    target_px: Array
    precision: NDArray[np.floating]
    certain: NDArray[np.bool_]

    def at(self, frames: slice | NDArray[np.int64]) -> PointEvidence:
        """What it says in some of the frames."""
        return PointEvidence(self.target_px[frames], self.precision[frames], self.certain[frames])


@dataclass(frozen=True)
class SurfaceEvidence:
    """Where the skin lies for N points in T frames, along its normal; world frame, mm.

    place (T, N, 3); normal (T, N, 3) of the surface there; precision (T, N) in 1/mm^2 of the
    distance along the normal, 0 where nothing was measured; share: how much of that counts, since
    frames at rest and overlapping patches repeat each other.
    """

    place: Array
    normal: Array
    precision: Array
    share: float


def robust_weight(squared_mahalanobis: Array, scale: float) -> Array:
    """Geman-McClure weights (..., ) of squared, whitened residuals; 1 at 0, 1/4 at `scale`^2."""
    return np.asarray(1.0 / (1.0 + squared_mahalanobis / (scale * scale)) ** 2)


@dataclass(frozen=True)
class CollapsedEvidence:
    """All views of each point as one quadratic form in head coordinates.

    metric (T, N, 3, 3) in 1/mm^2, pull (T, N, 3) in 1/mm: the data want the step d that
    minimises d' metric d - 2 d' pull. `cost` (T,) is the weighted squared residual now.
    """

    metric: Array
    pull: Array
    cost: Array

    def shared(self, share: float) -> CollapsedEvidence:
        """The same evidence counted as that share of what it says."""
        return CollapsedEvidence(share * self.metric, share * self.pull, share * self.cost)


def collapse(
    points: Array,
    poses: Poses,
    cameras: tuple[Camera, ...],
    evidence: tuple[PointEvidence, ...],
    *,
    robust_scale: float = 3.0,
) -> CollapsedEvidence:
    """Linearise the reprojection of head points (T, N, 3) in every view and add the views up."""
    metric = np.zeros((*points.shape, 3))
    pull = np.zeros(points.shape)
    cost = np.zeros(len(points))
    for camera, seen in zip(cameras, evidence, strict=True):
        rotation, translation = _head_to_camera(poses, camera)
        _add_view(
            points,
            rotation,
            translation,
            camera.K,
            seen.target_px,
            seen.precision,
            seen.certain,
            robust_scale,
            metric,
            pull,
            cost,
        )
    return CollapsedEvidence(metric, pull, cost)


def collapse_surface(
    points: Array, poses: Poses, surface: SurfaceEvidence, *, robust_scale: float = 3.0
) -> CollapsedEvidence:
    """The same for head points (T, N, 3) that should lie on a measured surface."""
    world = np.einsum("tij,tnj->tni", poses.rotation, points) + poses.translation[:, None]
    residual = np.sum((surface.place - world) * surface.normal, axis=2)
    squared = surface.precision * residual**2
    weight = robust_weight(squared, robust_scale)
    normal = np.einsum("tji,tnj->tni", poses.rotation, surface.normal)
    strength = (surface.precision * weight)[..., None]
    return CollapsedEvidence(
        strength[..., None] * normal[..., :, None] * normal[..., None, :],
        strength * residual[..., None] * normal,
        np.sum(squared / (1.0 + squared / robust_scale**2), axis=1),
    ).shared(surface.share)


@njit(cache=True, nogil=True)
def _add_view(  # type: ignore[no-untyped-def]
    points, rotation, translation, K, target, precision, certain, scale, metric, pull, cost
):
    """Add what one view asks of the points; the terms of `collapse`, one point at a time."""
    by_camera = np.zeros((2, 3))
    jacobian = np.empty((2, 3))
    weighted = np.empty((3, 2))
    for t in range(points.shape[0]):
        R = rotation[t]
        for n in range(points.shape[1]):
            p = points[t, n]
            X = R[0, 0] * p[0] + R[0, 1] * p[1] + R[0, 2] * p[2] + translation[t, 0]
            Y = R[1, 0] * p[0] + R[1, 1] * p[1] + R[1, 2] * p[2] + translation[t, 1]
            Z = R[2, 0] * p[0] + R[2, 1] * p[1] + R[2, 2] * p[2] + translation[t, 2]
            x = (K[0, 0] * X + K[0, 1] * Y) / Z
            y = K[1, 1] * Y / Z
            rx = target[t, n, 0] - (x + K[0, 2])
            ry = target[t, n, 1] - (y + K[1, 2])
            P = precision[t, n]
            squared = rx * (P[0, 0] * rx + P[0, 1] * ry) + ry * (P[1, 0] * rx + P[1, 1] * ry)
            share = 1.0 if certain[t, n] else 1.0 + squared / (scale * scale)
            weight = 1.0 / (share * share)
            # Geman-McClure's own cost, so that line searches compare the right thing.
            cost[t] += squared / share
            by_camera[0, 0] = K[0, 0] / Z
            by_camera[0, 1] = K[0, 1] / Z
            by_camera[0, 2] = -x / Z
            by_camera[1, 1] = K[1, 1] / Z
            by_camera[1, 2] = -y / Z
            for i in range(2):
                for j in range(3):
                    jacobian[i, j] = (
                        by_camera[i, 0] * R[0, j]
                        + by_camera[i, 1] * R[1, j]
                        + by_camera[i, 2] * R[2, j]
                    )
            for j in range(3):
                for i in range(2):
                    weighted[j, i] = weight * (jacobian[0, j] * P[0, i] + jacobian[1, j] * P[1, i])
                pull[t, n, j] += weighted[j, 0] * rx + weighted[j, 1] * ry
                for k in range(3):
                    metric[t, n, j, k] += (
                        weighted[j, 0] * jacobian[0, k] + weighted[j, 1] * jacobian[1, k]
                    )


def pose_columns(points: Array) -> Array:
    """(T, N, 3, 6) derivative of head points by a step in head coordinates (`Poses.moved`)."""
    columns = np.zeros((*points.shape, 6))
    columns[..., :3] = -skew_matrix(points)
    columns[..., 0, 3] = columns[..., 1, 4] = columns[..., 2, 5] = 1.0
    return columns
