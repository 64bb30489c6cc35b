"""Puts the 5,023-vertex mesh together: cropped skin, refined and thinned, and both eyeballs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.head.build import eyeballs
from models.head.build import loops as source_loops
from models.head.build.source import Source
from models.head.build.surface import QuadMesh, refined_skin
from models.head.build.texture import upright_layout
from models.head.build.triangles import HalfMesh, Mirrored, left_half, mirrored, split_crown, thin

VERTICES = 5023
SPLIT_QUADS = 140
EAR_KEPT = 140

Field = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Body:
    """The mesh as a sparse map: `rows` (5023,19158) carries source displacements to the head."""

    rows: sparse.csr_matrix
    rest_dm: Field
    faces: Ids
    uv: Field
    mirror: Ids
    number: dict[int, int]
    ear: NDArray[np.bool_]
    skin_count: int


def build_body(source: Source, mesh: QuadMesh) -> Body:
    """Crop, refine, thin, mirror, and add the eyeballs' centre rows."""
    uncut = source_loops.uncut_vertices(source, mesh)
    skin, ear_ids = refined_skin(source, SPLIT_QUADS, uncut)
    points = skin.rows @ source.positions
    half = left_half(skin, points)
    on_ear = np.isin(np.arange(len(points)), sorted(ear_ids))
    x, y, z = points.T
    bare = ((z < 0.45) | ((y > 8.1) & (z < 1.0)) | (y < 6.1)) & ~on_ear
    middle, left = int((np.abs(x) < 1e-9).sum()), int((x > 1e-9).sum())
    ear_collapses = int((on_ear & (x > 0)).sum()) - EAR_KEPT
    half = thin(half, points, np.where(on_ear, 1.0, np.inf), ear_collapses)
    rows = skin.rows
    if middle % 2 == 0:
        half, rows = split_crown(half, skin, points)
        points, bare = rows @ source.positions, np.append(bare, False)
        middle += 1
    skin_count = VERTICES - 2 * eyeballs.VERTICES
    spare = left - ear_collapses - (skin_count - middle) // 2
    half = thin(half, points, np.where(bare, 1.0, np.inf), spare)
    half = HalfMesh(half.faces, upright_layout(half))
    whole = mirrored(half, rows, points, source.mirror)
    return _with_eyeballs(source, whole, skin.source_ids, on_ear, skin_count)


def _with_eyeballs(
    source: Source, whole: Mirrored, source_ids: Ids, on_ear: NDArray[np.bool_], skin_count: int
) -> Body:
    fronts = []
    for side in ("l", "r"):
        ids = eyeballs.source_front(source, side)
        row = sparse.csr_matrix(
            (np.full(len(ids), 1 / len(ids)), (np.zeros(len(ids), int), ids)),
            shape=(1, len(source.positions)),
        )
        fronts.append(sparse.vstack([row] * eyeballs.VERTICES))
    rows = sparse.vstack([whole.rows, *fronts]).tocsr()
    rest = rows @ source.positions
    ball_mirror = eyeballs.mirror_map()
    first = skin_count + np.array([0, eyeballs.VERTICES])
    mirror = np.concatenate([whole.mirror, first[1] + ball_mirror, first[0] + ball_mirror])
    ball = eyeballs.sphere_faces()
    right_ball = np.empty_like(ball_mirror)
    right_ball[:] = ball_mirror
    faces = np.concatenate([whole.faces, first[0] + ball, first[1] + right_ball[ball][:, ::-1]])
    uv = np.concatenate([whole.uv, _ball_uv(ball, ball_mirror)])
    on_skin = np.arange(skin_count)
    number: dict[int, int] = {}
    for vertex in on_skin:
        skin_id = int(whole.skin_ids[vertex])
        if skin_id < len(source_ids) and source_ids[skin_id] >= 0:
            id_left = int(source_ids[skin_id])
            is_right = rest[vertex, 0] < -1e-9
            number[int(source.mirror[id_left]) if is_right else id_left] = int(vertex)
    ear = np.zeros(len(rest), bool)
    known = whole.skin_ids < len(on_ear)
    ear[on_skin[known]] = on_ear[whole.skin_ids[known]]
    return Body(rows, rest, faces, uv, mirror, number, ear, skin_count)


def _ball_uv(ball: Ids, ball_mirror: Ids) -> Field:
    """Both eyeballs in the free upper corners of the texture."""
    disc = eyeballs.sphere_uv() - 0.5
    left = np.stack([0.955 + 0.08 * disc[:, 0], 0.93 + 0.13 * disc[:, 1]], axis=1)
    right = left.copy()
    right[ball_mirror] = np.stack([1 - left[:, 0], left[:, 1]], axis=1)
    return np.concatenate([left[ball], right[ball_mirror[ball][:, ::-1]]])
