"""The fit on every moment of the recording, and its takes; gaps are bridged and marked invalid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.fit.basis import FaceBasis
from models.fit.gaze import Eyeballs, find_gaze
from models.fit.projection import Poses, rotation_from_vector, vector_from_rotation
from models.fit.recording import RecordingFit
from models.fit.refine import moved_vertices
from models.fit.uncertainty import vertex_uncertainty
from models.head.topology import Topology
from models.measures import TakeMeasures
from models.movements import AffectedSide
from models.reconstruction import Array, Array32, Take, ViewTrack
from models.request import TakeSpan
from models.threads import in_order

_PIECE = 64


@dataclass(frozen=True)
class Timeline:
    """The moving face at all T moments of the recording.

    coefficients (T, P) on the fit's movement basis, expression (T, n) named units, poses (T),
    lid_gap_mm and lid_sigma_mm (T, 2): NaN where no lid was seen. valid (T,): moments that may be
    measured; between fitted moments the face is carried linearly, so that films have no holes.
    `nearest` (T,): the fitted moment that each one is nearest to. excluded: moment -> reason.
    gaze (T, 2, 2): turns of `eyes`.
    """

    fit: RecordingFit
    time_s: Array
    coefficients: Array
    expression: Array
    poses: Poses
    lid_gap_mm: Array
    lid_sigma_mm: Array
    valid: NDArray[np.bool_]
    nearest: NDArray[np.int64]
    excluded: Mapping[int, str]
    eyes: Eyeballs
    gaze: Array

    @cached_property
    def vertices_mm(self) -> Array32:
        """(T, V, 3) vertices in the head frame, read-only; computed once for all who use them."""
        pieces = np.split(np.arange(len(self.time_s)), range(_PIECE, len(self.time_s), _PIECE))

        def moved(piece: NDArray[np.int64]) -> Array:
            vertices = moved_vertices(self.fit.shape, self.coefficients, piece)
            self.eyes.turn(vertices, self.gaze[piece])
            return vertices

        # Single precision piece by piece: a long film in double would not fit beside itself.
        vertices = np.empty((len(self.time_s), *self.fit.shape.template.shape), dtype=np.float32)
        for number, values in enumerate(in_order(moved, pieces)):
            vertices[number * _PIECE : number * _PIECE + len(values)] = values
        vertices.setflags(write=False)
        return vertices


@dataclass(frozen=True)
class MeasuredTake:
    """A take of the recording, at `moments` of its clock, with its measures."""

    name: str
    span: TakeSpan
    moments: slice
    take: Take
    measures: TakeMeasures


def on_all_moments(
    fit: RecordingFit,
    time_s: Array,
    excluded: Mapping[int, str],
    tracks: Sequence[ViewTrack],
    topology: Topology,
) -> Timeline:
    """Carry the fit of some moments to all of them, and turn the eyes; tracks as in the fit."""
    moments = np.arange(len(time_s))
    nearest = np.abs(moments[:, None] - fit.frames[None]).argmin(axis=1)
    fitted = np.isin(moments, fit.frames)
    reasons = {
        int(moment): excluded.get(int(moment), "The face was not found.")
        for moment in np.flatnonzero(~fitted)
    } | dict(excluded)
    lids = [
        np.where(fitted[:, None], values[nearest], np.nan)
        for values in (
            fit.lids.gap_mm,
            fit.lids.sigma_mm,
        )
    ]
    valid = fitted.copy()
    valid[[moment for moment in reasons if moment < len(valid)]] = False
    poses = _poses_between(fit.poses, fit.frames, moments)
    eyes = Eyeballs.of(fit.shape.template, topology)
    return Timeline(
        fit=fit,
        time_s=time_s,
        coefficients=_between(fit.coefficients, fit.frames, moments),
        expression=_between(fit.expression, fit.frames, moments),
        poses=poses,
        lid_gap_mm=lids[0],
        lid_sigma_mm=lids[1],
        valid=valid,
        nearest=nearest,
        excluded=dict(sorted(reasons.items())),
        eyes=eyes,
        gaze=find_gaze(eyes, tracks, fit.cameras, poses, lids[0]),
    )


def _between(values: Array, frames: NDArray[np.int64], moments: NDArray[np.int64]) -> Array:
    """Values (T', P) of some frames, linear in between and constant outside."""
    place = np.interp(moments, frames, np.arange(len(frames)))
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(frames) - 1)
    share = (place - low)[:, None]
    return np.asarray(values[low] * (1.0 - share) + values[high] * share)


def _poses_between(poses: Poses, frames: NDArray[np.int64], moments: NDArray[np.int64]) -> Poses:
    place = np.interp(moments, frames, np.arange(len(frames)))
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(frames) - 1)
    share = (place - low)[:, None]
    turn = np.swapaxes(poses.rotation[low], -1, -2) @ poses.rotation[high]
    rotation = poses.rotation[low] @ rotation_from_vector(share * vector_from_rotation(turn))
    translation = poses.translation[low] * (1.0 - share) + poses.translation[high] * share
    return Poses(rotation, translation)


def span_moments(span: TakeSpan, time_s: Array) -> slice:
    """The moments of a take's span, both ends included."""
    begin = int(np.searchsorted(time_s, span.start_s - 1e-6))
    end = int(np.searchsorted(time_s, span.end_s + 1e-6))
    return slice(begin, max(end, begin))


def take_of(
    timeline: Timeline,
    face: FaceBasis,
    moments: slice,
    movement: str,
    affected_side: AffectedSide | None,
    rest_frames: tuple[int, ...],
) -> Take:
    """One take of the recording with the uncertainty of its vertices; frames count within it."""
    fit = timeline.fit
    uncertainty = vertex_uncertainty(
        timeline.coefficients[moments],
        fit.refined.precision,
        timeline.nearest[moments],
        fit.shape,
        face,
        fit.identity_covariance,
        fit.scale.sigma,
        timeline.lid_gap_mm[moments],
        timeline.lid_sigma_mm[moments],
    )
    valid = timeline.valid[moments]
    sigma = np.where(valid[:, None], uncertainty.sigma_mm, np.nan).astype(np.float32)
    begin = moments.start
    return Take(
        movement=movement,
        vertices_mm=timeline.vertices_mm[moments],
        time_s=timeline.time_s[moments],
        valid=valid,
        uncertainty=replace(uncertainty, sigma_mm=sigma),
        lid_gap_mm=timeline.lid_gap_mm[moments].astype(np.float32),
        affected_side=affected_side,
        rest_frame=next(
            (rest - begin for rest in rest_frames if begin <= rest < moments.stop), None
        ),
        excluded={
            moment - begin: reason
            for moment, reason in timeline.excluded.items()
            if begin <= moment < moments.stop
        },
    )
