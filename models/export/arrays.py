"""The `meshes.npz` of a reconstruction: plain arrays that NumPy loads without pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.movements import View
from models.reconstruction import Array, Array32, Camera


def write_meshes_npz(
    path: Path,
    *,
    vertices_mm: Array32,
    faces: NDArray[np.integer],
    time_s: Array,
    sigma_mm: Array32,
    identity: Array,
    expression: Array,
    expression_names: Sequence[str],
    head_pose: Array,
    cameras: Mapping[View, Camera],
) -> None:
    """Write a take's meshes.

    vertices_mm (T, V, 3) and sigma_mm (T, V) (1 SD along the worst axis) float32 in the head
    frame; faces (F, 3) int32; time_s (T,); identity; expression (T, n) with its names; head_pose
    (T, 4, 4) head to world in mm, world = centre camera with OpenCV axes; per view
    `camera_<view>_K` (3, 3) in pixels of the upright full-size frame and
    `camera_<view>_world_to_camera` (4, 4). Uncompressed: noise in float32 hardly compresses.
    """
    fields: dict[str, NDArray[np.generic]] = {
        "vertices_mm": np.asarray(vertices_mm, dtype=np.float32),
        "faces": np.asarray(faces, dtype=np.int32),
        "time_s": np.asarray(time_s, dtype=np.float64),
        "sigma_mm": np.asarray(sigma_mm, dtype=np.float32),
        "identity": np.asarray(identity, dtype=np.float64),
        "expression": np.asarray(expression, dtype=np.float64),
        "expression_names": np.array(list(expression_names), dtype=np.str_),
        "head_pose": np.asarray(head_pose, dtype=np.float64),
    }
    for view, camera in cameras.items():
        fields[f"camera_{view}_K"] = np.asarray(camera.K, dtype=np.float64)
        fields[f"camera_{view}_world_to_camera"] = np.asarray(
            camera.world_to_camera, dtype=np.float64
        )
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **fields)
