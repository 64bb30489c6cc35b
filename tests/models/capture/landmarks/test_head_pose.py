"""Signs and values of the pose that is read from landmarks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from models.capture.landmarks import FaceObservation, head_pose, head_yaw_deg
from models.capture.landmarks.topology import canonical_face, mirror_landmarks


def _turned(yaw_deg: float, pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """Landmarks of the canonical face, turned as a person would describe it."""
    # In the head frame (x to the subject's left, y up, z forward) showing the left half to the
    # camera is a turn to the subject's right; raising the chin and lowering the left side follow.
    turn = Rotation.from_euler("ZYX", [-roll_deg, -yaw_deg, -pitch_deg], degrees=True)
    points = turn.apply(canonical_face().vertices_cm) * 20 * [1, -1, -1] + [400, 300, 0]
    return np.concatenate([points, points[:10]])


@settings(max_examples=50, deadline=None)
@given(st.floats(-80, 80), st.floats(-60, 60), st.floats(-170, 170))
def test_a_known_pose_is_read_back(yaw: float, pitch: float, roll: float) -> None:
    pose = head_pose(_turned(yaw, pitch, roll))
    assert pose.yaw_deg == pytest.approx(yaw, abs=1e-4)
    assert pose.pitch_deg == pytest.approx(pitch, abs=1e-4)
    assert pose.roll_deg == pytest.approx(roll, abs=1e-4)
    assert pose.scale_px_per_cm == pytest.approx(20)


def test_positive_yaw_shows_more_of_the_left_half() -> None:
    points = _turned(30, 0, 0)
    nose, right_eye, left_eye = points[1, 0], points[33, 0], points[263, 0]
    assert left_eye - nose > nose - right_eye


def test_a_raised_chin_is_positive_pitch() -> None:
    """Looking up moves the nose tip, which stands out, upwards against the eyes."""
    level, raised = _turned(0, 0, 0), _turned(0, 20, 0)
    assert raised[1, 1] - raised[[33, 263], 1].mean() < level[1, 1] - level[[33, 263], 1].mean()


def test_mirroring_turns_yaw_and_roll_round(observation: FaceObservation) -> None:
    pose = head_pose(observation.landmarks_px)
    mirrored = head_pose(mirror_landmarks(observation.landmarks_px, 512))
    assert mirrored.yaw_deg == pytest.approx(-pose.yaw_deg, abs=1e-3)
    assert mirrored.pitch_deg == pytest.approx(pose.pitch_deg, abs=1e-3)
    assert mirrored.roll_deg == pytest.approx(-pose.roll_deg, abs=1e-3)


def test_the_portrait_faces_the_camera(observation: FaceObservation) -> None:
    assert abs(head_yaw_deg(observation.landmarks_px)) < 8
