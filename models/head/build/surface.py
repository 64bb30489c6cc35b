"""Crops and refines the head's skin as quads, as one sparse map from the source; no anatomy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.head.build.source import Source

# Seed edges of closed edge loops on the source mesh's right half (the mirror map gives the left):
# the skin is cut at these loops and the cavity behind them (a vertex in it) is dropped.
NECK_LOOP = (759, 760)
MOUTH_LOOP, MOUTH_CAVITY = (552, 553), 670
SOCKET_LOOP, SOCKET_CAVITY = (1095, 1096), 1350
EAR_LOOP, EAR_TIP = (5748, 5758), 5531
FACE_SEED = 5134

Row = dict[int, float]


@dataclass(frozen=True)
class Skin:
    """A polygon skin: sparse `rows` (n,19158) times source data gives vertex data.

    `polygons` lists vertex loops with per-corner texture coordinates; `mirror` (n,) is exact.
    """

    rows: sparse.csr_matrix
    polygons: list[list[int]]
    textures: list[NDArray[np.float64]]
    mirror: NDArray[np.int64]
    source_ids: NDArray[np.int64]


class QuadMesh:
    """Adjacency of a closed quad mesh, with walks along its edge loops."""

    def __init__(self, quads: NDArray[np.int64]) -> None:
        self.quads = quads
        self.edge_quads: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.neighbours: dict[int, list[int]] = defaultdict(list)
        for index, quad in enumerate(quads.tolist()):
            for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
                key = edge_key(a, b)
                if key not in self.edge_quads:
                    self.neighbours[a].append(b)
                    self.neighbours[b].append(a)
                self.edge_quads[key].append(index)

    def straight_on(self, a: int, b: int) -> int | None:
        """The vertex after b on the edge loop that comes from a; None where it ends."""
        if len(self.neighbours[b]) != 4:
            return None
        beside = set(self.edge_quads[edge_key(a, b)])
        for c in self.neighbours[b]:
            if c != a and not beside & set(self.edge_quads[edge_key(b, c)]):
                return c
        return None

    def loop(self, seed: tuple[int, int]) -> list[int]:
        """The closed edge loop through a seed edge."""
        loop = list(seed)
        while (c := self.straight_on(loop[-2], loop[-1])) is not None and c != loop[0]:
            loop.append(c)
        return loop

    def flood(self, start: int, walls: Iterable[list[int]]) -> set[int]:
        """Quads connected to vertex `start` without crossing an edge of the closed `walls`."""
        closed = {
            edge_key(a, b) for wall in walls for a, b in zip(wall, wall[1:] + wall[:1], strict=True)
        }
        front = [int(i) for i in np.flatnonzero((self.quads == start).any(axis=1))]
        seen = set(front)
        while front:
            quad = self.quads[front.pop()].tolist()
            for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
                key = edge_key(a, b)
                if key in closed:
                    continue
                for other in self.edge_quads[key]:
                    if other not in seen:
                        seen.add(other)
                        front.append(other)
        return seen


def edge_key(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def head_quads(source: Source, mesh: QuadMesh) -> tuple[list[int], set[int]]:
    """Ids of the head's quads (mouth and sockets cut inside), and of those on the ears."""
    mirror = source.mirror

    def both(seed: tuple[int, int]) -> list[list[int]]:
        loop = mesh.loop(seed)
        return [loop, [int(mirror[v]) for v in loop]]

    head = mesh.flood(FACE_SEED, [mesh.loop(NECK_LOOP)])
    head -= mesh.flood(MOUTH_CAVITY, [mesh.loop(MOUTH_LOOP)])
    sockets, ears = both(SOCKET_LOOP), both(EAR_LOOP)
    for side in (0, 1):
        head -= mesh.flood([SOCKET_CAVITY, int(mirror[SOCKET_CAVITY])][side], [sockets[side]])
    ear_quads: set[int] = set()
    for side in (0, 1):
        ear_quads |= mesh.flood([EAR_TIP, int(mirror[EAR_TIP])][side], [ears[side]])
    return sorted(head), ear_quads


