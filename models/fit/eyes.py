"""Lid gaps and iris size from the landmarks of the eyes, scaled in the head frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.fit.projection import (
    PointEvidence,
    Poses,
    pixel_jacobian,
    project,
    to_camera,
)
from models.reconstruction import Array, Camera

# MediaPipe's lid landmarks from the outer to the inner corner: (upper, lower) of left and right.
# The lower ones include the corners, so that they bound the opening as a curve.
LID_CURVES = (
    ((466, 388, 387, 386, 385, 384, 398), (263, 249, 390, 373, 374, 380, 381, 382, 362)),
    ((246, 161, 160, 159, 158, 157, 173), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
)
# Iris centre and the two rim points on its horizontal diameter: left, right.
_IRIS = ((473, 474, 476), (468, 469, 471))
_DEPTH_SIGMA_MM = 2.0


@dataclass(frozen=True)
class LidGaps:
    """gap_mm (T, 2) and its 1 SD sigma_mm (T, 2), left and right; NaN where not seen."""

    gap_mm: Array
    sigma_mm: Array


def lid_gaps(
    landmarks: Array,
    poses: Poses,
    cameras: tuple[Camera, ...],
    evidence: tuple[PointEvidence, ...],
) -> LidGaps:
    """Widest opening of the lids, from lid landmarks lifted to the head frame.

    landmarks (T, 478, 3): the fitted mesh's landmarks in the head frame in mm; they lend the
    depth that one view cannot see (1 SD `_DEPTH_SIGMA_MM`), never the opening itself. The gap is
    defined as that of the mesh (`models.measures.mesh_lid_gap_mm`): the farthest that the upper
    margin is above the curve of the lower one, never below zero.
    """
    gaps, sigmas = [], []
    for upper_index, lower_index in LID_CURVES:
        index = np.array(upper_index + lower_index)
        points = landmarks[:, index]
        metric = np.zeros((*points.shape, 3))
        pull = np.zeros(points.shape)
        for camera, seen in zip(cameras, evidence, strict=True):
            in_camera = to_camera(points, poses, camera)
            residual = seen.target_px[:, index] - project(in_camera, camera)
            jacobian = pixel_jacobian(in_camera, poses, camera)
            weighted = np.swapaxes(jacobian, -1, -2) @ seen.precision[:, index]
            metric += weighted @ jacobian
            pull += np.einsum("tnij,tnj->tni", weighted, residual)
        # Only the depth of the mesh is borrowed: a weak pull in the image plane, a firm one along
        # the head's forward axis.
        anchor = np.diag([1e-4, 1e-4, 1.0 / _DEPTH_SIGMA_MM**2])
        covariance = np.linalg.inv(metric + anchor)
        lifted = points + np.einsum("tnij,tnj->tni", covariance, pull)
        n_upper = len(upper_index)
        opening = _above(lifted[:, :n_upper], lifted[:, n_upper:])
        widest = opening.argmax(axis=1)
        unseen = np.trace(metric, axis1=2, axis2=3).min(axis=1) < 1e-3
        gap = np.maximum(opening.max(axis=1), 0.0)
        # One point of the upper margin against the two of the lower one around it.
        rows = np.arange(len(gap))
        variance = covariance[rows, widest, 1, 1] + covariance[:, n_upper:, 1, 1].mean(axis=1) / 2.0
        gaps.append(np.where(unseen, np.nan, gap))
        sigmas.append(np.where(unseen, np.nan, np.sqrt(variance)))
    return LidGaps(np.stack(gaps, axis=1), np.stack(sigmas, axis=1))


def _above(points: Array, curve: Array) -> Array:
    """(T, N) signed distance of points (T, N, 3) from the polyline (T, M, 3); above is positive."""
    start, along = curve[:, None, :-1], np.diff(curve, axis=1)[:, None]
    away = points[:, :, None] - start
    share = np.sum(away * along, axis=-1) / np.maximum(np.sum(along**2, axis=-1), 1e-12)
    offset = away - np.clip(share, 0.0, 1.0)[..., None] * along
    squared = np.sum(offset**2, axis=-1)
    nearest = squared.argmin(axis=-1)[..., None]
    distance = np.sqrt(np.take_along_axis(squared, nearest, axis=-1))[..., 0]
    height = np.take_along_axis(offset[..., 1], nearest, axis=-1)[..., 0]
    return np.asarray(distance * np.sign(height))


def iris_diameters(landmarks_px: Array, eye_centres: Array, poses: Poses, camera: Camera) -> Array:
    """(T, 2) horizontal iris diameter in head units as one view sees it, left and right.

    eye_centres (2, 3) in the head frame. The rim lies on a sphere: what gaze shortens is given
    back by the angle between the iris centre's offset and the line of sight.
    """
    diameters = []
    for eye, (centre, rim_a, rim_b) in enumerate(_IRIS):
        middle = to_camera(
            np.broadcast_to(eye_centres[eye], (len(poses.rotation), 1, 3)), poses, camera
        )
        # The iris plane is about 10 mm in front of the eye's centre.
        depth = middle[:, 0, 2] - 10.0
        across = np.linalg.norm(landmarks_px[:, rim_a, :2] - landmarks_px[:, rim_b, :2], axis=1)
        offset = landmarks_px[:, centre, :2] - project(middle, camera)[:, 0]
        sine = np.abs(offset[:, 0]) * depth / camera.K[0, 0] / 10.5
        cosine = np.sqrt(np.maximum(1.0 - np.minimum(sine, 0.8) ** 2, 0.3))
        diameters.append(across * depth / camera.K[0, 0] / cosine)
    return np.stack(diameters, axis=1)
