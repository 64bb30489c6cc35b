"""Vertex normals of a triangle mesh in NumPy; no rendering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Array


def vertex_normals(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Array:
    """(V, 3) vertices, (F, 3) anticlockwise faces -> (V, 3) unit normals, weighted by area."""
    points = np.asarray(vertices, dtype=np.float64)
    corners = points[faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], face_normals)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-12))
