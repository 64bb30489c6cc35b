"""All measures of one take, per repetition and per movement: where the parts come together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import UnusableInputError
from models.measures.catalogue import (
    EFFORT_DIRECTION,
    MEASURE_REGION,
    SIDES,
    TARGET_POINTS,
    Key,
    RowSide,
    amplitude_measure,
    is_closure,
    movement_keys,
    position_keys,
)
from models.measures.collection import Collection
from models.measures.fields import asymmetry_field, displacement_field
from models.measures.frame import (
    SymmetryPlane,
    best_plane,
    fit_symmetry_plane,
    plane_axes,
    plane_weights,
)
from models.measures.interval import Ensemble, Reading, not_below_zero
from models.measures.movement import Traces, repetition_readings, unusable
from models.measures.positions import (
    SIGN,
    FaceState,
    mesh_lid_gap_mm,
    needed_vertices,
    position_readings,
)
from models.measures.segmentation import (
    Repetition,
    over_gaps,
    peak_frame,
    peak_window,
    repetitions,
    rest_frames,
)
from models.measures.table import MeasureRow
from models.movements import MOVEMENTS, AffectedSide, Movement, Side
from models.reconstruction import Array, Array32, Take, VertexUncertainty

if TYPE_CHECKING:
    from models.head.topology import Topology

# The median of more rest frames than these says nothing new.
_MEDIAN_FRAMES = 91

_NO_REST = (
    "The face is never still at rest in this take. Record 2 seconds of rest before the movement."
)
_STILL = "A still image shows no movement. Record a video of the movement."
_NO_FRAMES = "Every frame of this take is excluded."
_NO_MOVEMENT = (
    "No movement above the noise was found in this take. Let the movement be made more clearly."
)


@dataclass(frozen=True)
class TakeMeasures:
    """What was measured in a take.

    rows: per movement (`repetition` None) and per repetition. asymmetry_mm (T, V): signed mirror
    difference along the surface normal, > 0 where the vertex stands out against its counterpart.
    displacement_mm (T, V): distance from rest; NaN without rest. amplitude_mm (T, 2): left and
    right in the movement's own measure, for charts and phases; NaN without rest.
    rest_mm (V, 3): the face at rest, as a median over its frames.
    stable_residual_mm (T,): RMS motion of the stable region against rest, which a head that is
    still in the head frame keeps near 0. activated: None for rest.
    """

    movement: str
    rows: tuple[MeasureRow, ...]
    asymmetry_mm: Array32
    displacement_mm: Array32
    amplitude_mm: Array
    repetitions: tuple[Repetition, ...]
    rest_frames: NDArray[np.int64]
    rest_mm: Array | None
    plane: SymmetryPlane
    stable_residual_mm: Array
    has_rest: bool
    activated: bool | None

    @property
    def synkinesis(self) -> tuple[MeasureRow, ...]:
        """The movement's row of the synkinesis matrix: mm and percent per region."""
        return tuple(
            row
            for row in self.rows
            if row.repetition is None and row.measure in ("synkinesis", "synkinesis_percent")
        )

    def value(self, measure: str, side: RowSide, region: str | None = None) -> float | None:
        """The movement's value of a measure, or None when undetermined; KeyError when unknown."""
        for row in self.rows:
            here = row.repetition is None and row.measure == measure and row.side == side
            if here and region in (None, row.region):
                return row.value
        raise KeyError((measure, side, region))


