"""Places the 478 face landmarks on the head as barycentric points, and calibrates them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from models.assets import verified_path
from models.head.closest import closest_barycentric
from models.head.landmark_names import CONTOURS

_ROUNDS = 4

Field = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Embedding:
    """Barycentric points: `vertices` (478,3), `weights` (478,3), and the `mirror` permutation."""

    vertices: Ids
    weights: Field
    mirror: Ids

    def positions(self, points: Field) -> Field:
        """Landmark positions (478,3) on vertices (V,3)."""
        return np.asarray((points[self.vertices] * self.weights[..., None]).sum(axis=1))


@dataclass(frozen=True)
class Canvas:
    """The template seen by the embedding: outer faces only, with its mirror map.

    `points_mm` (V,3), `faces` (F,3) without mouth inside, sockets and eyeballs.
    """

    points_mm: Field
    faces: Ids
    mirror: Ids

    def midline_edges(self) -> Ids:
        edges = np.concatenate(
            [self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]]
        )
        on = (np.abs(self.points_mm[edges, 0]) < 1e-9).all(axis=1)
        return np.unique(np.sort(edges[on], axis=1), axis=0)


def canonical_mm() -> Field:
    """Canonical 468 landmark geometry (468,3) in mm, x towards the subject's left."""
    with np.load(verified_path("canonical_face")) as data:
        return np.asarray(10.0 * data["vertices_cm"].astype(np.float64))


def landmark_mirror() -> Ids:
    """Mirror permutation (478,) of the landmarks; exact on the canonical geometry."""
    with np.load(verified_path("canonical_face")) as data:
        return np.asarray(data["mirror"].astype(np.int64))


