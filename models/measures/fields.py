"""Per-vertex fields over time for colour maps: mirror asymmetry and displacement from rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.head.normals import vertex_normals
from models.measures.frame import SymmetryPlane
from models.reconstruction import Array, Array32

if TYPE_CHECKING:
    from models.head.topology import Topology

# Frames worked on at a time, so that long takes need no second copy of their meshes.
_CHUNK = 32


def asymmetry_field(
    vertices_mm: Array32, rest_mm: Array, topology: Topology, plane: SymmetryPlane
) -> Array32:
    """(T, V) signed component, along the surface normal, of vertex minus mirrored counterpart.

    vertices_mm (T, V, 3), rest_mm (V, 3) in the head frame. > 0 where the vertex stands out. The
    normals are those of the rest mesh made symmetric, so that the field is exactly odd.
    """
    reflect = np.eye(3) - 2.0 * np.outer(plane.normal, plane.normal)
    normals = vertex_normals(rest_mm, topology.faces)
    normals = normals + normals[topology.mirror] @ reflect
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    # n . (x - R x_m - 2 o N) = n . x - (R n) . x_m - 2 o n . N
    here = normals.astype(np.float32)
    there = (normals @ reflect).astype(np.float32)
    constant = (2.0 * plane.offset_mm * normals @ plane.normal).astype(np.float32)
    field = np.empty(vertices_mm.shape[:2], dtype=np.float32)
    for start in range(0, len(vertices_mm), _CHUNK):
        part = vertices_mm[start : start + _CHUNK]
        mirrored = part[:, topology.mirror]
        field[start : start + _CHUNK] = (
            np.einsum("tvc,vc->tv", part, here)
            - np.einsum("tvc,vc->tv", mirrored, there)
            - constant
        )
    return field


def displacement_field(vertices_mm: Array32, rest_mm: Array | None) -> Array32:
    """(T, V) distance of each vertex from rest (V, 3) in mm; NaN without rest."""
    field = np.full(vertices_mm.shape[:2], np.nan, dtype=np.float32)
    if rest_mm is None:
        return field
    rest = rest_mm.astype(np.float32)
    for start in range(0, len(vertices_mm), _CHUNK):
        difference = vertices_mm[start : start + _CHUNK] - rest
        field[start : start + _CHUNK] = np.sqrt(np.einsum("tvc,tvc->tv", difference, difference))
    return field