def exact_take(
    movement: str,
    vertices_mm: Array32,
    time_s: Array,
    topology: Topology,
    *,
    affected_side: AffectedSide | None = None,
) -> Take:
    """A take of meshes that are known without error, such as the truth of synthetic patients.

    vertices_mm (T, V, 3) in the head frame. The lid gap is the mesh's. Measures have no
    intervals then.
    """
    n_frames, n_vertices = vertices_mm.shape[:2]
    return Take(
        movement=movement,
        vertices_mm=vertices_mm,
        time_s=time_s,
        valid=np.ones(n_frames, dtype=bool),
        uncertainty=VertexUncertainty(
            sigma_mm=np.zeros((n_frames, n_vertices), np.float32),
            modes_mm=np.zeros((0, n_vertices, 3), np.float32),
            coefficients=np.zeros((0, n_frames, 0), np.float32),
            lid_gap_mm=np.zeros((0, n_frames, 2), np.float32),
        ),
        lid_gap_mm=mesh_lid_gap_mm(vertices_mm, topology).astype(np.float32),
        affected_side=affected_side,
    )


def measure_take(
    take: Take,
    topology: Topology,
    *,
    affected_side: AffectedSide | None,
    plane: SymmetryPlane | None = None,
) -> TakeMeasures:
    """Measure a take.

    `affected_side` comes from the patient's record; rows `affected` and `healthy` exist only
    when it is left or right. `plane` is the visit's frozen symmetry plane; without it the plane
    is fitted on this take's rest. Raises `UnusableInputError` for a movement that is not in the
    protocol and for a take that does not fit the topology.
    """
    movement = _movement(take, topology)
    rest = _rest(take, topology, movement)
    scene = _Scene(take, topology, rest if len(rest) else np.flatnonzero(take.valid), plane)
    collection = Collection()
    if len(rest):
        collection.add(scene.rest_positions("rest"))
    else:
        collection.miss(position_keys("rest"), _NO_REST if take.valid.any() else _NO_FRAMES)
    traces: Traces | None = None
    found: list[Repetition] = []
    if movement.target_measure is not None:
        reason = _no_movement_reason(take, rest)
        if reason:
            if reason == _STILL:
                collection.add(scene.rest_positions("peak"))
            else:
                collection.miss(position_keys("peak"), reason)
            collection.miss(movement_keys(movement, affected_side), reason)
        else:
            traces = scene.traces(movement, affected_side)
            found = _segment(traces)
            _measure_repetitions(scene, traces, found, collection)
            collection.note_spread(amplitude_measure(movement))
    amplitude = np.full((len(take.time_s), 2), np.nan)
    if traces is not None:
        amplitude = np.stack([traces.amplitude(side) for side in SIDES], axis=-1)
    return TakeMeasures(
        movement=movement.id,
        rows=tuple(collection.rows(movement.id, affected_side)),
        asymmetry_mm=asymmetry_field(take.vertices_mm, scene.rest_mm, topology, scene.plane),
        displacement_mm=displacement_field(take.vertices_mm, scene.rest_mm if len(rest) else None),
        amplitude_mm=amplitude,
        repetitions=tuple(found),
        rest_frames=rest,
        rest_mm=scene.rest_mm if len(rest) else None,
        plane=scene.plane,
        stable_residual_mm=_stable_residual(take, topology, scene.rest_mm),
        has_rest=bool(len(rest)),
        activated=None if movement.target_measure is None else bool(found),
    )


def _no_movement_reason(take: Take, rest: NDArray[np.int64]) -> str:
    """Why nothing can be said about movement; empty when it can."""
    if not take.valid.any():
        return _NO_FRAMES
    if len(take.time_s) == 1:
        return _STILL
    return "" if len(rest) else _NO_REST


def _measure_repetitions(
    scene: _Scene, traces: Traces, found: list[Repetition], collection: Collection
) -> None:
    keys = position_keys("peak") + movement_keys(traces.movement, traces.affected_side)
    for repetition in found:
        reason = unusable(traces, repetition)
        if reason:
            collection.miss(keys, reason, repetition.number)
            continue
        frames = peak_window(traces.valid, repetition.peak_frame)
        peak = scene.state(frames)
        readings = position_readings(peak, scene.rest, scene.lid_gap(frames), "peak")
        readings |= repetition_readings(traces, repetition, scene.rest, peak)
        collection.add(readings, repetition.number)
    if not found:
        collection.miss(keys, _NO_MOVEMENT)
        collection.add(_gap_without_repetition(traces))


