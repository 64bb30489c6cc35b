"""Head pose and scale from 478 landmarks by a rigid match with the canonical face.

A quick measure for quality control, side assignment and crops; the multi-view fit has its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks.topology import canonical_face

# The canonical face has y up and z towards the camera; image axes have y down and z away from it.
_TO_CAMERA = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class HeadPose:
    """Weak-perspective pose: image px = scale * rotation @ camera-axes canonical cm + shift.

    ``yaw_deg`` > 0 when the camera sees more of the subject's left half, ``pitch_deg`` > 0 when
    the chin is raised, ``roll_deg`` > 0 when the subject's left side is the lower one. Axes of
    ``rotation`` (3, 3) are OpenCV's (x right, y down, z away from the camera).
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    scale_px_per_cm: float
    rotation: NDArray[np.float64]
    shift_px: NDArray[np.float64]


def head_pose(landmarks_px: NDArray[np.floating]) -> HeadPose:
    """Match the network's 3D landmarks (478, 3) px with the canonical face.

    Weighted similarity after Umeyama (1991); the weights leave out lips, lids and brows, so that
    expression hardly moves the pose.
    """
    face = canonical_face()
    weights = face.pose_weights / face.pose_weights.sum()
    model = face.vertices_cm @ _TO_CAMERA
    points = np.asarray(landmarks_px, np.float64)[: len(model)]
    model_mean, points_mean = weights @ model, weights @ points
    model_offsets, point_offsets = model - model_mean, points - points_mean
    covariance = (point_offsets * weights[:, None]).T @ model_offsets
    left, stretch, right = np.linalg.svd(covariance)
    proper = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left * proper) @ right
    scale = float(stretch @ proper / (weights @ (model_offsets**2).sum(1)))
    return HeadPose(
        yaw_deg=math.degrees(-math.asin(min(max(rotation[2, 0], -1.0), 1.0))),
        pitch_deg=math.degrees(-math.atan2(rotation[2, 1], rotation[2, 2])),
        roll_deg=math.degrees(math.atan2(rotation[1, 0], rotation[0, 0])),
        scale_px_per_cm=scale,
        rotation=rotation,
        shift_px=points_mean - scale * rotation @ model_mean,
    )


def head_yaw_deg(landmarks_px: NDArray[np.floating]) -> float:
    """Return the yaw in degrees, > 0 when the camera sees more of the subject's left half."""
    return head_pose(landmarks_px).yaw_deg
