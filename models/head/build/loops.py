"""Names the source mesh's lid and lip edge loops; the only place with their vertex ids."""

from __future__ import annotations

from models.head.build.source import Source
from models.head.build.surface import QuadMesh

# Closed edge loops of the source mesh, outermost first (right lids; the mirror gives the left).
LID_RINGS = (
    (109, 113), (104, 108), (78, 79), (4885, 4890), (4, 5), (2, 3), (4847, 4848),
    (0, 1), (6756, 6757), (1055, 1056), (1095, 1096),
)  # fmt: skip
LID_MARGIN = 7
LIP_RINGS = (
    (377, 378), (363, 368), (405, 406), (412, 413), (414, 415), (497, 498), (416, 417),
    (418, 419), (420, 421), (535, 536), (552, 553),
)  # fmt: skip
LIP_OUTER, LIP_CONTACT = 2, 7


def right_lid_rings(mesh: QuadMesh) -> list[list[int]]:
    return [mesh.loop(seed) for seed in LID_RINGS]


def lip_rings(mesh: QuadMesh) -> list[list[int]]:
    return [mesh.loop(seed) for seed in LIP_RINGS]


def uncut_vertices(source: Source, mesh: QuadMesh) -> set[int]:
    """Source vertices of all margin loops, whose quads must not be refined."""
    right = {v for ring in right_lid_rings(mesh)[2:] for v in ring}
    lips = {v for ring in lip_rings(mesh)[1:] for v in ring}
    return right | lips | {int(source.mirror[v]) for v in right}