def _movement(take: Take, topology: Topology) -> Movement:
    if take.movement not in MOVEMENTS:
        raise UnusableInputError(
            f"There is no movement '{take.movement}' in the protocol.",
            f"Use one of {', '.join(MOVEMENTS)}.",
        )
    if take.vertices_mm.shape[1] != len(topology.mirror):
        raise UnusableInputError(
            "The take's meshes do not belong to this head model.",
            "Measure with the head model that made the meshes.",
        )
    return MOVEMENTS[take.movement]


def _median_mesh(take: Take, topology: Topology, frames: NDArray[np.int64]) -> Array:
    """(V, 3) vertex-wise median over the frames, so that a blink leaves no trace in rest.

    Without a frame the template stands in; all that is measured on it is undetermined.
    """
    if len(frames) == 0:
        return np.asarray(topology.template_mm, dtype=np.float64)
    chosen = frames
    if len(frames) > _MEDIAN_FRAMES:
        places = np.round(np.linspace(0, len(frames) - 1, _MEDIAN_FRAMES)).astype(int)
        chosen = frames[places]
    return np.median(take.vertices_mm[chosen], axis=0).astype(np.float64)


def _rest(take: Take, topology: Topology, movement: Movement) -> NDArray[np.int64]:
    """The frames at rest. A take of rest, or a still of it, is at rest throughout."""
    valid = np.flatnonzero(take.valid)
    if movement.target_measure is None or len(valid) == 0:
        return valid
    if len(take.time_s) == 1:
        return np.empty(0, dtype=np.int64)
    if is_closure(movement):
        effort = -np.asarray(take.lid_gap_mm, dtype=np.float64).sum(axis=1)
    else:
        effort = np.zeros(len(take.time_s))
        for side in SIDES:
            points = _target_vertices(topology, movement.target_measure, side)
            place = take.vertices_mm[:, points].mean(axis=1, dtype=np.float64)
            direction = np.array(EFFORT_DIRECTION[movement.id]) * (SIGN[side], 1.0, 1.0)
            effort += place @ direction
    return rest_frames(effort, take.valid, take.time_s, take.rest_frame)


def _target_vertices(topology: Topology, measure: str, side: Side) -> NDArray[np.int64]:
    names = TARGET_POINTS[measure]
    return np.array([topology.points[f"{name}_{side}"] for name in names])


