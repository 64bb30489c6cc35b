"""Which moments and colours the preview and the overlays of a result show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from models.capture.recording import Recording
from models.capture.verdict import QCReport
from models.head.topology import Topology
from models.measures import MeasureRow
from models.movements import MOVEMENTS, View
from models.pipeline.overlay import write_overlay
from models.pipeline.preview import PreviewMoment, PreviewPicture, PreviewTake, write_preview
from models.pipeline.timeline import MeasuredTake, Timeline
from models.pipeline.views import FitViews
from models.reconstruction import Array32

_NOTED_SIDES = ("left", "right")


def write_result_preview(
    out: Path,
    recording: Recording,
    views: FitViews,
    timeline: Timeline,
    measured: Sequence[MeasuredTake],
    report: QCReport,
    topology: Topology,
) -> None:
    """Write `preview.png`: each take at rest and at its peak, with its main measures."""
    takes = [
        PreviewTake(
            movement=one.span.movement,
            verdict=report.of_take(one.name),
            notes=_notes(one),
            moments=tuple(
                _moment(words, moment, one, timeline, views)
                for words, moment in _shown(one, recording.is_still)
            ),
        )
        for one in measured
    ]
    write_preview(
        out / "preview.png",
        takes,
        cameras=dict(zip(views.names, timeline.fit.cameras, strict=True)),
        topology=topology,
        distort={
            view: crops.recorded for view, crops in zip(views.names, views.crops, strict=True)
        },
    )


def write_overlays(
    out: Path,
    recording: Recording,
    views: FitViews,
    timeline: Timeline,
    measured: Sequence[MeasuredTake],
    topology: Topology,
    progress: Callable[[float], None],
) -> None:
    """Write `overlay_<view>.mp4` (a still: `.png`) with the asymmetry as colour."""
    vertices = timeline.vertices_mm
    values = _asymmetry(vertices, measured)
    for index, (view, camera) in enumerate(zip(views.names, timeline.fit.cameras, strict=True)):
        write_overlay(
            recording.observations[view].path,
            out / f"overlay_{view}{'.png' if recording.is_still else '.mp4'}",
            view=view,
            camera=camera,
            head_pose=timeline.poses.matrices(),
            vertices_mm=vertices,
            topology=topology,
            time_s=recording.time_s,
            source_frame=recording.sources[view].frame,
            values_mm=values,
            excluded=timeline.excluded,
            distort=views.crops[index].recorded,
            progress=_share_of(progress, index, len(views.names)),
        )


def _share_of(progress: Callable[[float], None], index: int, count: int) -> Callable[[float], None]:
    """The progress of one of several equal parts."""
    return lambda share: progress((index + share) / count)


def _asymmetry(vertices: Array32, measured: Sequence[MeasuredTake]) -> Array32:
    """(T, V) signed asymmetry; NaN outside the takes."""
    values = np.full(vertices.shape[:2], np.nan, dtype=np.float32)
    for one in measured:
        values[one.moments] = one.measures.asymmetry_mm
    return values


def _shown(one: MeasuredTake, is_still: bool) -> list[tuple[str, int]]:
    """What to show of a take: words and the frame within it."""
    valid = np.flatnonzero(one.take.valid)
    if not len(valid):
        return []
    if is_still:
        return [("Photograph", int(valid[0]))]
    rest = one.measures.rest_frames
    shown = [("Rest", int(rest[len(rest) // 2]) if len(rest) else int(valid[0]))]
    if one.measures.repetitions:
        shown.append(("Peak", int(one.measures.repetitions[0].peak_frame)))
    return shown


def _moment(
    words: str, frame: int, one: MeasuredTake, timeline: Timeline, views: FitViews
) -> PreviewMoment:
    moment = one.moments.start + frame
    pictures: dict[View, PreviewPicture] = {}
    for view, source in zip(views.names, views.crops, strict=True):
        for _, crop in source.crops(np.array([moment])):
            pictures[view] = PreviewPicture(
                crop, source.affines[moment], timeline.poses.matrices()[moment]
            )
    return PreviewMoment(
        words,
        float(timeline.time_s[moment]),
        one.take.vertices_mm[frame],
        one.measures.asymmetry_mm[frame],
        pictures,
    )


def _notes(one: MeasuredTake) -> tuple[str, ...]:
    """The movement's own measure on both sides, with its interval."""
    target = MOVEMENTS[one.span.movement].target_measure
    return tuple(
        _note(row)
        for row in one.measures.rows
        if row.measure == target and row.repetition is None and row.side in _NOTED_SIDES
    )


def _note(row: MeasureRow) -> str:
    name = f"{row.measure.replace('_', ' ')} {row.side}"
    if row.value is None:
        return f"{name}: undetermined. {row.reason}"
    interval = "" if row.ci_lo is None else f" ({row.ci_lo:.1f} to {row.ci_hi:.1f})"
    return f"{name}: {row.value:.1f} mm{interval}"
