"""Static positions and mirror asymmetry of one state of the face; no movement.

Functions of versions (see `interval`) in the symmetric frame: x is the signed distance to the
symmetry plane towards the subject's left, y up, z forward, in mm. Source: `clinical.md`,
"Measures", 2D-style positions (computed in 3D) and mirror asymmetry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.measures.catalogue import REGIONS, SIDES, THIRDS, Key, position_keys
from models.measures.interval import Reading, root_mean_square
from models.movements import Side
from models.reconstruction import Array

if TYPE_CHECKING:
    from typing import Literal

    from models.head.topology import Topology

SIGN: dict[Side, float] = {"left": 1.0, "right": -1.0}
_MIRROR = np.array([-1.0, 1.0, 1.0])


class FaceState:
    """The vertices that measures need, (1 + S, n, 3) in the symmetric frame, found by name."""

    def __init__(self, topology: Topology, vertices: NDArray[np.int64], versions: Array) -> None:
        self._topology = topology
        self._place = np.full(len(topology.mirror), -1)
        self._place[vertices] = np.arange(len(vertices))
        self.versions = versions

    def point(self, name: str) -> Array:
        """(1 + S, 3) a named point."""
        return np.asarray(self.versions[:, self._place[self._topology.points[name]]])

    def loop(self, name: str) -> Array:
        """(1 + S, n, 3) an ordered loop."""
        return np.asarray(self.versions[:, self._place[self._topology.loops[name]]])

    def region(self, name: str, side: Side | None = None) -> Array:
        """(1 + S, n, 3) a region, or its half on one side."""
        mask = self._topology.regions[name]
        if side is not None:
            mask = mask & (self._topology.side == SIGN[side])
        return np.asarray(self.versions[:, self._place[np.flatnonzero(mask)]])

    def mirror_difference(self, name: str) -> Array:
        """(1 + S, n, 3) each vertex of a region minus its counterpart's mirror image."""
        vertices = np.flatnonzero(self._topology.regions[name])
        here = self.versions[:, self._place[vertices]]
        there = self.versions[:, self._place[self._topology.mirror[vertices]]]
        return np.asarray(here - there * _MIRROR)


def needed_vertices(topology: Topology) -> NDArray[np.int64]:
    """Sorted ids of every vertex that a state of the face is asked for."""
    names = ("face", "perioral", *REGIONS, *THIRDS)
    mask = np.logical_or.reduce([topology.regions[name] for name in names])
    mask = mask.copy()
    for loop in topology.loops.values():
        mask[loop] = True
    mask[list(topology.points.values())] = True
    return np.flatnonzero(mask | mask[topology.mirror])


def mesh_lid_gap_mm(vertices_mm: NDArray[np.floating], topology: Topology) -> Array:
    """(..., V, 3) -> (..., 2) widest opening between the lid margins of the mesh, left, right."""
    gaps = [
        np.linalg.norm(
            vertices_mm[..., topology.loops[f"lid_upper_{side}"], :]
            - vertices_mm[..., topology.loops[f"lid_lower_{side}"], :],
            axis=-1,
        ).max(axis=-1)
        for side in SIDES
    ]
    return np.stack(gaps, axis=-1).astype(np.float64)


def position_readings(
    state: FaceState,
    rest: FaceState,
    lid_gap_mm: Array,
    phase: Literal["rest", "peak"],
) -> dict[Key, Reading]:
    """Every position and asymmetry of `state`; `rest` gives what must not move with the gaze.

    lid_gap_mm: (1 + S, 2) of this state, left and right, from the lid landmarks.
    """
    values: dict[tuple[str, str, str], Array] = {}
    for index, side in enumerate(SIDES):
        for name, versions in _sided(state, rest, side).items():
            values[name, side, ""] = versions
        values["fissure_height", side, ""] = not_below_zero(lid_gap_mm[:, index])
    values["dental_show", "midline", ""] = _midline_opening(state)
    values["philtrum_deviation", "midline", ""] = state.point("labiale_superius")[:, 0]
    for name, versions in _paired(state).items():
        values[name, "both", ""] = versions
    left, right = values["brow_height", "left", ""], values["brow_height", "right", ""]
    values["brow_height_deviation", "both", ""] = left - right
    for region in (*REGIONS, *THIRDS, "face"):
        unbiased, raw, floor = root_mean_square(state.mirror_difference(region))
        values["asymmetry_rms", "both", region] = unbiased
        values["asymmetry_rms_raw", "both", region] = raw
        values["asymmetry_noise_floor", "both", region] = floor
    readings = {}
    for key in position_keys(phase):
        name = key.measure.removesuffix(f"_{phase}")
        region = key.region if name.startswith("asymmetry") else ""
        readings[key] = Reading(values[name, key.side, region])
    return readings