class _Scene:
    """The take in the symmetric frame: x from the symmetry plane to the left, y up, z forward.

    A plane that was fitted on this take is as uncertain as the take: each draw gets its own. A
    frozen plane is the same for all. `basis` are the frames that stand for rest.
    """

    def __init__(
        self,
        take: Take,
        topology: Topology,
        basis: NDArray[np.int64],
        plane: SymmetryPlane | None,
    ) -> None:
        self._take, self._topology, self._basis = take, topology, basis
        self._ensemble = Ensemble(take)
        self._needed = needed_vertices(topology)
        self.rest_mm = _median_mesh(take, topology, basis)
        self.plane = plane or fit_symmetry_plane(self.rest_mm, topology)
        n = self._ensemble.n_versions
        self._normals = np.repeat(self.plane.normal[None], n, axis=0)
        self._offsets = np.full(n, self.plane.offset_mm)
        if plane is None and n > 1 and len(basis):
            vertices, weights = plane_weights(self.rest_mm, topology)
            self._normals, self._offsets = best_plane(
                self._at_rest(vertices), self._at_rest(topology.mirror[vertices]), weights
            )
        self._axes = plane_axes(self._normals)
        self._lids = self._ensemble.lid_gap()
        self.rest = self._symmetric(self._at_rest(self._needed))
        self.rest_gap = self.lid_gap(basis, median=True)

    def _at_rest(self, vertices: NDArray[np.integer]) -> Array:
        return self._ensemble.state(self._basis, vertices, self.rest_mm[vertices])

    def _symmetric(self, versions: Array) -> FaceState:
        turned = versions @ np.swapaxes(self._axes, -1, -2)
        turned[..., 0] -= self._offsets[:, None]
        return FaceState(self._topology, self._needed, turned)

    def state(self, frames: NDArray[np.int64]) -> FaceState:
        """The mean face over some frames."""
        return self._symmetric(self._ensemble.state(frames, self._needed))

    def lid_gap(self, frames: NDArray[np.int64], *, median: bool = False) -> Array:
        """(1 + S, 2) mean lid gap over some frames; the median lets blinks pass."""
        if len(frames) == 0:
            return np.zeros((self._ensemble.n_versions, 2))
        gap = self._lids[:, frames].mean(axis=1)
        return np.asarray(
            gap + np.median(self._lids[0, frames], axis=0) - gap[0] if median else gap
        )

    def rest_positions(self, phase: Literal["rest", "peak"]) -> dict[Key, Reading]:
        """The positions of the basis; of a still that is all there is, whatever its phase."""
        return position_readings(self.rest, self.rest, self.rest_gap, phase)

    def traces(self, movement: Movement, affected_side: AffectedSide | None) -> Traces:
        """The take over time, for the measures of movement; excluded frames are bridged."""
        time_s, valid = np.asarray(self._take.time_s, dtype=np.float64), self._take.valid
        lids = over_gaps(self._lids, valid, time_s, axis=1)
        displacement: dict[str, dict[Side, Array]] = {
            measure: {side: self._displacement(measure, side) for side in SIDES}
            for measure in TARGET_POINTS
        }
        return Traces(
            movement=movement,
            affected_side=affected_side,
            time_s=time_s,
            valid=valid,
            rest=self._basis,
            displacement=displacement,
            lid_gap={side: lids[..., index] for index, side in enumerate(SIDES)},
            rest_gap={side: self.rest_gap[:, index] for index, side in enumerate(SIDES)},
            mesh_gap=mesh_lid_gap_mm(self._take.vertices_mm, self._topology),
        )

    def _displacement(self, measure: str, side: Side) -> Array:
        """(1 + S, T, 3) in side coordinates: lateral, up, forward."""
        vertices = _target_vertices(self._topology, measure, side)
        trace = self._ensemble.trace(vertices)
        trace = over_gaps(trace, self._take.valid, self._take.time_s, axis=1)
        moved = trace - self._at_rest(vertices).mean(axis=1)[:, None]
        turned = moved @ np.swapaxes(self._axes, -1, -2)
        return np.asarray(turned * np.array([SIGN[side], 1.0, 1.0]))


def _segment(traces: Traces) -> list[Repetition]:
    larger = np.maximum(*(traces.amplitude(side) for side in SIDES))
    noise = traces.noise_mm(int(np.argmax(np.where(traces.valid, larger, -np.inf))))
    return repetitions(larger, traces.valid, traces.time_s, traces.rest, noise)


def _gap_without_repetition(traces: Traces) -> dict[Key, Reading]:
    """The least lid gap needs no repetition: an eye that never closes has one, too."""
    if not is_closure(traces.movement):
        return {}
    found = {}
    for side in SIDES:
        window = peak_window(
            traces.valid,
            peak_frame(-traces.lid_gap[side][0], traces.valid, traces.time_s, 0, len(traces.valid)),
        )
        key = Key("lid_gap_min", side, MEASURE_REGION["lid_gap_min"], "mm")
        gap = not_below_zero(traces.lid_gap[side][:, window].mean(axis=1))
        found[key] = Reading(gap, "No closure was found; this is the least gap of the whole take.")
    return found


def _stable_residual(take: Take, topology: Topology, rest_mm: Array) -> Array:
    stable = np.flatnonzero(topology.regions["stable"])
    motion = take.vertices_mm[:, stable] - rest_mm[stable]
    return np.asarray(np.sqrt(np.mean(np.sum(motion**2, axis=-1), axis=-1)), dtype=np.float64)