def along(polyline: Field, fractions: Field) -> tuple[Ids, Field]:
    """Segment index and position on it (0..1) at arc-length fractions of a polyline (n,3)."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(polyline, axis=0), axis=1))])
    target = fractions * length[-1]
    segment = np.clip(np.searchsorted(length, target, side="right") - 1, 0, len(polyline) - 2)
    return segment, (target - length[segment]) / (length[segment + 1] - length[segment])


def arc_fractions(polyline: Field) -> Field:
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(polyline, axis=0), axis=1))])
    return np.asarray(length / length[-1])


def place(
    canvas: Canvas,
    loops: dict[str, Ids],
    anchors: dict[int, int],
    iris: dict[int, int],
) -> Embedding:
    """Embed all landmarks. `loops` maps contour names to vertex ids in the same order,
    `anchors` maps landmark to vertex on the left half or midline, `iris` all ten iris points.

    Contour landmarks lie on their loop at the same share of arc length; the rest follow a
    thin-plate spline through contours and anchors and are dropped on the closest outer face.
    """
    canonical = canonical_mm()
    mirror = landmark_mirror()
    vertices = np.zeros((478, 3), dtype=np.int64)
    weights = np.zeros((478, 3))
    weights[:, 0] = 1.0
    fixed: set[int] = set()
    for name, loop in loops.items():
        marks = np.array(CONTOURS[name])
        segment, t = along(canvas.points_mm[loop], arc_fractions(canonical[marks]))
        vertices[marks] = np.stack([loop[segment], loop[segment + 1], loop[segment]], axis=1)
        weights[marks] = np.stack([1 - t, t, np.zeros_like(t)], axis=1)
        fixed.update(int(i) for i in marks)
    for mark, vertex in [*anchors.items(), *iris.items()]:
        vertices[mark] = vertex
        fixed.add(mark)
    _mirror_left(vertices, weights, canonical, mirror, canvas.mirror, sorted(fixed))
    fixed |= {int(mirror[i]) for i in fixed}

    skin = np.array(sorted(i for i in fixed if i < 468))
    free = np.array([i for i in range(468) if i not in fixed])
    embedding = Embedding(vertices, weights, mirror)
    goal = embedding.positions(canvas.points_mm)
    known, smoothing = skin, np.full(len(skin), 1e-3)
    for _ in range(_ROUNDS):
        spline = RBFInterpolator(
            canonical[known], goal[known], smoothing=smoothing, kernel="thin_plate_spline"
        )
        warped = np.asarray(spline(canonical))
        left = np.array([i for i in free if canonical[i, 0] >= 0])
        vertices[left], weights[left] = drop(canvas, warped[left], canonical[left, 0] == 0)
        _mirror_left(vertices, weights, canonical, mirror, canvas.mirror, free.tolist())
        goal = Embedding(vertices, weights, mirror).positions(canvas.points_mm)
        known = np.arange(468)
        smoothing = np.where(np.isin(known, skin), 1e-3, 20.0)
    return Embedding(vertices, weights, mirror)


def _mirror_left(
    vertices: Ids,
    weights: Field,
    canonical: Field,
    mirror: Ids,
    vertex_mirror: Ids,
    marks: list[int],
) -> None:
    """Overwrite right-half landmarks by the mirror image of their left partners."""
    for i in marks:
        if i < 468 and canonical[i, 0] > 0:
            vertices[mirror[i]] = vertex_mirror[vertices[i]]
            weights[mirror[i]] = weights[i]


def drop(canvas: Canvas, points_mm: Field, on_midline: NDArray[np.bool_]) -> tuple[Ids, Field]:
    """Closest outer surface points as (n,3) vertices and weights; midline ones on midline edges."""
    vertices = np.zeros((len(points_mm), 3), dtype=np.int64)
    weights = np.zeros((len(points_mm), 3))
    edges = canvas.midline_edges()
    corners = canvas.points_mm[canvas.faces]
    for i, point in enumerate(points_mm):
        if on_midline[i]:
            a, b = canvas.points_mm[edges[:, 0]], canvas.points_mm[edges[:, 1]]
            span = b - a
            t = np.clip(((point - a) * span).sum(1) / (span**2).sum(1), 0, 1)
            best = int(np.argmin(((a + t[:, None] * span - point) ** 2).sum(1)))
            vertices[i] = edges[best][[0, 1, 0]]
            weights[i] = [1 - t[best], t[best], 0]
        else:
            share = closest_barycentric(corners, point)
            gap = ((corners * share[..., None]).sum(1) - point) ** 2
            best = int(np.argmin(gap.sum(1)))
            vertices[i], weights[i] = canvas.faces[best], share[best]
    return vertices, weights


def calibrate(
    embedding: Embedding, canvas: Canvas, mean_residual_mm: Field, gain: float = 1.0
) -> Embedding:
    """Move the landmarks along the surface by the mean residual (observed minus predicted).

    `mean_residual_mm` (478,2|3) is in the head frame (x left, y up[, z]); it is averaged with
    its mirror image, its part along the surface normal is dropped, and the points are snapped
    to the surface again. Irises and anything but skin stay.
    """
    residual = np.zeros((478, 3))
    residual[:, : mean_residual_mm.shape[1]] = mean_residual_mm
    even = 0.5 * (residual + residual[embedding.mirror] * [-1, 1, 1])
    points = embedding.positions(canvas.points_mm)
    canonical = canonical_mm()
    vertices, weights = embedding.vertices.copy(), embedding.weights.copy()
    left = np.array([i for i in range(468) if canonical[i, 0] >= 0])
    normal = _normals(canvas, embedding)
    step = even - (even * normal).sum(1, keepdims=True) * normal
    if mean_residual_mm.shape[1] == 2:
        # A frontal view fixes x and y only: follow the surface so that those two are met.
        depth = -(even[:, :2] * normal[:, :2]).sum(1) / np.maximum(np.abs(normal[:, 2]), 0.3)
        step = even + np.stack([0 * depth, 0 * depth, depth * np.sign(normal[:, 2])], axis=1)
    vertices[left], weights[left] = drop(
        canvas, points[left] + gain * step[left], canonical[left, 0] == 0
    )
    _mirror_left(vertices, weights, canonical, embedding.mirror, canvas.mirror, left.tolist())
    return Embedding(vertices, weights, embedding.mirror)


def _normals(canvas: Canvas, embedding: Embedding) -> Field:
    normals = np.zeros_like(canvas.points_mm)
    a, b, c = (canvas.points_mm[canvas.faces[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    for k in range(3):
        np.add.at(normals, canvas.faces[:, k], face)
    at = embedding.positions(normals)
    return np.asarray(at / np.maximum(np.linalg.norm(at, axis=1, keepdims=True), 1e-12))
