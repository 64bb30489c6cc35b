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
from models.measures.interval import Reading, absolute, not_below_zero, root_mean_square
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
        self._vertices = vertices
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

    def template(self) -> FaceState:
        """The template (lips closed, eyes open) as a state of one version."""
        template = np.asarray(self._topology.template_mm, dtype=np.float64)
        return FaceState(self._topology, self._vertices, template[None, self._vertices])

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
    """(..., V, 3) -> (..., 2) widest opening between the lid margins of the mesh, left, right.

    The farthest that a vertex of the upper margin is above the curve of the lower margin, in any
    direction; 0 when the margins touch or overlap.
    """
    gaps = []
    for side in SIDES:
        upper = vertices_mm[..., topology.loops[f"lid_upper_{side}"], :].astype(np.float64)
        lower = vertices_mm[..., topology.loops[f"lid_lower_{side}"], :].astype(np.float64)
        start, along = lower[..., None, :-1, :], np.diff(lower, axis=-2)[..., None, :, :]
        away = upper[..., :, None, :] - start
        share = (away * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-12)
        offset = away - np.clip(share, 0.0, 1.0)[..., None] * along
        squared = (offset**2).sum(-1)
        nearest = squared.argmin(axis=-1)[..., None]
        distance = np.sqrt(np.take_along_axis(squared, nearest, axis=-1))[..., 0]
        above = np.take_along_axis(offset[..., 1], nearest, axis=-1)[..., 0] > 0
        gaps.append(np.where(above, distance, 0.0).max(axis=-1))
    return np.stack(gaps, axis=-1)


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
    values["dental_show", "midline", ""] = _lip_opening(state, None)
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
    upper = _height_at(state.loop(f"lid_upper_{side}"), pupil, lateral)
    lower = _height_at(state.loop(f"lid_lower_{side}"), pupil, lateral)
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
        "mrd1": upper - pupil[:, 1],
        "mrd2": pupil[:, 1] - lower,
        "commissure_lateral": lateral * commissure[:, 0],
        "commissure_height": commissure[:, 1],
        "commissure_depth": commissure[:, 2],
        "smile_angle": _angle_deg(lateral * (commissure - lip)[:, 0], (commissure - lip)[:, 1]),
        "nlf_angle": _angle_deg(lateral * (fold - ala)[:, 0], (ala - fold)[:, 1]),
        "canthus_commissure_distance": np.linalg.norm(canthus - commissure, axis=-1),
        "dental_show": _lip_opening(state, side),
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


def _angle_deg(sideways: Array, along: Array) -> Array:
    """Angle to the midline in the frontal projection, in degrees."""
    return np.degrees(np.arctan2(sideways, along))


def _height_at(margin: Array, pupil: Array, lateral: float) -> Array:
    """(1 + S,) height of a lid margin (1 + S, n, 3), medial to lateral, over or under the pupil."""
    heights = [
        np.interp(lateral * at[0], lateral * line[:, 0], line[:, 1])
        for at, line in zip(pupil, margin, strict=True)
    ]
    return np.array(heights)


def _lip_opening(state: FaceState, side: Side | None) -> Array:
    """(1 + S,) how far the inner lip margins are apart, beyond the template's closed lips.

    One half: the area between the margins in the frontal projection over its width. None: the
    height of the opening at the midline.
    """
    here, closed = _raw_lip_opening(state, side), _raw_lip_opening(state.template(), side)
    return not_below_zero(here - closed)


def _raw_lip_opening(state: FaceState, side: Side | None) -> Array:
    if side is None:
        opening = state.point("stomion_superius") - state.point("stomion_inferius")
        return np.asarray(opening[:, 1])
    # The loops run from the right commissure to the left one, the middle pair in the midline.
    middle = state.loop("lip_inner_upper").shape[1] // 2
    half = slice(middle, None) if side == "left" else slice(middle, None, -1)
    upper, lower = state.loop("lip_inner_upper")[:, half], state.loop("lip_inner_lower")[:, half]
    width = SIGN[side] * (upper[:, -1, 0] - upper[:, 0, 0])
    return (_area_below(upper) - _area_below(lower)) * SIGN[side] / width


def _area_below(line: Array) -> Array:
    """(1 + S, n, 3) -> (1 + S,) signed area between a line and the x axis, in mm^2."""
    return np.asarray(np.trapezoid(line[..., 1], line[..., 0], axis=-1))
