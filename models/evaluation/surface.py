"""The nearest point on a triangle mesh, exact, for many points at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Triangles = NDArray[np.int64]


@dataclass(frozen=True)
class Nearest:
    """For each of N points: the nearest point of the surface, in the surface's unit.

    points (N, 3); distance (N,); normals (N, 3) of the triangle hit; on_rim (N,) whether the
    nearest point lies on the rim of an open surface, where the distance says nothing.
    """

    points: Array
    distance: Array
    normals: Array
    on_rim: NDArray[np.bool_]


class Surface:
    """A triangle mesh that can be asked for nearest points; triangles without area are ignored."""

    def __init__(self, vertices: Array, faces: Triangles) -> None:
        corners = vertices[faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        doubled_area = np.linalg.norm(normals, axis=1)
        kept = doubled_area > 0
        self.corners = np.ascontiguousarray(corners[kept])
        self.normals = normals[kept] / doubled_area[kept, None]
        self.rim = _rim_edges(faces)[kept]
        centres = self.corners.mean(axis=1)
        radius = np.linalg.norm(self.corners - centres[:, None], axis=2).max(axis=1)
        # Triangles in classes of like size: one huge triangle must not widen every search.
        order = np.argsort(radius, kind="stable")
        self._classes = [
            (cKDTree(centres[part]), part, float(radius[part].max()))
            for part in np.array_split(order, min(8, len(order)))
        ]

    def nearest(self, points: Array) -> Nearest:
        """The nearest points of the surface for points (N, 3)."""
        count = len(points)
        best = np.full(count, np.inf)
        hit = np.zeros(count, dtype=np.int64)
        on_surface = np.zeros((count, 3))
        on_rim = np.zeros(count, dtype=np.bool_)
        reach = np.min(
            np.stack([np.asarray(tree.query(points)[0]) for tree, _, _ in self._classes]), axis=0
        )
        for tree, part, radius in self._classes:
            # A triangle's point is at most `radius` nearer than its centre.
            near = tree.query_ball_point(points, np.minimum(reach, best) + radius)
            starts = np.cumsum([0, *(len(ids) for ids in near)])
            flat = part[np.concatenate([np.asarray(ids, dtype=np.int64) for ids in near])]
            _search(points, self.corners, self.rim, starts, flat, best, hit, on_surface, on_rim)
        return Nearest(on_surface, best, self.normals[hit], on_rim)


def _rim_edges(faces: Triangles) -> NDArray[np.bool_]:
    """(F, 3) whether the edge from corner i to i + 1 belongs to one triangle only."""
    edges = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    _, inverse, counts = np.unique(edges, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse.reshape(-1)].reshape(-1, 3) == 1)


@numba.njit(cache=True)
def _search(
    points: Array,
    corners: Array,
    rim: NDArray[np.bool_],
    starts: NDArray[np.int64],
    candidates: NDArray[np.int64],
    best: Array,
    hit: NDArray[np.int64],
    on_surface: Array,
    on_rim: NDArray[np.bool_],
) -> None:  # pragma: no cover - compiled
    """Improve `best` and what goes with it by the candidate triangles of each point."""
    weights = np.empty(3)
    for i in range(len(points)):
        for k in range(starts[i], starts[i + 1]):
            triangle = candidates[k]
            _nearest_weights(points[i], corners[triangle], weights)
            near = (
                weights[0] * corners[triangle, 0]
                + weights[1] * corners[triangle, 1]
                + weights[2] * corners[triangle, 2]
            )
            distance = np.sqrt(np.sum((near - points[i]) ** 2))
            if distance < best[i]:
                best[i] = distance
                hit[i] = triangle
                on_surface[i] = near
                on_rim[i] = False
                for edge in range(3):
                    # On the edge from corner `edge` the third corner has no weight.
                    if rim[triangle, edge] and weights[(edge + 2) % 3] <= 1e-9:
                        on_rim[i] = True


@numba.njit(cache=True)
def _nearest_weights(
    point: Array, corners: Array, weights: Array
) -> None:  # pragma: no cover - compiled
    """Barycentric weights of a triangle's point nearest to `point`.

    Regions of the triangle are told apart as in Ericson, Real-Time Collision Detection, 5.1.5.
    """
    a, b, c = corners[0], corners[1], corners[2]
    ab, ac = b - a, c - a
    d1, d2 = np.sum(ab * (point - a)), np.sum(ac * (point - a))
    d3, d4 = np.sum(ab * (point - b)), np.sum(ac * (point - b))
    d5, d6 = np.sum(ab * (point - c)), np.sum(ac * (point - c))
    of_c, of_b, of_a = d1 * d4 - d3 * d2, d5 * d2 - d1 * d6, d3 * d6 - d5 * d4
    if d1 <= 0 and d2 <= 0:
        v, w = 0.0, 0.0
    elif d3 >= 0 and d4 <= d3:
        v, w = 1.0, 0.0
    elif d6 >= 0 and d5 <= d6:
        v, w = 0.0, 1.0
    elif of_c <= 0 and d1 >= 0 and d3 <= 0:
        v, w = d1 / (d1 - d3), 0.0
    elif of_b <= 0 and d2 >= 0 and d6 <= 0:
        v, w = 0.0, d2 / (d2 - d6)
    elif of_a <= 0 and d4 - d3 >= 0 and d5 - d6 >= 0:
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        v = 1.0 - w
    else:
        total = of_a + of_b + of_c
        v, w = of_b / total, of_c / total
    weights[0], weights[1], weights[2] = 1.0 - v - w, v, w
