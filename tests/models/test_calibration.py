"""Calibration files: what is read, how lenses are straightened, and what is refused."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import CalibratedCamera, read_calibration
from models.errors import CalibrationError


def pose(yaw_deg: float, distance_mm: float = 900.0) -> list[list[float]]:
    yaw = np.radians(yaw_deg)
    rotation = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    return np.column_stack([rotation, (0.0, 0.0, distance_mm)]).tolist()


def calibration() -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for view, yaw_deg in (("left", -40), ("center", 3), ("right", 42)):
        entries[f"{view}_K"] = [[1500.0, 0, 960], [0, 1500.0, 540], [0, 0, 1]]
        entries[f"{view}_Rt"] = pose(yaw_deg)
        entries[f"{view}_distortion"] = [0.0] * 5
        entries[f"{view}_valid"] = True
        entries[f"{view}_width"] = 1920
        entries[f"{view}_height"] = 1080
    return entries


def write(folder: Path, entries: Any) -> Path:
    path = folder / "calibration.json"
    path.write_text(json.dumps(entries))
    return path


def test_world_becomes_the_centre_camera(tmp_path: Path) -> None:
    entries = calibration()
    cameras = read_calibration(write(tmp_path, entries))
    np.testing.assert_allclose(cameras["center"].world_to_camera, np.eye(4), atol=1e-12)
    point = np.array([30.0, -20.0, 5.0, 1.0])
    in_centre = np.append(np.array(entries["center_Rt"]) @ point, 1.0)
    np.testing.assert_allclose(
        (cameras["left"].world_to_camera @ in_centre)[:3], np.array(entries["left_Rt"]) @ point
    )


def test_invalid_views_are_left_out(tmp_path: Path) -> None:
    entries = calibration() | {"left_valid": False}
    assert set(read_calibration(write(tmp_path, entries))) == {"center", "right"}


def test_intrinsics_follow_the_size_of_the_frame(tmp_path: Path) -> None:
    cameras = read_calibration(write(tmp_path, calibration()))
    half = cameras["left"].for_frame(960, 540)
    np.testing.assert_allclose(half.K, [[750, 0, 480], [0, 750, 270], [0, 0, 1]])
    with pytest.raises(CalibrationError, match="1920 x 1080"):
        cameras["left"].for_frame(1080, 1920)


def test_a_principal_point_outside_the_frame_asks_for_the_size(tmp_path: Path) -> None:
    entries = {key: value for key, value in calibration().items() if "dth" not in key}
    entries = {key: value for key, value in entries.items() if "height" not in key}
    cameras = read_calibration(write(tmp_path, entries))
    cameras["left"].for_frame(1920, 1080)
    with pytest.raises(CalibrationError, match="lies outside the frame"):
        cameras["left"].for_frame(640, 360)


def test_undistortion_agrees_with_opencv(tmp_path: Path) -> None:
    lens = [-0.21, 0.08, 0.001, -0.0015, -0.01]
    cameras = read_calibration(write(tmp_path, calibration() | {"left_distortion": lens}))
    camera = cameras["left"].for_frame(1920, 1080)
    grid = np.stack(np.meshgrid(np.linspace(100, 1820, 9), np.linspace(60, 1020, 7)), axis=-1)
    straight = cameras["left"].undistorted_px(grid, camera)
    rays = np.concatenate([straight, np.ones((*straight.shape[:-1], 1))], axis=-1)
    rays = rays.reshape(-1, 3) @ np.linalg.inv(camera.K).T
    seen, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), camera.K, np.array(lens))
    np.testing.assert_allclose(seen.reshape(grid.shape), grid, atol=1e-4)


LENS = st.tuples(
    st.floats(-0.25, 0.15),
    st.floats(-0.05, 0.1),
    st.floats(-0.003, 0.003),
    st.floats(-0.003, 0.003),
    st.floats(-0.02, 0.02),
)


@given(LENS, st.tuples(st.floats(0, 1920), st.floats(0, 1080)))
def test_distortion_and_its_inverse_cancel(
    lens: tuple[float, ...], point: tuple[float, float]
) -> None:
    K = np.array([[1500.0, 2.0, 955.0], [0, 1490.0, 548.0], [0, 0, 1]])
    bent = CalibratedCamera(K, np.eye(4), np.array(lens), (1920, 1080))
    camera = bent.for_frame(1920, 1080)
    recorded = np.array([point])
    straight = bent.undistorted_px(recorded, camera)
    np.testing.assert_allclose(bent.distorted_px(straight, camera), recorded, atol=0.01)
    np.testing.assert_allclose(
        bent.undistorted_px(bent.distorted_px(straight, camera), camera), straight, atol=0.02
    )


def test_no_distortion_changes_nothing_and_nan_stays(tmp_path: Path) -> None:
    camera = read_calibration(write(tmp_path, calibration()))["left"]
    points = np.array([[1.0, 2.0, 7.0], [np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(
        camera.undistorted_px(points, camera.for_frame(1920, 1080)), points
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"front_K": []}, "unknown key 'front_K'"),
        ({"left_K": [[1, 2], [3, 4]]}, "left_K is not a camera matrix"),
        ({"left_K": "wide"}, "left_K does not hold numbers"),
        ({"left_Rt": [[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0]]}, "left_Rt is not a camera pose"),
        ({"left_distortion": [0.1]}, "has 1 numbers"),
        ({"left_width": 0}, "do not state a frame's size"),
        ({"left_valid": False, "center_valid": False, "right_valid": False}, "no valid camera"),
        ({f"{view}_Rt": pose(0, 0.9) for view in ("left", "center", "right")}, "apart"),
    ],
)
def test_wrong_calibration_is_refused_plainly(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(CalibrationError, match=said) as caught:
        read_calibration(write(tmp_path, calibration() | change))
    assert caught.value.next_step


def test_a_missing_pose_and_a_wrong_file_are_named(tmp_path: Path) -> None:
    entries = calibration()
    del entries["left_Rt"]
    with pytest.raises(CalibrationError, match="lacks the key 'left_Rt'"):
        read_calibration(write(tmp_path, entries))
    with pytest.raises(CalibrationError, match="not valid"):
        read_calibration(write(tmp_path, [1, 2]))
