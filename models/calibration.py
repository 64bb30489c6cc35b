"""Calibration files of known cameras: reading, checks, and taking lens distortion out of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from pydantic import JsonValue, TypeAdapter

from models.errors import CalibrationError, UnusableInputError
from models.movements import VIEWS, View
from models.reconstruction import Array, Camera
from models.request import read_json

KEYS = ("K", "Rt", "distortion", "valid", "width", "height")
NEXT_STEP = "The format is described in docs/files.md."
# Cameras closer together than this are almost surely given in metres.
MIN_BASELINE_MM = 20.0
UNDISTORT_ITERATIONS = 20


@dataclass(frozen=True)
class CalibratedCamera:
    """One camera as a calibration file states it.

    K (3, 3) in pixels of a frame of `size` (width, height; None: the size of the recording's own
    frame). world_to_camera (4, 4) in mm, world = the centre camera, or the first camera of the
    file where there is no centre. distortion (5,): k1, k2, p1, p2, k3 of OpenCV's model.
    """

    K: Array
    world_to_camera: Array
    distortion: Array
    size: tuple[int, int] | None

    def for_frame(self, width: int, height: int) -> Camera:
        """The camera for upright frames of `width` x `height` pixels.

        Raises CalibrationError when the calibrated frame has another shape.
        """
        K = self.K.copy()
        if self.size is not None:
            scale_x, scale_y = width / self.size[0], height / self.size[1]
            if abs(scale_x / scale_y - 1) > 0.01:
                raise CalibrationError(
                    f"A camera was calibrated for frames of {self.size[0]} x {self.size[1]} "
                    f"pixels, but the recording has {width} x {height}.",
                    "Use the calibration of these cameras in this orientation.",
                )
            K[0] *= scale_x
            K[1] *= scale_y
        elif not (0 < K[0, 2] < width and 0 < K[1, 2] < height):
            raise CalibrationError(
                f"A calibrated principal point lies outside the frame of {width} x {height} "
                "pixels.",
                "State the calibrated frame's size with the keys `<view>_width` and "
                "`<view>_height`.",
            )
        return Camera(K, self.world_to_camera, width, height)

    def undistorted_px(self, points_px: ArrayLike, camera: Camera) -> Array:
        """Where a lens without distortion would have put points (..., 2 or more) of `camera`.

        Columns after x and y are passed through; NaN stays NaN. Inverts OpenCV's lens model by
        fixed-point iteration, which converges for lenses that do not fold the image over.
        """
        points = np.array(points_px, dtype=np.float64)
        if not self.distortion.any():
            return points
        K = camera.K
        x, y = _on_unit_plane(points, K)
        k1, k2, p1, p2, k3 = self.distortion
        straight_x, straight_y = x, y
        for _ in range(UNDISTORT_ITERATIONS):
            r2 = straight_x**2 + straight_y**2
            radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
            dx = 2 * p1 * straight_x * straight_y + p2 * (r2 + 2 * straight_x**2)
            dy = p1 * (r2 + 2 * straight_y**2) + 2 * p2 * straight_x * straight_y
            straight_x, straight_y = (x - dx) / radial, (y - dy) / radial
        points[..., 0] = K[0, 0] * straight_x + K[0, 1] * straight_y + K[0, 2]
        points[..., 1] = K[1, 1] * straight_y + K[1, 2]
        return points

    def distorted_px(self, points_px: ArrayLike, camera: Camera) -> Array:
        """Where this lens puts points (..., 2) of the camera without distortion (OpenCV's model).

        The inverse of `undistorted_px`.
        """
        points = np.array(points_px, dtype=np.float64)
        if not self.distortion.any():
            return points
        K = camera.K
        x, y = _on_unit_plane(points, K)
        k1, k2, p1, p2, k3 = self.distortion
        r2 = x**2 + y**2
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)
        bent_y = y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y
        points[..., 0] = K[0, 0] * bent_x + K[0, 1] * bent_y + K[0, 2]
        points[..., 1] = K[1, 1] * bent_y + K[1, 2]
        return points


def _on_unit_plane(points: Array, K: Array) -> tuple[Array, Array]:
    """x and y (...) at depth 1 of the pixels `points` (..., 2 or more)."""
    y = (points[..., 1] - K[1, 2]) / K[1, 1]
    return (points[..., 0] - K[0, 2] - K[0, 1] * y) / K[0, 0], y


def read_calibration(path: Path) -> dict[View, CalibratedCamera]:
    """The valid cameras of a calibration file by view; raises CalibrationError.

    Keys are FaceScape's, `<view>_K`, `<view>_Rt`, `<view>_distortion`, `<view>_valid`, and
    optionally `<view>_width`, `<view>_height`; world units are millimetres.
    """
    try:
        entries = read_json(path, TypeAdapter(dict[str, JsonValue]), "calibration file")
    except UnusableInputError as error:
        raise CalibrationError(error.message, error.next_step) from error
    known = {f"{view}_{key}" for view in VIEWS for key in KEYS}
    unknown = sorted(set(entries) - known)
    if unknown:
        raise CalibrationError(
            f"The calibration file {path} has the unknown key {unknown[0]!r}.",
            f"Keys are <view>_<name> with a view of {', '.join(VIEWS)} and a name of "
            f"{', '.join(KEYS)}.",
        )
    cameras = {
        view: _camera(entries, view, path)
        for view in VIEWS
        if f"{view}_K" in entries and entries.get(f"{view}_valid", True)
    }
    if not cameras:
        raise CalibrationError(f"The calibration file {path} has no valid camera.", NEXT_STEP)
    _refuse_metres(cameras, path)
    return _in_centre_frame(cameras)


def _camera(entries: Mapping[str, JsonValue], view: View, path: Path) -> CalibratedCamera:
    K = _numbers(entries, f"{view}_K", path)
    if K.shape != (3, 3) or K[0, 0] <= 0 or K[1, 1] <= 0 or not np.allclose(K[2], (0, 0, 1)):
        raise CalibrationError(
            f"In {path}, {view}_K is not a camera matrix.",
            "It has 3 rows of 3 numbers, focal lengths in pixels on the diagonal, and ends in "
            "0, 0, 1.",
        )
    pose = _numbers(entries, f"{view}_Rt", path)
    if pose.shape == (4, 4) and np.allclose(pose[3], (0, 0, 0, 1)):
        pose = pose[:3]
    if pose.shape != (3, 4) or not _is_rotation(pose[:, :3]):
        raise CalibrationError(
            f"In {path}, {view}_Rt is not a camera pose.",
            "It has 3 rows of 4 numbers: a rotation from world to camera, and a translation in "
            "millimetres.",
        )
    given = _numbers(entries, f"{view}_distortion", path, default=())
    if given.ndim != 1 or len(given) not in (0, 4, 5):
        raise CalibrationError(
            f"In {path}, {view}_distortion has {given.size} numbers.",
            "Give k1, k2, p1, p2 and k3 of OpenCV's lens model, or an empty list.",
        )
    distortion = np.zeros(5)
    distortion[: len(given)] = given
    return CalibratedCamera(
        K, np.vstack([pose, (0.0, 0.0, 0.0, 1.0)]), distortion, _size(entries, view, path)
    )


def _numbers(
    entries: Mapping[str, JsonValue], key: str, path: Path, default: ArrayLike | None = None
) -> Array:
    value = entries.get(key, default)
    if value is None:
        raise CalibrationError(f"The calibration file {path} lacks the key {key!r}.", NEXT_STEP)
    try:
        numbers = np.asarray(value, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise CalibrationError(f"In {path}, {key} does not hold numbers.", NEXT_STEP) from error
    if not np.isfinite(numbers).all():
        raise CalibrationError(f"In {path}, {key} holds a number that is not finite.", NEXT_STEP)
    return numbers


def _size(entries: Mapping[str, JsonValue], view: View, path: Path) -> tuple[int, int] | None:
    width, height = entries.get(f"{view}_width"), entries.get(f"{view}_height")
    if width is None and height is None:
        return None
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    raise CalibrationError(
        f"In {path}, {view}_width and {view}_height do not state a frame's size.",
        "Give both as whole numbers of pixels, or neither.",
    )


def _is_rotation(matrix: Array) -> bool:
    orthonormal = np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-3)
    return bool(orthonormal and np.linalg.det(matrix) > 0)


def _refuse_metres(cameras: Mapping[View, CalibratedCamera], path: Path) -> None:
    centres = [
        -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
        for camera in cameras.values()
    ]
    if len(centres) > 1 and max(np.ptp(centres, axis=0)) < MIN_BASELINE_MM:
        raise CalibrationError(
            f"The cameras in {path} stand less than {MIN_BASELINE_MM:g} mm apart.",
            "Give the translations of `<view>_Rt` in millimetres.",
        )


def _in_centre_frame(
    cameras: Mapping[View, CalibratedCamera],
) -> dict[View, CalibratedCamera]:
    origin = cameras.get("center") or next(iter(cameras.values()))
    to_file_world = np.linalg.inv(origin.world_to_camera)
    return {
        view: CalibratedCamera(
            camera.K, camera.world_to_camera @ to_file_world, camera.distortion, camera.size
        )
        for view, camera in cameras.items()
    }
