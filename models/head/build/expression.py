"""The 60 named one-sided units: pairing, splitting at the midline and exact lid closure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.head.build.eyeballs import EYE_RADIUS_MM
from models.head.build.metric import contact_weight
from models.head.build.source import Source

MIDLINE_UNITS = ("jawForward", "jawOpen")
SPLIT_UNITS = (
    "browInnerUp", "cheekPuff", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
)  # fmt: skip
_SPLIT_WIDTH_MM = 10.0
# Share of the closed gap that the lower lid rises; the upper one does the rest.
LOWER_LID_SHARE = 0.12
CLOSED_LID_OFFSET_MM = 1.6
# How far margin corrections reach: weight per lid ring, outermost first.
RING_WEIGHTS = (0.0, 0.0, 0.12, 0.3, 0.5, 0.75, 0.92, 1.0, 1.0, 1.0, 1.0)
_FOLD_RING = 1

Field = NDArray[np.float64]


@dataclass(frozen=True)
class LidPairs:
    """Margin of one eye, medial to lateral: vertex ids (p,), and each ring's ids in order.

    `rings` (r, 2p-2) runs from the medial corner along the upper lid and back along the lower.
    """

    upper: NDArray[np.int64]
    lower: NDArray[np.int64]
    rings: NDArray[np.int64]


def side_weight(x_mm: Field) -> Field:
    """Share of the subject's left side; left and right shares add up to exactly one."""
    return np.asarray(0.5 * (1 + np.tanh(2.2 * x_mm / _SPLIT_WIDTH_MM)))


def one_sided_units(
    source: Source, transfer: Callable[[Field], Field], mirror: NDArray[np.int64], x_mm: Field
) -> tuple[list[str], Field, NDArray[np.int64]]:
    """Names (60), displacements (60,V,3) and mirror permutation (60,)."""

    def flip(field: Field) -> Field:
        return np.asarray(field[mirror] * np.array([-1.0, 1.0, 1.0]))

    units: dict[str, Field] = {}
    for name in source.unit_names():
        if name == "tongueOut" or "Right" in name:
            continue
        field = transfer(source.unit(name))
        if "Left" in name:
            other = name.replace("Left", "Right")
            units[name] = 0.5 * (field + flip(transfer(source.unit(other))))
            units[other] = flip(units[name])
            continue
        even = 0.5 * (field + flip(field))
        if name in MIDLINE_UNITS:
            units[name] = even
        else:
            units[name + "Left"] = even * side_weight(x_mm)[:, None]
            units[name + "Right"] = flip(units[name + "Left"])
    names = sorted(units)
    twins = [
        names.index(n.replace("Left", "%").replace("Right", "Left").replace("%", "Right"))
        for n in names
    ]
    return names, np.stack([units[n] for n in names]), np.array(twins)


def ring_shares(pairs: LidPairs, vertices: int) -> Field:
    """Matrix G (V,p): how far each lid vertex follows the closing of each margin pair."""
    p = len(pairs.upper)
    shares = np.zeros((vertices, p))
    for ring, weight in zip(pairs.rings, RING_WEIGHTS, strict=True):
        for k, vertex in enumerate(ring):
            if 0 < k < p - 1:
                shares[vertex, k] = -(1 - LOWER_LID_SHARE) * weight
            elif k >= p:
                shares[vertex, 2 * p - 2 - k] = LOWER_LID_SHARE * weight
    return shares


def closing_unit(unit: Field, points_mm: Field, centre_mm: Field, pairs: LidPairs) -> Field:
    """The blink unit (V,3) reshaped so that the margin pairs meet exactly on the eyeball.

    The lid between its fold and the margin becomes a smooth sheet over the ball; the rings
    behind the margin move with it.
    """
    upper, lower = points_mm[pairs.upper], points_mm[pairs.lower]
    meet = lower + LOWER_LID_SHARE * (upper - lower)
    on_ball = centre_mm + (EYE_RADIUS_MM + CLOSED_LID_OFFSET_MM) * (meet - centre_mm) / (
        np.linalg.norm(meet - centre_mm, axis=1, keepdims=True)
    )
    weight = contact_weight(meet, centre_mm)[:, None]
    meet = (1 - weight) * meet + weight * on_ball
    margin = RING_WEIGHTS.index(1.0)
    goal = np.concatenate([meet, meet[-2:0:-1]])
    at_margin = goal - points_mm[pairs.rings[margin]]
    lacking = at_margin - unit[pairs.rings[margin]]

    closed = unit.copy()
    for ring, ring_weight in zip(pairs.rings[:margin], RING_WEIGHTS[:margin], strict=True):
        closed[ring] += ring_weight * lacking
    fold = pairs.rings[_FOLD_RING]
    start = points_mm[fold] + closed[fold]
    lengths = np.linalg.norm(
        np.diff(points_mm[pairs.rings[_FOLD_RING : margin + 1]], axis=0), axis=2
    )
    travelled = np.cumsum(lengths, axis=0) / lengths.sum(axis=0)
    for ring, share in zip(pairs.rings[_FOLD_RING + 1 : margin], travelled, strict=False):
        closed[ring] = _between(start, goal, centre_mm, share[:, None]) - points_mm[ring]
    for ring in pairs.rings[margin:]:
        closed[ring] = at_margin
    return closed


def _between(start: Field, stop: Field, centre: Field, share: Field) -> Field:
    """Points (n,3) on the arcs about `centre` from start to stop at each share in 0..1."""
    a, b = start - centre, stop - centre
    length_a, length_b = (np.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    direction = (1 - share) * a / length_a + share * b / length_b
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    # The fold lies farther out; easing the radius in keeps the closed lid from forming a ledge.
    radius = length_b + (1 - share) ** 2 * (length_a - length_b)
    return np.asarray(centre + radius * direction)
