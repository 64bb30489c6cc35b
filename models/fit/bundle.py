"""One identity, one scale and the cameras from a few keyframes; moving parts eliminated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from models.fit.basis import PointBasis
from models.fit.projection import (
    CollapsedEvidence,
    PointEvidence,
    Poses,
    SurfaceEvidence,
    collapse,
    collapse_surface,
    pixel_jacobian,
    pose_columns,
    project,
    robust_weight,
    rotation_from_vector,
    skew_matrix,
    to_camera,
)
from models.fit.sequence import apply_metric
from models.reconstruction import Array, Camera

_FOCAL_SIGMA = 0.2
_SCALE_SIGMA = 0.05


@dataclass(frozen=True)
class BundleState:
    """What the bundle adjustment knows: `expression` (T, P) and `poses` of the keyframes."""

    identity: Array
    log_scale: float
    cameras: tuple[Camera, ...]
    poses: Poses
    expression: Array


@dataclass(frozen=True)
class Bundle:
    """Result: the state, and the posterior covariance of (identity, log scale)."""

    state: BundleState
    covariance: Array


def adjust_bundle(
    state: BundleState,
    basis: PointBasis,
    evidence: tuple[PointEvidence, ...],
    expression_precision: Array,
    *,
    calibrated: bool,
    reference_view: int,
    identity_fixed: bool = False,
    iterations: int = 8,
    robust_scale: float = 3.0,
    focal_prior: Array | None = None,
    landmark_share: float = 1.0,
    surface: tuple[PointBasis, SurfaceEvidence] | None = None,
) -> Bundle:
    """Damped Gauss-Newton over identity, scale (calibrated) or cameras (not), poses, expression.

    expression_precision: (T, P, P) prior precision of each keyframe's expression around zero;
    tight for frames known to be at rest, so that the resting face goes into the identity.
    focal_prior: (views,) expected focal lengths in pixels, when not calibrated.
    landmark_share: how much of the landmarks' information counts, since they err together.
    surface: points of the skin and where it was measured in the same keyframes.
    """
    damping = 1e-3
    system = _System(
        basis,
        evidence,
        expression_precision,
        calibrated,
        reference_view,
        identity_fixed,
        robust_scale,
        focal_prior,
        landmark_share,
        surface,
    )
    cost = system.cost(state)
    for _ in range(iterations):
        shared, cross, frames, shared_right, frame_right = system.equations(state)
        accepted = False
        for _ in range(6):
            step = _solve(shared, cross, frames, shared_right, frame_right, damping)
            candidate = system.moved(state, *step)
            new_cost = system.cost(candidate)
            if new_cost <= cost:
                accepted = True
                break
            damping *= 8.0
        if not accepted:
            break
        converged = cost - new_cost < 1e-5 * cost
        state, cost = candidate, new_cost
        damping = max(damping * 0.2, 1e-8)
        if converged:
            break
    shared, cross, frames, *_ = system.equations(state)
    reduced = shared.copy()
    for block, coupling in zip(frames, cross, strict=True):
        reduced -= coupling @ np.linalg.solve(block, coupling.T)
    n = basis.identity.shape[2] + 1
    covariance = np.linalg.inv(reduced + 1e-12 * np.eye(len(reduced)))[:n, :n]
    return Bundle(state, np.asarray(covariance, dtype=np.float64))


def _solve(
    shared: Array,
    cross: Array,
    frames: Array,
    shared_right: Array,
    frame_right: Array,
    damping: float,
) -> tuple[Array, Array]:
    damped = frames.copy()
    diagonal = np.arange(frames.shape[1])
    damped[:, diagonal, diagonal] *= 1.0 + damping
    reduced = shared + damping * np.diag(np.diag(shared))
    right = shared_right.copy()
    inverse_cross = np.linalg.solve(damped, np.swapaxes(cross, -1, -2))
    inverse_right = np.linalg.solve(damped, frame_right[..., None])[..., 0]
    reduced -= np.tensordot(cross, inverse_cross, axes=([0, 2], [0, 1]))
    right -= np.tensordot(cross, inverse_right, axes=([0, 2], [0, 1]))
    shared_step = cho_solve(cho_factor(reduced), right)
    frame_step = inverse_right - inverse_cross @ shared_step
    return shared_step, frame_step


class _System:
    """The normal equations of one bundle; columns: identity, log scale, then camera columns."""

    def __init__(
        self,
        basis: PointBasis,
        evidence: tuple[PointEvidence, ...],
        expression_precision: Array,
        calibrated: bool,
        reference_view: int,
        identity_fixed: bool,
        robust_scale: float,
        focal_prior: Array | None,
        landmark_share: float,
        surface: tuple[PointBasis, SurfaceEvidence] | None,
    ) -> None:
        self.basis = basis
        self.landmark_share = landmark_share
        self.surface = surface
        self.evidence = evidence
        self.expression_precision = expression_precision
        self.calibrated = calibrated
        self.reference_view = reference_view
        self.robust_scale = robust_scale
        self.focal_prior = focal_prior
        self.n_identity = basis.identity.shape[2]
        n_views = len(evidence)
        # Per view: log focal length and the six of its place; the reference view has no place.
        self.n_camera = 0 if calibrated else 7 * n_views
        self.n_shared = self.n_identity + 1 + self.n_camera
        self.frozen = np.zeros(self.n_shared, dtype=bool)
        if identity_fixed:
            self.frozen[: self.n_identity + 1] = True
        if not calibrated:
            self.frozen[self.n_identity] = True
            begin = self.n_identity + 1 + 7 * reference_view
            self.frozen[begin + 1 : begin + 7] = True

    def collapsed(self, state: BundleState) -> list[tuple[PointBasis, Array, CollapsedEvidence]]:
        """Each kind of evidence: its basis, its points (T, N, 3) now, and what it asks of them."""
        points = posed_points(self.basis, state)
        seen = collapse(
            points, state.poses, state.cameras, self.evidence, robust_scale=self.robust_scale
        )
        kinds = [(self.basis, points, seen.shared(self.landmark_share))]
        if self.surface is not None:
            basis, measured = self.surface
            points = posed_points(basis, state)
            kinds.append(
                (
                    basis,
                    points,
                    collapse_surface(points, state.poses, measured, robust_scale=self.robust_scale),
                )
            )
        return kinds

    def cost(self, state: BundleState) -> float:
        cost = float(state.identity @ state.identity)
        cost += float(sum(np.sum(kind.cost) for _, _, kind in self.collapsed(state)))
        cost += (state.log_scale / _SCALE_SIGMA) ** 2
        cost += float(
            np.einsum("tp,tpq,tq->", state.expression, self.expression_precision, state.expression)
        )
        if self.focal_prior is not None and not self.calibrated:
            cost += float(np.sum((self._focal_error(state) / _FOCAL_SIGMA) ** 2))
        return cost

    def _focal_error(self, state: BundleState) -> Array:
        assert self.focal_prior is not None
        focal = np.array([camera.K[1, 1] for camera in state.cameras])
        return np.asarray(np.log(focal / self.focal_prior))

    def equations(self, state: BundleState) -> tuple[Array, Array, Array, Array, Array]:
        scale = np.exp(state.log_scale)
        kinds = self.collapsed(state)
        n_frames = len(state.expression)
        n_local = 6 + self.basis.expression.shape[2]
        n_id = self.n_identity
        shared = np.zeros((self.n_shared, self.n_shared))
        shared_right = np.zeros(self.n_shared)
        cross = np.zeros((n_frames, self.n_shared, n_local))
        frames = np.zeros((n_frames, n_local, n_local))
        frame_right = np.zeros((n_frames, n_local))
        for basis, points, collapsed in kinds:
            # The identity's columns are those of all frames: their block needs one product.
            by_identity = scale * basis.identity
            flat_identity = by_identity.reshape(-1, n_id)
            weighted = np.empty_like(by_identity)
            apply_metric(collapsed.metric.sum(axis=0), by_identity, weighted)
            shared[:n_id, :n_id] += flat_identity.T @ weighted.reshape(-1, n_id)
            shared_right[:n_id] += collapsed.pull.sum(axis=0).reshape(-1) @ flat_identity
            moving = pose_columns(points)
            for frame in range(n_frames):
                columns = np.concatenate(
                    [points[frame][:, :, None], moving[frame], scale * basis.expression], axis=2
                )
                flat = columns.reshape(-1, 1 + n_local)
                weighted = np.empty_like(columns)
                apply_metric(collapsed.metric[frame], columns, weighted)
                with_identity = weighted.reshape(flat.shape).T @ flat_identity
                square = flat.T @ weighted.reshape(flat.shape)
                right = flat.T @ collapsed.pull[frame].reshape(-1)
                shared[n_id, :n_id] += with_identity[0]
                shared[:n_id, n_id] += with_identity[0]
                shared[n_id, n_id] += square[0, 0]
                shared_right[n_id] += right[0]
                cross[frame, :n_id] += with_identity[1:].T
                cross[frame, n_id] += square[0, 1:]
                frames[frame] += square[1:, 1:]
                frame_right[frame] += right[1:]
                if not self.calibrated:
                    both = np.concatenate([flat_identity, flat], axis=1)
                    self._add_cameras(
                        state, frame, points[frame], both, shared, shared_right, cross
                    )
        index = np.arange(n_id)
        shared[index, index] += 1.0
        shared_right[:n_id] -= state.identity
        shared[n_id, n_id] += 1.0 / _SCALE_SIGMA**2
        shared_right[n_id] -= state.log_scale / _SCALE_SIGMA**2
        if not self.calibrated:
            begin = n_id + 1
            focal = begin + 7 * np.arange(len(state.cameras))
            if self.focal_prior is not None:
                shared[focal, focal] += 1.0 / _FOCAL_SIGMA**2
                shared_right[focal] -= self._focal_error(state) / _FOCAL_SIGMA**2
        frames[:, 6:, 6:] += self.expression_precision
        frame_right[:, 6:] -= np.einsum("tpq,tq->tp", self.expression_precision, state.expression)
        shared[self.frozen] = 0.0
        shared[:, self.frozen] = 0.0
        shared[self.frozen, self.frozen] = 1.0
        shared_right[self.frozen] = 0.0
        cross[:, self.frozen] = 0.0
        return shared, cross, frames, shared_right, frame_right

    def _add_cameras(
        self,
        state: BundleState,
        frame: int,
        points: Array,
        flat: Array,
        shared: Array,
        shared_right: Array,
        cross: Array,
    ) -> None:
        """Add the columns of each view's focal length and place for one frame."""
        poses = state.poses[frame : frame + 1]
        n_head = self.n_identity + 1
        for view, (camera, seen) in enumerate(zip(state.cameras, self.evidence, strict=True)):
            in_camera = to_camera(points[None], poses, camera)
            pixels = project(in_camera, camera)
            residual = (seen.target_px[frame] - pixels)[0]
            precision = seen.precision[frame]
            whitened = np.einsum("nij,nj->ni", precision, residual)
            weight = robust_weight(np.einsum("ni,ni->n", whitened, residual), self.robust_scale)
            weight = np.where(seen.certain[frame], 1.0, weight)
            precision = precision * (self.landmark_share * weight)[:, None, None]
            by_point = pixel_jacobian(in_camera, poses, camera)[0]
            rotation = camera.world_to_camera[:3, :3] @ poses.rotation[0]
            by_camera = by_point @ rotation.T
            columns = np.zeros((len(points), 2, 7))
            columns[:, :, 0] = pixels[0] - camera.K[:2, 2]
            columns[:, :, 1:4] = by_camera @ -skew_matrix(in_camera[0])
            columns[:, :, 4:7] = by_camera
            weighted = np.swapaxes(columns, -1, -2) @ precision
            begin = n_head + 7 * view
            rows = slice(begin, begin + 7)
            shared[rows, rows] += np.sum(weighted @ columns, axis=0)
            shared_right[rows] += np.einsum("nij,nj->i", weighted, residual)
            coupling = np.swapaxes(weighted @ by_point, 0, 1).reshape(7, -1) @ flat
            shared[rows, :n_head] += coupling[:, :n_head]
            shared[:n_head, rows] += coupling[:, :n_head].T
            cross[frame, rows] = coupling[:, n_head:]

    def moved(self, state: BundleState, shared: Array, frames: Array) -> BundleState:
        n_id = self.n_identity
        cameras = state.cameras
        if not self.calibrated:
            cameras = tuple(
                _moved_camera(camera, shared[n_id + 1 + 7 * view : n_id + 8 + 7 * view])
                for view, camera in enumerate(state.cameras)
            )
        return BundleState(
            state.identity + shared[:n_id],
            state.log_scale + float(shared[n_id]),
            cameras,
            state.poses.moved(frames[:, :6]),
            state.expression + frames[:, 6:],
        )


def posed_points(basis: PointBasis, state: BundleState) -> Array:
    """(T, N, 3) points of `basis` in the head frame, metric, in the keyframes of `state`."""
    return basis.posed(state.identity, state.log_scale, state.expression)


def _moved_camera(camera: Camera, step: Array) -> Camera:
    K = camera.K.copy()
    K[[0, 1], [0, 1]] *= np.exp(np.clip(step[0], -0.3, 0.3))
    change = np.eye(4)
    change[:3, :3] = rotation_from_vector(step[1:4])
    change[:3, 3] = step[4:7]
    return replace(camera, K=K, world_to_camera=change @ camera.world_to_camera)
