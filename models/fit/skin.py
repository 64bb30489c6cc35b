"""Which points of the skin are followed or measured in the pictures, and how the skin faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from models.head.normals import vertex_normals
from models.head.topology import Topology
from models.reconstruction import Array

_TRACKED_POINTS = 640
_NEIGHBOURS = 9


@dataclass(frozen=True)
class TrackedPoints:
    """Which vertices are tracked: `vertices` (N,), their `neighbours` (N, M) among them."""

    vertices: NDArray[np.int64]
    neighbours: NDArray[np.int64]


def points_to_track(topology: Topology) -> TrackedPoints:
    """Mirror-symmetric, evenly spread skin points of the face, away from lids and mouth opening."""
    allowed = topology.regions["face"] & ~topology.regions["eye_left"]
    allowed &= ~topology.regions["eye_right"]
    template = topology.template_mm
    for name, loop in topology.loops.items():
        if name.startswith(("lid", "lip_inner")):
            allowed[loop] = False
    left = np.flatnonzero(allowed & (topology.side >= 0))
    # Farthest points on the left half, then their mirror images.
    chosen = [int(left[np.argmax(template[left, 2])])]
    distance = np.linalg.norm(template[left] - template[chosen[0]], axis=1)
    while len(chosen) < _TRACKED_POINTS // 2:
        farthest = int(np.argmax(distance))
        chosen.append(int(left[farthest]))
        distance = np.minimum(
            distance, np.linalg.norm(template[left] - template[chosen[-1]], axis=1)
        )
    half = np.array(chosen)
    vertices = np.unique(np.concatenate([half, topology.mirror[half]]))
    _, neighbours = cKDTree(template[vertices]).query(template[vertices], k=_NEIGHBOURS)
    return TrackedPoints(vertices, np.asarray(neighbours, dtype=np.int64))


def points_to_measure(topology: Topology) -> NDArray[np.int64]:
    """(N,) the tracked points, and all of the stable region, which the head frame hangs on."""
    stable = np.flatnonzero(topology.regions["stable"])
    return np.union1d(points_to_track(topology).vertices, stable)


@dataclass(frozen=True)
class SkinPatches:
    """The skin around N points of the head as quadrics over their tangent planes; head frame, mm.

    axes (N, 3, 3): two tangents and the outward normal as columns; bend (N, 3):
    height = bend . (u^2, u v, v^2) at u, v along the tangents.
    """

    axes: Array
    bend: Array


def skin_patches(
    vertices: Array, faces: NDArray[np.int32], index: NDArray[np.int64], radius_mm: float
) -> SkinPatches:
    """The patches of that radius around the vertices `index` of a head (V, 3)."""
    normals = vertex_normals(vertices, faces)
    tree = cKDTree(vertices)
    up = np.array([0.0, 1.0, 0.0])
    axes, bend = [], []
    for centre in index:
        normal = normals[centre]
        across = np.cross(up, normal)
        across /= max(float(np.linalg.norm(across)), 1e-9)
        frame = np.stack([across, np.cross(normal, across), normal], axis=1)
        near = np.sort(np.array(tree.query_ball_point(vertices[centre], radius_mm)))
        # The other side of a lip or a lid is near too, but it is not what the patch shows.
        near = near[normals[near] @ normal > 0.3]
        u, v, height = ((vertices[near] - vertices[centre]) @ frame).T / radius_mm
        design = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)
        # A little stiffness, for patches with hardly a neighbour.
        solution = np.linalg.solve(design.T @ design + 1e-2 * np.eye(6), design.T @ height)
        axes.append(frame)
        bend.append(solution[3:] / radius_mm)
    return SkinPatches(np.array(axes), np.array(bend))
