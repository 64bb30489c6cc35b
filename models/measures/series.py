"""A take over time as curves for charts, and the file that keeps them; no numbers of a movement.

The curves are as read: what noise adds to a length is not taken away as it is in the rows of
measures, since a curve is looked at and a row is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models.measures.catalogue import MEASURE_REGION, REGIONS, SIDES, TARGET_POINTS
from models.measures.interval import Ensemble, spread
from models.measures.positions import SIGN
from models.reconstruction import Array, Take

if TYPE_CHECKING:
    from models.head.topology import Topology
    from models.measures.take import TakeMeasures

# A hundredth of the mesh stream's step.
_DECIMALS = 3

Value = Annotated[float, Field(allow_inf_nan=False)] | None


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PhaseSpan(_Frozen):
    """When a repetition leaves rest, peaks and returns: frames of the take and seconds."""

    number: int
    onset_frame: int
    peak_frame: int
    offset_frame: int
    onset_s: float
    peak_s: float
    offset_s: float


class Curve(_Frozen):
    """One number over the frames of a take; None where a frame may not be measured.

    `sd` is 1 SD of each value and empty where the take's uncertainty does not say it.
    """

    measure: str
    side: Literal["left", "right", "both"]
    region: str
    unit: str
    values: tuple[Value, ...]
    sd: tuple[Value, ...] = ()


class TakeSeries(_Frozen):
    """The content of `series.json`: times, phases and curves of one take."""

    schema_version: Literal[1] = 1
    movement: str
    time_s: tuple[float, ...]
    rest_frames: tuple[int, ...]
    repetitions: tuple[PhaseSpan, ...]
    curves: tuple[Curve, ...]


def take_series(take: Take, measures: TakeMeasures, topology: Topology) -> TakeSeries:
    """The curves of a measured take.

    Excursions, lid gaps and region displacements per side, and the mirror asymmetry of each
    region, in mm. Without rest there are no excursions and displacements.
    """
    curves = [*_lid_gaps(take), *_asymmetries(take, measures, topology)]
    if measures.rest_mm is not None:
        curves += _excursions(take, measures.rest_mm, measures.rest_frames, topology)
        curves += _displacements(take, measures.rest_mm, topology)
    return TakeSeries(
        movement=take.movement,
        time_s=tuple(round(float(t), 6) for t in take.time_s),
        rest_frames=tuple(int(frame) for frame in measures.rest_frames),
        repetitions=tuple(
            PhaseSpan(
                number=r.number,
                onset_frame=r.onset_frame,
                peak_frame=r.peak_frame,
                offset_frame=r.offset_frame,
                onset_s=r.onset_s,
                peak_s=r.peak_s,
                offset_s=r.offset_s,
            )
            for r in measures.repetitions
        ),
        curves=tuple(curves),
    )


def _excursions(
    take: Take, rest_mm: Array, rest_frames: NDArray[np.int64], topology: Topology
) -> list[Curve]:
    ensemble = Ensemble(take)
    curves = []
    for measure, points in TARGET_POINTS.items():
        for side in SIDES:
            vertices = np.array([topology.points[f"{name}_{side}"] for name in points])
            rest = ensemble.state(rest_frames, vertices, rest_mm[vertices])
            moved = ensemble.trace(vertices) - rest.mean(axis=1)[:, None]
            length = np.linalg.norm(moved[0], axis=-1)
            along = moved[0] / np.maximum(length, 1e-12)[:, None]
            curves.append(
                _curve(
                    take,
                    measure,
                    side,
                    MEASURE_REGION[measure],
                    length,
                    spread(np.einsum("stc,tc->st", moved, along)),
                )
            )
    return curves


def _lid_gaps(take: Take) -> list[Curve]:
    gaps = Ensemble(take).lid_gap()
    sd = spread(gaps)
    return [
        _curve(take, "lid_gap", side, "periocular", gaps[0, :, index], sd[:, index])
        for index, side in enumerate(SIDES)
    ]


def _displacements(take: Take, rest_mm: Array, topology: Topology) -> list[Curve]:
    curves = []
    for region in REGIONS:
        for side in SIDES:
            half = topology.regions[region] & (topology.side == SIGN[side])
            vertices = np.flatnonzero(half)
            moved = take.vertices_mm[:, vertices] - rest_mm[vertices]
            curves.append(_curve(take, "region_displacement_raw", side, region, _rms(moved)))
    return curves


def _asymmetries(take: Take, measures: TakeMeasures, topology: Topology) -> list[Curve]:
    plane = measures.plane
    reflect = np.eye(3) - 2.0 * np.outer(plane.normal, plane.normal)
    shift = 2.0 * plane.offset_mm * plane.normal
    curves = []
    for region in (*REGIONS, "face"):
        vertices = np.flatnonzero(topology.regions[region])
        here = take.vertices_mm[:, vertices]
        there = take.vertices_mm[:, topology.mirror[vertices]] @ reflect + shift
        curves.append(_curve(take, "asymmetry_rms_raw", "both", region, _rms(here - there)))
    return curves


def _rms(vectors: NDArray[np.floating]) -> Array:
    """(T, n, 3) -> (T,) root mean square length."""
    return np.asarray(np.sqrt(np.einsum("tvc,tvc->t", vectors, vectors) / vectors.shape[1]))


def _curve(
    take: Take,
    measure: str,
    side: Literal["left", "right", "both"],
    region: str,
    values: Array,
    sd: Array | None = None,
) -> Curve:
    known = sd is not None and take.uncertainty.n_draws > 1
    return Curve(
        measure=measure,
        side=side,
        region=region,
        unit="mm",
        values=_listed(values, take.valid),
        sd=_listed(sd, take.valid) if sd is not None and known else (),
    )


def _listed(values: Array, valid: NDArray[np.bool_]) -> tuple[float | None, ...]:
    return tuple(
        round(float(value), _DECIMALS) if use and np.isfinite(value) else None
        for value, use in zip(values, valid, strict=True)
    )
