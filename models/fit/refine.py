"""Movement from rest, refined by what the skin's texture says: poses, units and a smooth residual.

Everything here is relative to the reference frame at rest, so that an error of the resting shape
or of the landmark network that stays the same over time does not touch the movement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from models.fit.basis import FaceBasis, PointBasis, select
from models.fit.estimate import LandmarkFit, head_points, reprojected
from models.fit.eyes import LID_CURVES
from models.fit.projection import PointEvidence, to_camera
from models.fit.sequence import LinearPrior, SequenceFit, fit_sequence
from models.fit.skin import TrackedPoints, points_to_track
from models.fit.tracking import PointTracks
from models.head.normals import vertex_normals
from models.reconstruction import Array

# A patch that matches perfectly is placed to this share of a crop pixel; measured on renders.
_TRACK_SIGMA_CROP_PX = 0.2
_MINIMUM_CORRELATION = 0.6
_FACING_COSINE = 0.35
# Most of a landmark's error stays the same over time, and that part is taken out here: the lids,
# where no texture is tracked, are known this many times better (in variance) than in all.
_LID_GAIN = 30.0
# The stable region hardly moves against the skull: SD in mm, as so many independent places.
_STABLE_SIGMA_MM = 0.2
_STABLE_PLACES = 10.0


@dataclass(frozen=True)
class TrackingPlan:
    """Per view: where the tracked points are at rest, and where the fit expects them (T', N, 2)."""

    points: TrackedPoints
    reference_px: tuple[Array, ...]
    predicted_px: tuple[Array, ...]
    facing: tuple[NDArray[np.bool_], ...]


def plan_tracking(fit: LandmarkFit, face: FaceBasis) -> TrackingPlan:
    """Predict from the landmark fit where the skin points of each view should be found."""
    points = points_to_track(face.topology)
    basis = select(fit.vertex_basis, points.vertices)
    sequence = fit.sequence
    shape = head_points(fit, basis, sequence.coefficients)
    pixels = reprojected(shape, sequence.poses, fit.cameras)
    whole = head_points(
        fit, fit.vertex_basis, sequence.coefficients[fit.reference : fit.reference + 1]
    )[0]
    normals = vertex_normals(whole, face.topology.faces)[points.vertices]
    facing = []
    pose = sequence.poses[fit.reference : fit.reference + 1]
    for camera in fit.cameras:
        in_camera = to_camera(shape[fit.reference][None], pose, camera)[0]
        rotation = camera.world_to_camera[:3, :3] @ pose.rotation[0]
        towards = -in_camera / np.linalg.norm(in_camera, axis=1, keepdims=True)
        facing.append(np.sum((normals @ rotation.T) * towards, axis=1) > _FACING_COSINE)
    return TrackingPlan(
        points, tuple(p[fit.reference] for p in pixels), tuple(pixels), tuple(facing)
    )


def refine_movement(
    fit: LandmarkFit,
    face: FaceBasis,
    plan: TrackingPlan,
    tracks: tuple[PointTracks, ...],
    crop_scale: tuple[Array, ...],
    landmark_evidence: tuple[PointEvidence, ...],
) -> tuple[SequenceFit, PointBasis]:
    """Poses and movement coefficients (units, then field), relative to the reference frame.

    crop_scale: per view (T',) crop pixels per full-size pixel. landmark_evidence: per view, for
    the frames of the fit. Returns the fit and the basis whose `template` is the resting shape of
    all vertices (metric mm), whose `expression` holds units and field side by side.
    """
    scale = float(np.exp(fit.log_scale))
    reference = fit.reference
    resting = head_points(
        fit, fit.vertex_basis, fit.sequence.coefficients[reference : reference + 1]
    )[0]
    moving = scale * np.concatenate([fit.vertex_basis.expression, fit.vertex_basis.field], axis=2)
    topology = face.topology
    index, weight = topology.landmark_vertices, topology.landmark_weights
    skin = np.arange(468)
    landmark_rest = np.einsum("nc,ncd->nd", weight[skin], resting[index[skin]])
    landmark_moving = np.einsum("nc,ncdp->ndp", weight[skin], moving[index[skin]])
    stacked_rest = np.concatenate([landmark_rest, resting[plan.points.vertices]])
    stacked_moving = np.concatenate([landmark_moving, moving[plan.points.vertices]])

    evidence = []
    fitted = reprojected(
        landmark_rest
        + np.einsum(
            "ndp,tp->tnd",
            landmark_moving[:, :, : face.n_expression],
            fit.sequence.coefficients - fit.sequence.coefficients[reference],
        ),
        fit.sequence.poses,
        fit.cameras,
    )
    near_rest = _frames_near_rest(fit)
    gain = np.ones(len(skin))
    gain[np.concatenate([upper + lower for upper, lower in LID_CURVES])] = _LID_GAIN
    for view, (landmarks, tracked) in enumerate(zip(landmark_evidence, tracks, strict=True)):
        residual = landmarks.target_px[:, skin] - fitted[view]
        known = landmarks.precision[:, skin, 0, 0] > 0
        rows = known[near_rest]
        bias = np.sum(np.where(rows[..., None], residual[near_rest], 0.0), axis=0)
        bias /= np.maximum(rows.sum(axis=0), 1)[:, None]
        target = np.where(known[..., None], landmarks.target_px[:, skin] - bias, 0.0)
        track_precision = track_information(tracked, plan.facing[view], crop_scale[view])
        seen = track_precision > 0
        n_frames, n_skin = known.shape
        n_points = n_skin + len(plan.points.vertices)
        all_targets = np.empty((n_frames, n_points, 2))
        all_targets[:, :n_skin] = target
        all_targets[:, n_skin:] = np.where(seen[..., None], tracked.position_px, 0.0)
        precision = np.empty((n_frames, n_points, 2, 2), dtype=np.float32)
        precision[:, :n_skin] = landmarks.precision[:, skin] * gain[:, None, None]
        precision[:, n_skin:] = track_precision[..., None, None] * np.eye(2)
        certain = np.zeros((n_frames, n_points), dtype=np.bool_)
        certain[:, :n_skin] = landmarks.certain[:, skin]
        evidence.append(PointEvidence(all_targets, precision, certain))
    n_coefficients = stacked_moving.shape[2]
    start = np.zeros((len(fit.frames), n_coefficients))
    start[:, : face.n_expression] = fit.sequence.coefficients - fit.sequence.coefficients[reference]
    stable = moving[topology.regions["stable"]].reshape(-1, n_coefficients)
    stillness = stable.T @ stable / topology.regions["stable"].sum()
    prior = block_diag(face.expression_precision, np.eye(face.n_field))
    prior += _STABLE_PLACES / _STABLE_SIGMA_MM**2 * stillness
    refined = fit_sequence(
        stacked_rest,
        stacked_moving,
        fit.sequence.poses,
        start,
        fit.cameras,
        tuple(evidence),
        LinearPrior(np.zeros_like(start), prior),
        iterations=3,
    )
    shape = PointBasis(resting, fit.vertex_basis.identity, moving, fit.vertex_basis.field)
    return refined, shape


def track_information(tracks: PointTracks, facing: NDArray[np.bool_], crop_scale: Array) -> Array:
    """(T, N) inverse variance in 1/px^2 of the tracked places; 0 where they are not to be used."""
    correlation = np.nan_to_num(tracks.correlation.astype(np.float64), nan=-1.0)
    usable = (correlation > _MINIMUM_CORRELATION) & facing
    # A patch explains `correlation`^2 of its variance; the rest acts as noise on its place.
    unexplained = (1.0 - correlation**2) / np.maximum(correlation**2, 1e-6)
    sigma = _TRACK_SIGMA_CROP_PX * np.sqrt(1.0 + 20.0 * unexplained) / crop_scale[:, None]
    return np.where(usable, 1.0 / sigma**2, 0.0)


def _frames_near_rest(fit: LandmarkFit) -> NDArray[np.int64]:
    """Frames whose expression hardly differs from the reference frame's."""
    difference = np.linalg.norm(
        fit.sequence.coefficients - fit.sequence.coefficients[fit.reference], axis=1
    )
    limit = max(0.15 * float(np.quantile(difference, 0.95)), 1e-9)
    near = np.flatnonzero(difference <= limit)
    return near if len(near) else np.array([fit.reference])


def moved_vertices(
    shape: PointBasis, coefficients: Array, frames: slice | NDArray[np.int64] = slice(None)
) -> Array:
    """(T, V, 3) vertices in the head frame in mm for movement coefficients (T, P)."""
    flat = shape.expression.reshape(-1, shape.expression.shape[2])
    moved = (coefficients[frames] @ flat.T).reshape(-1, *shape.template.shape)
    return np.asarray(shape.template + moved)
