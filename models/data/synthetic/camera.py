"""Three calibrated cameras around a sitting patient, and how the head moves in front of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from models.data.synthetic.movements import wander
from models.movements import VIEWS, View
from models.reconstruction import Camera

Array = NDArray[np.float64]

# Head frame (y up, z forward) of a head that looks straight into an OpenCV camera.
FACING = np.diag([1.0, -1.0, -1.0])


def look_at(target_mm: Array, distance_mm: float, yaw_deg: float, pitch_deg: float) -> Array:
    """World-to-camera (4, 4) of a camera that stands `yaw_deg` round towards +x and looks back.

    World axes are those of a camera at yaw 0 (x right, y down, z forward); `pitch_deg` > 0 lifts
    the camera. `target_mm` (3,) lands on the optical axis.
    """
    turn = Rotation.from_euler("yx", [-yaw_deg, -pitch_deg], degrees=True).as_matrix()
    forward = turn @ np.array([0.0, 0.0, 1.0])
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    matrix = np.eye(4)
    matrix[:3, :3] = R
    matrix[:3, 3] = -R @ (target_mm - distance_mm * forward)
    return matrix


def draw_cameras(
    rng: np.random.Generator, size: tuple[int, int], iris_mm: float, iris_px: tuple[float, float]
) -> tuple[dict[View, Camera], Array]:
    """Cameras of the three views and the mean head pose (4, 4), head to world, mm.

    size: (width, height). The iris of the front view is `iris_px` (low, high) pixels wide. World
    is the centre camera. The head frame's origin lies between the eyes; the picture's centre is
    put a little lower, at the middle of the face.
    """
    width, height = size
    distance = rng.uniform(750.0, 1150.0)
    position = np.array([rng.uniform(-12, 12), rng.uniform(-12, 12), distance])
    # Yaw about the head's y axis, then pitch and roll; FACING turns it towards the camera.
    tilt = Rotation.from_euler(
        "yxz", [rng.uniform(-3, 3), rng.uniform(-4, 4), rng.uniform(-3, 3)], degrees=True
    )
    head = np.eye(4)
    head[:3, :3] = FACING @ tilt.as_matrix()
    head[:3, 3] = position
    focal = rng.uniform(*iris_px) / iris_mm * distance
    middle = position + np.array([0.0, 28.0, 0.0])
    cameras: dict[View, Camera] = {}
    for view in VIEWS:
        if view == "center":
            pose, f = np.eye(4), focal
            centre = np.array([width / 2, height / 2]) - focal * middle[:2] / distance
            centre += rng.uniform(-0.01, 0.01, 2) * width
        else:
            side = 1.0 if view == "left" else -1.0
            yaw = side * rng.uniform(35.0, 50.0)
            away = distance * rng.uniform(0.9, 1.1)
            aim = middle + np.array([0.0, 0.0, 45.0])
            pose = look_at(aim, away, yaw, rng.uniform(-4, 6))
            roll = np.eye(4)
            roll[:3, :3] = Rotation.from_euler("z", rng.uniform(-3, 3), degrees=True).as_matrix()
            pose = roll @ pose
            f = focal * away / distance * rng.uniform(0.92, 1.0)
            centre = np.array([width / 2, height / 2]) + rng.uniform(-0.01, 0.01, 2) * width
        K = np.array([[f, 0, centre[0]], [0, f, centre[1]], [0, 0, 1.0]])
        cameras[view] = Camera(K, pose, width, height)
    return cameras, head


def sway(rng: np.random.Generator, head: Array, time_s: Array) -> Array:
    """(T, 4, 4) head poses: `head` (4, 4) with slow small movement, within 3 degrees and 10 mm.

    The head turns about the neck, about 100 mm below and 60 mm behind the frame's origin.
    """
    size = rng.uniform(0.3, 1.3)
    angles = np.stack([wander(rng, time_s, rng.uniform(0.8, 2.0)) for _ in range(3)], axis=1)
    angles_deg = 3.0 * np.tanh(angles * size * np.array([1.0, 0.8, 0.5]) / 3.0)
    shift = np.stack([wander(rng, time_s, rng.uniform(1.0, 2.5)) for _ in range(3)], axis=1)
    shift_mm = 6.0 * np.tanh(2.5 * size * shift / 6.0)
    pivot = np.array([0.0, -100.0, -60.0])
    poses = np.tile(np.eye(4), (len(time_s), 1, 1))
    turns = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix()
    poses[:, :3, :3] = head[:3, :3] @ turns
    moved = pivot - turns @ pivot + shift_mm
    poses[:, :3, 3] = head[:3, 3] + moved @ head[:3, :3].T
    return poses


def calibration(cameras: Mapping[View, Camera]) -> dict[str, Any]:
    """What `calibration.json` holds: FaceScape's key names, OpenCV axes, mm; no distortion."""
    content: dict[str, Any] = {}
    for view, camera in cameras.items():
        content[f"{view}_K"] = camera.K.tolist()
        content[f"{view}_Rt"] = camera.world_to_camera[:3].tolist()
        content[f"{view}_distortion"] = [0.0] * 5
        content[f"{view}_valid"] = True
        content[f"{view}_width"] = camera.width
        content[f"{view}_height"] = camera.height
    return content


def read_calibration(content: Mapping[str, Any]) -> dict[View, Camera]:
    """The cameras that `calibration` wrote down."""
    cameras: dict[View, Camera] = {}
    for view in VIEWS:
        if content.get(f"{view}_valid"):
            pose = np.eye(4)
            pose[:3] = np.asarray(content[f"{view}_Rt"], dtype=np.float64)[:3]
            cameras[view] = Camera(
                np.asarray(content[f"{view}_K"], dtype=np.float64),
                pose,
                int(content[f"{view}_width"]),
                int(content[f"{view}_height"]),
            )
    return cameras
