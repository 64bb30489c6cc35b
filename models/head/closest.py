"""Closest points between surfaces; plain geometry, no anatomy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from models.head.normals import vertex_normals

Array = NDArray[np.float64]
Ids = NDArray[np.int64]

# A turned-away surface counts as this many mm farther, so that lips and lids do not swap.
_NORMAL_WEIGHT_MM = 20.0
_CANDIDATES = 5


def closest_barycentric(corners: Array, point: Array) -> Array:
    """Barycentric weights (F,3) of the point of each triangle (F,3,3) closest to `point`."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, point - a
    d00, d01, d11 = (ab * ab).sum(1), (ab * ac).sum(1), (ac * ac).sum(1)
    d20, d21 = (ap * ab).sum(1), (ap * ac).sum(1)
    area = np.maximum(d00 * d11 - d01 * d01, 1e-12)
    v, w = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
    inside = np.stack([1 - v - w, v, w], axis=1)
    best = inside.copy()
    gap = np.where((inside >= 0).all(1), ((a + v[:, None] * ab + w[:, None] * ac - point) ** 2)
                   .sum(1), np.inf)  # fmt: skip
    for i, j in ((0, 1), (1, 2), (2, 0)):
        start, span = corners[:, i], corners[:, j] - corners[:, i]
        t = np.clip(((point - start) * span).sum(1) / np.maximum((span**2).sum(1), 1e-12), 0, 1)
        miss = ((start + t[:, None] * span - point) ** 2).sum(1)
        closer = miss < gap
        gap = np.where(closer, miss, gap)
        share = np.zeros_like(inside)
        share[:, i], share[:, j] = 1 - t, t
        best[closer] = share[closer]
    return best


class Surface:
    """A triangle mesh that answers closest-point questions; lengths in mm."""

    def __init__(self, points_mm: Array, faces: NDArray[np.integer]) -> None:
        self.points = points_mm
        self.faces = faces.astype(np.int64)
        self.used = np.unique(self.faces)
        self.normals = vertex_normals(points_mm, self.faces)
        self._tree = cKDTree(self._key(points_mm[self.used], self.normals[self.used]))
        order = np.argsort(self.faces.ravel(), kind="stable")
        counts = np.bincount(self.faces.ravel(), minlength=len(points_mm))
        self._around = np.split(order // 3, np.cumsum(counts)[:-1])

    @staticmethod
    def _key(points: Array, normals: Array) -> Array:
        return np.concatenate([points, _NORMAL_WEIGHT_MM * normals], axis=1)

    def nearest_vertices(self, points_mm: Array, normals: Array) -> Ids:
        """Nearest vertex (n,) to each point (n,3) among those that face the same way."""
        return np.asarray(self.used[self._tree.query(self._key(points_mm, normals))[1]])

    def nearest_points(self, points_mm: Array, normals: Array) -> tuple[Ids, Array]:
        """Closest surface points as vertices (n,3) and barycentric weights (n,3).

        The triangles around the few nearest vertices that face the same way are tried.
        """
        near = self._tree.query(self._key(points_mm, normals), k=_CANDIDATES)[1]
        return self.points_around(points_mm, self.used[near])

    def points_around(self, points_mm: Array, vertices: Ids) -> tuple[Ids, Array]:
        """As `nearest_points`, among the triangles that touch the given vertices (n,k)."""
        corners = np.zeros((len(points_mm), 3), dtype=np.int64)
        weights = np.zeros((len(points_mm), 3))
        for i, near in enumerate(vertices):
            faces = self.faces[np.concatenate([self._around[vertex] for vertex in near])]
            share = closest_barycentric(self.points[faces], points_mm[i])
            spot = (self.points[faces] * share[..., None]).sum(axis=1)
            best = int(np.argmin(((spot - points_mm[i]) ** 2).sum(axis=1)))
            corners[i], weights[i] = faces[best], share[best]
        return corners, weights
