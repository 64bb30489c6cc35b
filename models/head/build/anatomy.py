"""Names places of the head: margin loops, landmark anchors, points and regions; no geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from models.head.build import loops as source_loops
from models.head.build.embedding import Embedding
from models.head.build.expression import LidPairs
from models.head.build.source import Source
from models.head.build.surface import QuadMesh, edge_key

Field = NDArray[np.float64]
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Vertex points that are landmarks of the embedding (left or midline), snapped to a vertex.
_LANDMARK_POINTS = {
    "ala_left": 358, "brow_medial_left": 285, "brow_mid_left": 282, "brow_lateral_left": 276,
    "cheek_left": 280, "nasolabial_left": 426, "lower_lip_lateral_left": 405,
    "upper_lip_lateral_left": 269, "nasion": 168, "glabella": 9, "pronasale": 4, "subnasale": 2,
    "labiale_superius": 0, "labiale_inferius": 17, "menton": 152, "pogonion": 199,
}  # fmt: skip


def corresponding_rings(mesh: QuadMesh, rings: list[list[int]], start: int, reference: int) -> Ids:
    """Reorder concentric edge loops so that column k of each touches column k of the next.

    `start` is the source vertex of the ring `reference` that becomes column 0.
    """
    base = rings[reference]
    shift = base.index(start)
    ordered: dict[int, list[int]] = {reference: base[shift:] + base[:shift]}
    for step in (-1, 1):
        index = reference
        while 0 <= index + step < len(rings):
            members = set(rings[index + step])
            ordered[index + step] = [
                next(w for w in mesh.neighbours[v] if w in members) for v in ordered[index]
            ]
            index += step
    return np.array([ordered[i] for i in range(len(rings))])


def lid_pairs(source: Source, mesh: QuadMesh, number: dict[int, int]) -> dict[str, LidPairs]:
    """Margin pairs of both eyes; `number` maps source vertices to head vertices."""
    rings = source_loops.right_lid_rings(mesh)
    x, y = source.positions[:, 0], source.positions[:, 1]
    margin = rings[source_loops.LID_MARGIN]
    medial = max(margin, key=lambda v: x[v])
    columns = corresponding_rings(mesh, rings, medial, source_loops.LID_MARGIN)
    count = columns.shape[1] // 2 + 1
    if y[columns[source_loops.LID_MARGIN, 1 : count - 1]].mean() < y[columns].mean():
        columns = np.roll(columns[:, ::-1], 1, axis=1)
    pairs = {}
    for side in ("right", "left"):
        ids = columns if side == "right" else source.mirror[columns]
        head = np.array([[number[int(v)] for v in ring] for ring in ids])
        ring = head[source_loops.LID_MARGIN]
        upper = ring[:count]
        lower = np.concatenate([ring[:1], ring[: count - 2 : -1]])
        pairs[side] = LidPairs(upper, lower, head)
    return pairs


def lip_loops(
    source: Source, mesh: QuadMesh, number: dict[int, int], paired: bool
) -> dict[str, Ids]:
    """Outer (vermilion) and inner (contact) lip loops, right to left, upper and lower alike.

    `paired` makes both lips equally long: the longer one skips vertices beside the corner.
    """
    result = {}
    chosen = {"outer": source_loops.LIP_OUTER, "inner": source_loops.LIP_CONTACT}
    for name, index in chosen.items():
        ring = source_loops.lip_rings(mesh)[index]
        x, y = source.positions[ring].T[:2]
        top = max(np.flatnonzero(np.abs(x) < 1e-9), key=lambda i: y[i])
        ring = ring[top:] + ring[:top]
        if source.positions[ring[1], 0] < 0:
            ring = [ring[0], *ring[:0:-1]]
        # From the middle of the upper lip over the left corner to the middle of the lower one.
        half = ring[: len(ring) // 2 + 1]
        corner = int(np.argmax(source.positions[half, 0]))
        upper, lower = half[: corner + 1], half[: corner - 1 : -1]
        shortest = min(len(upper), len(lower))
        for name_of, part in (("upper", upper), ("lower", lower)):
            count = shortest if paired else len(part)
            left = [*part[: count - 1], part[-1]]
            right = [int(source.mirror[v]) for v in left[:0:-1]]
            result[f"lip_{name}_{name_of}"] = np.array([number[v] for v in right + left])
    return result


def lip_columns(source: Source, mesh: QuadMesh, number: dict[int, int]) -> tuple[Ids, Ids]:
    """Corresponding upper and lower lip vertices (rings, pairs) of the left half, midline first.

    Rows are the lip rings, outermost first; the ring's corner is left out.
    """
    rings = source_loops.lip_rings(mesh)
    contact = rings[source_loops.LIP_CONTACT]
    x, y = source.positions[:, 0], source.positions[:, 1]
    top = max((v for v in contact if abs(x[v]) < 1e-9), key=lambda v: y[v])
    columns = corresponding_rings(mesh, rings, top, source_loops.LIP_CONTACT)
    if x[columns[source_loops.LIP_CONTACT, 1]] < 0:
        columns = np.roll(columns[:, ::-1], 1, axis=1)
    half = columns[:, : columns.shape[1] // 2 + 1]
    count = half.shape[1] // 2
    head = np.array([[number[int(v)] for v in ring] for ring in half])
    return head[:, :count], head[:, : -count - 1 : -1]


@dataclass(frozen=True)
class Midline:
    """Outer midline vertices in order from the neck's front over the face to the crown."""

    ids: Ids

    @staticmethod
    def walk(points: Field, faces: Ids, upper_lip: int, lower_lip: int) -> Midline:
        """Follow midline edges down from the lower lip and up from the upper lip."""
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        on = (np.abs(points[edges, 0]) < 1e-9).all(axis=1)
        near: dict[int, set[int]] = {}
        for a, b in edges[on].tolist():
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)

        def follow(start: int) -> list[int]:
            chain = [start]
            while True:
                following = [v for v in near[chain[-1]] if v not in chain]
                if not following:
                    return chain
                chain.append(following[0])

        return Midline(np.array(follow(lower_lip)[::-1] + follow(upper_lip)))


