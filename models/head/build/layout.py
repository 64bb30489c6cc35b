"""Names everything on the finished template: loops, points, regions, landmarks, metric checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.head.build import anatomy, embedding, expression, eyeballs
from models.head.build import loops as source_loops
from models.head.build.body import VERTICES, Body
from models.head.build.regions import Parts, region_masks
from models.head.build.source import Source
from models.head.build.surface import QuadMesh

# Where the tragus meets the cheek on the source mesh, in dm.
_TRAGION_DM = np.array([0.71, 7.09, 0.68])

Field = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Anatomy:
    """Loops, points, regions and landmarks of the finished template."""

    loops: dict[str, Ids]
    points: dict[str, int]
    regions: dict[str, NDArray[np.bool_]]
    landmarks: embedding.Embedding
    canvas: embedding.Canvas


def lay_out(
    source: Source,
    mesh: QuadMesh,
    body: Body,
    template: Field,
    lids: dict[str, expression.LidPairs],
) -> Anatomy:
    skin_ids = np.arange(body.skin_count)
    skin = np.isin(np.arange(VERTICES), skin_ids)
    lips = anatomy.lip_loops(source, mesh, body.number, paired=True)
    lip_rings = [[body.number[v] for v in ring] for ring in source_loops.lip_rings(mesh)]
    inside_ids = {v for ring in lip_rings[source_loops.LIP_CONTACT + 1 :] for v in ring}
    for pairs in lids.values():
        inside_ids |= set(pairs.rings[source_loops.LID_MARGIN + 1 :].ravel().tolist())
    inside = np.isin(np.arange(VERTICES), sorted(inside_ids))
    vermilion_rings = lip_rings[source_loops.LIP_OUTER : source_loops.LIP_CONTACT + 1]
    vermilion = np.isin(np.arange(VERTICES), [v for ring in vermilion_rings for v in ring])
    outer_faces = body.faces[(skin & ~inside)[body.faces].all(axis=1)]
    canvas = embedding.Canvas(template, outer_faces, body.mirror)

    middle = len(lips["lip_inner_upper"]) // 2
    upper_lip, lower_lip = (int(lips[f"lip_inner_{s}"][middle]) for s in ("upper", "lower"))
    midline = anatomy.Midline.walk(template, outer_faces, upper_lip, lower_lip)
    found = anatomy.anchors(template, midline, upper_lip, lower_lip)
    found[279] = anatomy.ala(template, outer_faces, found[4], found[2])
    tragion = int(np.argmin(np.linalg.norm(body.rest_dm - _TRAGION_DM, axis=1)))
    contour_loops = {
        "eye_upper_left": lids["left"].upper, "eye_lower_left": lids["left"].lower,
        **anatomy.lip_loops(source, mesh, body.number, paired=False),
    }  # fmt: skip
    first = body.skin_count
    iris = {473: first, 468: first + eyeballs.VERTICES}
    limbus = eyeballs.LIMBUS_RING
    for quarter in range(4):
        # Both irises run left, up, right, down of the subject.
        vertex = first + eyeballs.ring_vertex(limbus, quarter * eyeballs.SEGMENTS // 4)
        iris[474 + quarter] = vertex
        opposite = [2, 1, 0, 3][quarter]
        iris[469 + opposite] = int(body.mirror[vertex])
    landmarks = embedding.place(canvas, contour_loops, found, iris)
    corner_ring = lip_rings[source_loops.LIP_OUTER + 2]
    commissure = max(corner_ring, key=lambda v: float(template[v, 0]))
    points = anatomy.named_points(
        template, body.mirror, landmarks, lids, commissure, tragion, lips, first
    )
    loops = dict(lips)
    for side, pairs in lids.items():
        loops[f"lid_upper_{side}"], loops[f"lid_lower_{side}"] = pairs.upper, pairs.lower
    eye_left = (np.arange(VERTICES) >= first) & (np.arange(VERTICES) < first + eyeballs.VERTICES)
    parts = Parts(skin, body.ear, inside, vermilion, eye_left, ~skin & ~eye_left)
    regions = region_masks(
        template, outer_faces, body.mirror, points, landmarks.positions(template), loops, parts
    )
    return Anatomy(loops, points, regions, landmarks, canvas)


def metric_checks(
    template: Field, points: dict[str, int], lid: expression.LidPairs, centre: Field
) -> dict[str, float]:
    """Distances in mm that are compared with published adult means."""
    at = {name: template[vertex] for name, vertex in points.items()}

    def apart(first: str, second: str) -> float:
        return float(np.linalg.norm(at[first] - at[second]))

    gap = np.linalg.norm(template[lid.upper] - template[lid.lower], axis=1)
    return {
        "interpupillary_mm": apart("pupil_left", "pupil_right"),
        "intercanthal_mm": apart("endocanthion_left", "endocanthion_right"),
        "biocular_mm": apart("exocanthion_left", "exocanthion_right"),
        "palpebral_length_mm": apart("endocanthion_left", "exocanthion_left"),
        "palpebral_height_mm": float(gap.max()),
        "nasion_menton_mm": apart("nasion", "menton"),
        "nasion_subnasale_mm": apart("nasion", "subnasale"),
        "subnasale_menton_mm": apart("subnasale", "menton"),
        "mouth_width_mm": apart("commissure_left", "commissure_right"),
        "nose_width_mm": apart("ala_left", "ala_right"),
        "bitragial_mm": apart("tragion_left", "tragion_right"),
        "nose_protrusion_mm": apart("subnasale", "pronasale"),
        "lid_to_eye_mm": float(
            np.linalg.norm(template[lid.upper[3:-3]] - centre, axis=1).mean()
            - eyeballs.EYE_RADIUS_MM
        ),
    }
