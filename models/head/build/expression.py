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
    """The blink unit (V,3) bent so that the margin pairs meet exactly, lying on the eyeball."""
    upper, lower = points_mm[pairs.upper], points_mm[pairs.lower]
    meet = lower + LOWER_LID_SHARE * (upper - lower)
    on_ball = centre_mm + (EYE_RADIUS_MM + CLOSED_LID_OFFSET_MM) * (meet - centre_mm) / (
        np.linalg.norm(meet - centre_mm, axis=1, keepdims=True)
    )
    weight = contact_weight(meet, centre_mm)[:, None]
    meet = (1 - weight) * meet + weight * on_ball
    closed = unit.copy()
    p = len(pairs.upper)
    lacking = np.concatenate(
        [meet - upper - unit[pairs.upper], (meet - lower - unit[pairs.lower])[-2:0:-1]]
    )
    for ring, weight_of_ring in zip(pairs.rings, RING_WEIGHTS, strict=True):
        for k, vertex in enumerate(ring):
            if k not in (0, p - 1):
                closed[vertex] += weight_of_ring * lacking[k]
    margin = pairs.rings[RING_WEIGHTS.index(1.0)]
    closed[margin[[0, p - 1]]] = 0.0
    return closed