def anchors(points: Field, midline: Midline, upper_lip: int, lower_lip: int) -> dict[int, int]:
    """Landmark -> vertex of midline extremes and the left ala, found on the template (mm)."""
    ids = midline.ids.tolist()
    upper, lower = ids.index(upper_lip), ids.index(lower_lip)
    above, below = np.array(ids[upper:]), np.array(ids[:lower])
    z_above = points[above, 2]
    tip = int(np.argmax(z_above[points[above, 1] < points[upper_lip, 1] + 60.0]))
    between = np.arange(1, tip)
    # Subnasale: deepest corner between lip and nose tip, seen along the bisector of both.
    subnasale = between[np.argmin(points[above[between], 2] - 0.6 * points[above[between], 1])]
    rise = points[above, 1] - points[above[tip], 1]
    bridge = np.arange(tip, int(np.argmax(rise > 70.0)))
    # Nasion: farthest behind the chord from nose tip to forehead.
    start, stop = points[above[bridge[0]]], points[above[bridge[-1]]]
    chord = (stop - start) / np.linalg.norm(stop - start)
    offset = points[above[bridge]] - start
    away = offset - np.outer(offset @ chord, chord)
    nasion = bridge[np.argmin(away[:, 2])]
    near_chin = below[points[below, 1] > points[lower_lip, 1] - 50.0]
    menton = near_chin[np.argmax(0.55 * points[near_chin, 2] - points[near_chin, 1])]
    return {
        4: int(above[tip]),
        2: int(above[subnasale]),
        168: int(above[nasion]),
        152: int(menton),
    }


def ala(points: Field, faces: Ids, tip: int, subnasale: int) -> int:
    """The most lateral vertex of the left nasal wing: its normal points sideways."""
    normal = np.zeros_like(points)
    corners = points[faces]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    for k in range(3):
        np.add.at(normal, faces[:, k], face)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    x, y, z = points.T
    wing = (x > 8) & (x < 26) & (y > points[subnasale, 1] - 2) & (y < points[tip, 1] + 10)
    wing &= (z > points[subnasale, 2] - 8) & (z < points[tip, 2] - 6)
    ids = np.flatnonzero(wing & np.isin(np.arange(len(points)), faces))
    return int(ids[np.argmax(normal[ids, 0])])


def named_points(
    points: Field,
    mirror: Ids,
    embedding: Embedding,
    lids: dict[str, LidPairs],
    commissure_left: int,
    tragion_left: int,
    lips: dict[str, Ids],
    pupil_left: int,
) -> dict[str, int]:
    """Vertex ids of all named points, right ones by the mirror map."""
    marks = embedding.positions(points)
    found: dict[str, int] = {}
    for name, mark in _LANDMARK_POINTS.items():
        corner = embedding.vertices[mark][embedding.weights[mark] > 0]
        near = np.linalg.norm(points[corner] - marks[mark], axis=1)
        found[name] = int(corner[np.argmin(near)])
    middle = len(lips["lip_inner_upper"]) // 2
    found["stomion_superius"] = int(lips["lip_inner_upper"][middle])
    found["stomion_inferius"] = int(lips["lip_inner_lower"][middle])
    found["endocanthion_left"] = int(lids["left"].upper[0])
    found["exocanthion_left"] = int(lids["left"].upper[-1])
    found["commissure_left"] = commissure_left
    found["tragion_left"] = tragion_left
    found["pupil_left"] = pupil_left
    for name in [n for n in found if n.endswith("_left")]:
        found[name.replace("_left", "_right")] = int(mirror[found[name]])
    return dict(sorted(found.items()))


def surface_distance_mm(points: Field, faces: Ids, seeds: Ids, limit_mm: float) -> Field:
    """Distance (V,) along edges from the nearest seed; inf beyond `limit_mm`."""
    pairs = {edge_key(int(a), int(b)) for f in faces for a, b in zip(f, np.roll(f, 1), strict=True)}
    a, b = np.array(sorted(pairs)).T
    length = np.linalg.norm(points[a] - points[b], axis=1)
    graph = sparse.coo_matrix((length, (a, b)), shape=(len(points), len(points)))
    return np.asarray(dijkstra(graph, directed=False, indices=seeds, min_only=True, limit=limit_mm))