def _sided(state: FaceState, rest: FaceState, side: Side) -> dict[str, Array]:
    lateral = SIGN[side]
    commissure = state.point(f"commissure_{side}")
    # The pupil of the resting eye: a glance must not change the height of a brow.
    pupil = rest.point(f"pupil_{side}")
    pair = _pair_at(rest, side, pupil)
    # The pupil line is straight through both pupils, so that a tilted head frame cancels.
    along = rest.point("pupil_left") - rest.point("pupil_right")
    slope = along[:, 1] / along[:, 0]
    brow = state.point(f"brow_mid_{side}")
    line = pupil[:, 1] + slope * (brow[:, 0] - pupil[:, 0])
    lip = state.point("labiale_inferius")
    ala, fold = state.point(f"ala_{side}"), state.point(f"nasolabial_{side}")
    canthus = state.point(f"endocanthion_{side}")
    return {
        "brow_height": brow[:, 1] - line,
        "mrd1": state.loop(f"lid_upper_{side}")[:, pair, 1] - pupil[:, 1],
        "mrd2": pupil[:, 1] - state.loop(f"lid_lower_{side}")[:, pair, 1],
        "commissure_lateral": lateral * commissure[:, 0],
        "commissure_height": commissure[:, 1],
        "commissure_depth": commissure[:, 2],
        "smile_angle": _angle_deg(lateral * (commissure - lip)[:, 0], (commissure - lip)[:, 1]),
        "nlf_angle": _angle_deg(lateral * (fold - ala)[:, 0], (ala - fold)[:, 1]),
        "canthus_commissure_distance": np.linalg.norm(canthus - commissure, axis=-1),
        "dental_show": _lip_openings(state, side).mean(axis=-1),
    }


def _paired(state: FaceState) -> dict[str, Array]:
    def height_difference(name: str) -> Array:
        left, right = state.point(f"{name}_left"), state.point(f"{name}_right")
        return np.asarray(left[:, 1] - right[:, 1])

    distances = [
        np.linalg.norm(
            state.point(f"endocanthion_{side}") - state.point(f"commissure_{side}"), axis=-1
        )
        for side in SIDES
    ]
    return {
        "commissure_height_deviation": height_difference("commissure"),
        "upper_lip_height_deviation": height_difference("upper_lip_lateral"),
        "lower_lip_height_deviation": height_difference("lower_lip_lateral"),
        "fai": absolute(distances[0] - distances[1]),
    }


def absolute(signed: Array) -> Array:
    """(1 + S,) absolute value with the draws on the estimate's side, so that they stay linear."""
    return np.asarray(signed * (-1.0 if signed[0] < 0 else 1.0))


def not_below_zero(values: Array) -> Array:
    """(1 + S,) shifted so that the estimate is not below zero; the spread stays."""
    return values - min(0.0, float(values[0]))


def _angle_deg(sideways: Array, along: Array) -> Array:
    """Angle to the midline in the frontal projection, in degrees."""
    return np.degrees(np.arctan2(sideways, along))


def _pair_at(rest: FaceState, side: Side, pupil: Array) -> int:
    """The pair of lid margin vertices that lies over the pupil."""
    middle = (rest.loop(f"lid_upper_{side}")[0] + rest.loop(f"lid_lower_{side}")[0]) / 2.0
    return int(np.argmin(np.abs(middle[:, 0] - pupil[0, 0])))


def _lip_openings(state: FaceState, side: Side) -> Array:
    """(1 + S, n) openings between the inner lip margins of one half, the middle pair included.

    The loops run from the right commissure to the left one.
    """
    gaps = np.linalg.norm(state.loop("lip_inner_upper") - state.loop("lip_inner_lower"), axis=-1)
    n = gaps.shape[1]
    return np.asarray(gaps[:, n // 2 :] if side == "left" else gaps[:, : n - n // 2])


def _midline_opening(state: FaceState) -> Array:
    opening = state.point("stomion_superius") - state.point("stomion_inferius")
    return np.asarray(np.linalg.norm(opening, axis=-1))