def refined_skin(source: Source, split_count: int, uncut: set[int]) -> tuple[Skin, set[int]]:
    """The head's skin with the `split_count` left face quads of highest priority split 1 -> 4.

    Quads that touch a source vertex of `uncut` (lid and lip margins, which stay plain loops) are
    never split. Returns the skin and the set of its vertices that lie on the ears.
    """
    body = source.polygons("body")
    mesh = QuadMesh(body.vertices)
    head, ears = head_quads(source, mesh)
    chosen = _chosen_quads(source, body.vertices, head, ears, split_count, uncut)

    kept = np.unique(body.vertices[head])
    number = {int(v): i for i, v in enumerate(kept)}
    rows: list[Row] = [{int(v): 1.0} for v in kept]
    key_of: list[tuple[int, ...]] = [(int(v),) for v in kept]
    by_key: dict[tuple[int, ...], int] = {key: i for i, key in enumerate(key_of)}

    def add(key: tuple[int, ...], row: Row) -> int:
        if key not in by_key:
            by_key[key] = len(rows)
            rows.append(row)
            key_of.append(key)
        return by_key[key]

    for index in chosen:
        quad = body.vertices[index].tolist()
        for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
            add(edge_key(a, b), _edge_point(mesh, a, b))
    polygons: list[list[int]] = []
    textures: list[NDArray[np.float64]] = []
    ear_vertices: set[int] = set()
    for index in head:
        quad = body.vertices[index].tolist()
        uv = source.textures[body.textures[index]]
        edges = [edge_key(a, b) for a, b in zip(quad, quad[1:] + quad[:1], strict=True)]
        middle = 0.5 * (uv + np.roll(uv, -1, axis=0))
        if index in chosen:
            points = [by_key[edge] for edge in edges]
            centre = add(tuple(sorted(quad)), _coons(quad, [rows[p] for p in points]))
            for i in range(4):
                polygons.append([number[quad[i]], points[i], centre, points[i - 1]])
                textures.append(np.array([uv[i], middle[i], uv.mean(axis=0), middle[i - 1]]))
            continue
        loop: list[int] = []
        corners: list[NDArray[np.float64]] = []
        for i in range(4):
            loop.append(number[quad[i]])
            corners.append(uv[i])
            if edges[i] in by_key:
                loop.append(by_key[edges[i]])
                corners.append(middle[i])
        polygons.append(loop)
        textures.append(np.array(corners))
        if index in ears:
            ear_vertices.update(loop)

    mirror = np.array([by_key[tuple(sorted(int(source.mirror[v]) for v in key))] for key in key_of])
    matrix = _matrix(rows, len(source.positions))
    source_ids = np.array([key[0] if len(key) == 1 else -1 for key in key_of])
    return Skin(matrix, polygons, textures, mirror, source_ids), ear_vertices


def _chosen_quads(
    source: Source,
    quads: NDArray[np.int64],
    head: list[int],
    ears: set[int],
    split_count: int,
    uncut: set[int],
) -> set[int]:
    """Quads to split, chosen on the left half and mirrored."""
    corners = source.positions[quads]
    centre = corners.mean(axis=1)
    longest = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2).max(axis=1)
    by_set = {frozenset(quads[i].tolist()): i for i in head}
    left_eye, lips = np.array([0.31, 7.28, 1.4]), np.array([0.0, 6.61, 1.5])
    x, y, z = centre.T
    face = (z > 0.55) & (y > 6.12) & (y < 8.05) & (np.abs(x) < 0.80)
    ranked: list[tuple[float, int]] = []
    for i in head:
        if x[i] > 0 and face[i] and i not in ears and uncut.isdisjoint(quads[i].tolist()):
            near = min(np.linalg.norm(centre[i] - left_eye), np.linalg.norm(centre[i] - lips))
            ranked.append((-longest[i] * (1 + 0.35 * np.exp(-((near / 0.35) ** 2))), i))
    ranked.sort()
    return {
        j
        for _, i in ranked[:split_count]
        for j in (i, by_set[frozenset(source.mirror[quads[i]].tolist())])
    }


def _edge_point(mesh: QuadMesh, a: int, b: int) -> Row:
    """Four-point rule along the edge loop; quadratic or linear where the loop ends."""
    before, after = mesh.straight_on(b, a), mesh.straight_on(a, b)
    if before is not None and after is not None:
        terms = [(a, 9 / 16), (b, 9 / 16), (before, -1 / 16), (after, -1 / 16)]
    elif after is not None:
        terms = [(a, 3 / 8), (b, 3 / 4), (after, -1 / 8)]
    elif before is not None:
        terms = [(b, 3 / 8), (a, 3 / 4), (before, -1 / 8)]
    else:
        terms = [(a, 0.5), (b, 0.5)]
    return _combine([({vertex: 1.0}, weight) for vertex, weight in terms])


def _coons(quad: list[int], edge_rows: list[Row]) -> Row:
    """Bilinear Coons patch at its centre."""
    terms = [(row, 0.5) for row in edge_rows] + [({vertex: 1.0}, -0.25) for vertex in quad]
    return _combine(terms)


def _combine(terms: list[tuple[Row, float]]) -> Row:
    total: Row = defaultdict(float)
    for row, weight in terms:
        for vertex, value in row.items():
            total[vertex] += weight * value
    return dict(total)


def _matrix(rows: list[Row], width: int) -> sparse.csr_matrix:
    row_ids = [i for i, row in enumerate(rows) for _ in row]
    columns = [c for row in rows for c in row]
    values = [v for row in rows for v in row.values()]
    return sparse.csr_matrix((values, (row_ids, columns)), shape=(len(rows), width))
