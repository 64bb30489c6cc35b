"""Adult metric size: face scale, eyeballs of 12 mm and lids that lie on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.head.build.eyeballs import EYE_RADIUS_MM

# Mean adult inter-pupillary distance, both sexes (Dodgson 2004, "Variation and extrema of human
# interpupillary distance").
INTERPUPILLARY_MM = 63.0
_CONTACT_MM = 9.5
_FADE_FROM_MM, _FADE_TO_MM = 12.0, 26.0
_CANTHUS_SHIFT_MM, _CANTHUS_REACH_MM = 1.5, 7.0
_CONTACT_ROW = 7
_SEAT_DEPTH_MM = 0.5
_SIDES_FROM_MM, _SIDES_SHARE = 42.0, 0.19

Field = NDArray[np.float64]
Ids = NDArray[np.int64]


def smoothstep(value: Field, start: float, stop: float) -> Field:
    """0 below `start`, 1 above `stop`, smooth between."""
    t = np.clip((value - start) / (stop - start), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def eye_centre_mm(source_centre_mm: Field, source_radius_mm: float) -> Field:
    """Centre of the 12 mm ball that keeps the larger source ball's foremost point."""
    return np.asarray(source_centre_mm + np.array([0, 0, source_radius_mm - EYE_RADIUS_MM]))


def lay_on_eyeball(points_mm: Field, centre_mm: Field, source_radius_mm: float) -> Field:
    """Move lid skin (n,3) back in z so that it lies on the smaller ball as on the larger one."""
    axis_mm = np.linalg.norm(points_mm[:, :2] - centre_mm[:2], axis=1)
    inner = np.minimum(axis_mm, _CONTACT_MM)
    old_depth = source_radius_mm - np.sqrt(source_radius_mm**2 - inner**2)
    new_depth = EYE_RADIUS_MM - np.sqrt(EYE_RADIUS_MM**2 - inner**2)
    fade = 1 - smoothstep(axis_mm, _FADE_FROM_MM, _FADE_TO_MM)
    in_front = smoothstep(points_mm[:, 2], centre_mm[2] - 12.0, centre_mm[2])
    moved = points_mm.copy()
    moved[:, 2] -= (new_depth - old_depth) * fade * in_front
    return moved


def narrow_sides(points_mm: Field) -> Field:
    """Bring the sides of the head in: the source is broader at the tragi than adults are."""
    moved = points_mm.copy()
    beyond = np.abs(points_mm[:, 0]) - _SIDES_FROM_MM
    inward = _SIDES_SHARE * np.maximum(beyond, 0) * smoothstep(beyond, 0.0, 25.0)
    moved[:, 0] -= np.sign(points_mm[:, 0]) * inward
    return moved


def widen_fissure(points_mm: Field, endocanthion_mm: Field) -> Field:
    """Move the medial corner of the left eye towards the nose, to the adult canthal distance."""
    near = np.exp(-((np.linalg.norm(points_mm - endocanthion_mm, axis=1) / _CANTHUS_REACH_MM) ** 2))
    moved = points_mm.copy()
    moved[:, 0] -= _CANTHUS_SHIFT_MM * near * smoothstep(points_mm[:, 0], 4.0, 12.0)
    return moved


def seat_on_eyeball(points_mm: Field, centre_mm: Field) -> Field:
    """Inner lid vertices (n,3) put just under the eyeball's surface, so that no slit is left."""
    offset = points_mm - centre_mm
    length = np.linalg.norm(offset, axis=1, keepdims=True)
    return np.asarray(centre_mm + (EYE_RADIUS_MM - _SEAT_DEPTH_MM) * offset / length)


def close_lips(points_mm: Field, upper: Ids, lower: Ids, gap_mm: float) -> Field:
    """Bring lip rings (r,p), contact ring last but for inner ones, to a small even gap in y.

    `upper` and `lower` hold corresponding vertices; row `_CONTACT_ROW` is the contact ring.
    """
    moved = points_mm.copy()
    gap = points_mm[upper[_CONTACT_ROW], 1] - points_mm[lower[_CONTACT_ROW], 1]
    excess = np.where(gap > gap_mm, gap - gap_mm, 0.0)
    rows = np.arange(len(upper))
    share = np.clip(1 - (_CONTACT_ROW - rows) / (_CONTACT_ROW + 1.0), 0, 1)
    for row in rows:
        moved[upper[row], 1] -= 0.5 * share[row] * excess
        moved[lower[row], 1] += 0.5 * share[row] * excess
    return moved


def contact_weight(points_mm: Field, centre_mm: Field) -> Field:
    """1 on lid skin that touches the eyeball, 0 from 13 mm off its axis or 5 mm off its surface."""
    axis_mm = np.linalg.norm(points_mm[:, :2] - centre_mm[:2], axis=1)
    off_mm = np.linalg.norm(points_mm - centre_mm, axis=1) - EYE_RADIUS_MM
    near = (1 - smoothstep(axis_mm, 9.0, 13.0)) * (1 - smoothstep(off_mm, 2.5, 5.0))
    return np.asarray(near * (points_mm[:, 2] > centre_mm[2]))


def slide_on_eyeball(
    displacements: Field, points_mm: Field, centre_mm: Field, centre_shift: Field
) -> Field:
    """Take out of displacements (k,n,3) what would lift lids off the ball or push them in.

    `centre_shift` (k,3) is the eyeball's own displacement.
    """
    normal = points_mm - centre_mm
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    relative = displacements - centre_shift[:, None]
    radial = np.einsum("kvc,vc->kv", relative, normal) * contact_weight(points_mm, centre_mm)
    return np.asarray(displacements - radial[..., None] * normal)
