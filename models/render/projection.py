"""Pinhole projection in NumPy; the differentiable counterpart lives in `shaded`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def to_camera(points: Array, world_to_camera: Array) -> Array:
    """Move `points` (..., 3) by the rigid or affine `world_to_camera` (4, 4)."""
    return np.asarray(points @ world_to_camera[:3, :3].T + world_to_camera[:3, 3])


def project(points: Array, K: Array, world_to_camera: Array | None = None) -> Array:
    """Screen coordinates (..., 3) of `points` (..., 3): x px, y px, and the depth as z.

    OpenCV axes (x right, y down, z forward); the centre of the top left pixel is (0.5, 0.5).
    The depth keeps the unit of the points. Points must lie in front of the camera.
    """
    camera = np.asarray(points, dtype=np.float64)
    if world_to_camera is not None:
        camera = to_camera(camera, world_to_camera)
    homogeneous = camera @ K.T
    depth = camera[..., 2:3]
    return np.concatenate([homogeneous[..., :2] / depth, depth], axis=-1)
