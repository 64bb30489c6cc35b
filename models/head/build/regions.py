"""Region masks on the template, laid out from named points; loops and landmarks live elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.head.build.anatomy import surface_distance_mm
from models.head.landmark_names import CONTOURS

Field = NDArray[np.float64]
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Parts:
    """Vertex masks (V,) known from the construction of the mesh, not from positions."""

    skin: Mask
    ear: Mask
    inside: Mask
    vermilion: Mask
    eye_left: Mask
    eye_right: Mask


def region_masks(
    points: Field,
    faces: Ids,
    mirror: Ids,
    named: dict[str, int],
    marks: Field,
    loops: dict[str, Ids],
    parts: Parts,
) -> dict[str, Mask]:
    """All masks (V,) by name. `marks` (478,3) are landmark positions; lengths in mm.

    brow, periocular, nose, cheek, upper_lip and lower_lip divide `face`; so do the thirds.
    """
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    at = {name: points[vertex] for name, vertex in named.items()}
    left = {name.removesuffix("_left"): p for name, p in at.items() if name.endswith("_left")}

    outer = parts.skin & ~parts.ear & ~parts.inside
    # The face oval as a polygon of azimuth about the ears' axis and height.
    axis_z = float(left["tragion"][2]) - 15.0
    azimuth = np.degrees(np.arctan2(points[:, 0], points[:, 2] - axis_z))
    oval = marks[list(CONTOURS["face_oval"])]
    outline = np.stack([np.degrees(np.arctan2(oval[:, 0], oval[:, 2] - axis_z)), oval[:, 1]], 1)
    face = outer & _inside(np.stack([azimuth, y], axis=1), outline) & (z > axis_z)

    brow_marks = marks[list(CONTOURS["brow_lower_left"])]
    order = np.argsort(brow_marks[:, 0])
    brow_line = np.interp(x, brow_marks[order, 0], brow_marks[order, 1]) - 2.0
    brow = face & (y > brow_line)

    eye = 0.5 * (left["endocanthion"] + left["exocanthion"])
    nose_half = np.interp(
        y,
        [left["ala"][1] - 6, left["ala"][1] + 4, left["endocanthion"][1], at["nasion"][1] + 6],
        [left["ala"][0] + 11, left["ala"][0] + 9, left["endocanthion"][0] - 4, 9.0],
    )
    nose = face & ~brow & (x < nose_half) & (y > at["subnasale"][1] - 1)
    around_eye = ((x - eye[0]) / 27.0) ** 2 + ((y - eye[1]) / 21.0) ** 2 < 1
    periocular = face & ~brow & ~nose & around_eye
    brow |= face & ~nose & ~periocular & (y > eye[1])

    contact = loops["lip_inner_upper"]
    mouth_line = np.interp(points[:, 0], points[contact, 0], points[contact, 1])
    mouth_half = float(left["commissure"][0])
    side_up = np.interp(
        y, [left["commissure"][1], at["subnasale"][1]], [mouth_half + 7, left["ala"][0] + 8]
    )
    lower_set = set(
        np.concatenate([loops["lip_inner_lower"][1:-1], loops["lip_outer_lower"][1:-1]])
    )
    is_lower = (y < mouth_line) | np.isin(np.arange(len(points)), sorted(lower_set))
    is_lower &= ~np.isin(np.arange(len(points)), contact)
    rest = face & ~brow & ~nose & ~periocular
    upper_lip = rest & ~is_lower & (x < side_up) & (y < at["subnasale"][1] + 1)
    lower_lip = rest & is_lower & (x < mouth_half + 7)
    cheek = rest & ~upper_lip & ~lower_lip

    lip_distance = surface_distance_mm(
        points, faces, np.concatenate([loops["lip_outer_upper"], loops["lip_outer_lower"]]), 14.0
    )
    lip_distance = np.minimum(lip_distance, lip_distance[mirror])
    perioral = face & ~nose & ((lip_distance < 14.0) | parts.vermilion)

    root_half = np.interp(
        y, [at["pronasale"][1] + 8, at["nasion"][1], at["glabella"][1] + 6], [7.0, 8.0, 13.0]
    )
    stable = face & (x < root_half) & (y > at["pronasale"][1] + 8) & (y < at["glabella"][1] + 6)

    jaw_line = np.interp(
        z,
        [left["tragion"][2] - 12, at["menton"][2]],
        [left["tragion"][1] - 38, at["menton"][1] - 3],
    )
    neck = outer & ~face & (y < jaw_line)
    neck |= outer & ~face & (z < left["tragion"][2] - 12) & (y < left["tragion"][1] - 38)
    top = marks[CONTOURS["face_oval"][0]]
    hairline = np.interp(
        z,
        [left["tragion"][2] - 10, left["tragion"][2] + 4, left["tragion"][2] + 30, top[2]],
        [left["tragion"][1] - 32, left["tragion"][1] + 28, left["tragion"][1] + 58, top[1]],
    )
    upper = face & (y >= at["glabella"][1])
    lower = face & (y < at["subnasale"][1])
    masks = {
        "brow": brow, "periocular": periocular, "nose": nose, "cheek": cheek,
        "upper_lip": upper_lip, "lower_lip": lower_lip, "perioral": perioral,
        "upper_third": upper, "middle_third": face & ~upper & ~lower, "lower_third": lower,
        "face": face, "stable": stable, "ear": parts.ear, "neck": neck,
        "scalp": outer & ~face & ~neck & (y > hairline), "lips": parts.vermilion,
        "skin": parts.skin, "inside": parts.inside,
    }  # fmt: skip
    # Exactly even: a vertex belongs when both it and its mirror partner do.
    even = {name: mask & mask[mirror] for name, mask in masks.items()}
    return even | {"eye_left": parts.eye_left, "eye_right": parts.eye_right}


def _inside(points: Field, outline: Field) -> Mask:
    """Even-odd rule: which points (n,2) lie in the closed polygon (m,2)."""
    inside = np.zeros(len(points), dtype=bool)
    u, v = points.T
    for (u0, v0), (u1, v1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if v0 == v1:
            continue
        crosses = (v0 > v) != (v1 > v)
        inside ^= crosses & (u < u0 + (v - v0) * (u1 - u0) / (v1 - v0))
    return inside
