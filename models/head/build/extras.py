"""Teeth, tongue, mouth cavity and lash roots, for rendering patients; no skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.head.build import loops as source_loops
from models.head.build.expression import LidPairs
from models.head.build.loops import LID_MARGIN
from models.head.build.source import Source
from models.head.build.surface import MOUTH_CAVITY, QuadMesh

Field = NDArray[np.float64]
Ids = NDArray[np.int64]

_GROUPS = {
    "upper_teeth": "helper-upper-teeth",
    "lower_teeth": "helper-lower-teeth",
    "tongue": "helper-tongue",
}
_INCISOR_SHOW_MM = 3.0
_LIP_DEPTH_MM = 4.5


@dataclass(frozen=True)
class Parts:
    """Source vertices `ids` (n,) of all inner parts with their mirror map (n,), and triangles."""

    ids: Ids
    mirror: Ids
    faces: dict[str, Ids]


@dataclass(frozen=True)
class Extras:
    """Inner parts with their own bases (mm): template (n,3), even, odd (k,n,3), units (E,n,3)."""

    template: Field
    even: Field
    odd: Field
    units: Field
    weights: Field
    mirror: Ids
    faces: dict[str, Ids]
    lash_margin: Ids
    lash_base: Ids


def extra_parts(source: Source, mesh: QuadMesh) -> Parts:
    """Teeth and tongue from the source's helper groups, the cavity from behind the inner lips."""
    quads = {name: source.polygons(group).vertices for name, group in _GROUPS.items()}
    cavity = mesh.flood(MOUTH_CAVITY, [source_loops.lip_rings(mesh)[-1]])
    quads["cavity"] = mesh.quads[sorted(cavity)]
    ids = np.unique(np.concatenate([q.ravel() for q in quads.values()]))
    number = np.full(len(source.positions), -1)
    number[ids] = np.arange(len(ids))
    return Parts(
        ids,
        number[source.mirror[ids]],
        {name: number[_triangles(q)] for name, q in quads.items()},
    )


def _triangles(quads: Ids) -> Ids:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def seat_teeth(template: Field, parts: Parts, stomion: Field) -> Field:
    """Move the teeth (n,3): upper incisors end just below the upper lip, lower ones behind them.

    `stomion` (3,) is the upper lip's lowest midline point in mm.
    """
    seated = template.copy()
    for name, edge_mm in (("upper_teeth", -_INCISOR_SHOW_MM), ("lower_teeth", 0.0)):
        ids = np.unique(parts.faces[name])
        front = ids[template[ids, 2] > template[ids, 2].max() - 6.0]
        edge = template[front, 1].min() if name == "upper_teeth" else template[front, 1].max()
        seated[ids, 1] += stomion[1] + edge_mm - edge
        seated[ids, 2] -= max(0.0, template[front, 2].max() + _LIP_DEPTH_MM - stomion[2])
    return seated


def lash_rows(lids: dict[str, LidPairs]) -> tuple[Ids, Ids]:
    """Skin vertices (4,p) where lashes stand and (4,p) of the lid behind them.

    Rows: upper left, lower left, upper right, lower right; columns medial to lateral.
    """
    rows = []
    for ring in (LID_MARGIN - 1, LID_MARGIN - 4):
        for side in ("left", "right"):
            pairs = lids[side]
            ids, count = pairs.rings[ring], len(pairs.upper)
            rows += [ids[:count], np.concatenate([ids[:1], ids[: count - 2 : -1]])]
    return np.array(rows[:4]), np.array(rows[4:])
