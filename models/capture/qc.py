"""Quality control of a recording: which checks there are and what they say to a person.

The limits are data (thresholds); the report and its verdict are in verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.capture.covering import PARTS, Part, covering
from models.capture.media import check_one_recording
from models.capture.observation import ViewObservation
from models.capture.recording import Recording
from models.capture.sides import VIEW_TITLES, SideAssignment, assign_sides
from models.capture.sync import ViewSync
from models.capture.thresholds import Thresholds
from models.capture.verdict import ExcludedSpan, QCCheck, QCReport, limit_check
from models.capture.view_checks import covering_checks, front_checks, view_checks
from models.movements import View


@dataclass(frozen=True)
class TakeWindow:
    """A take on the common clock; `name` tells takes of one movement apart."""

    name: str
    movement: str | None
    start_s: float
    end_s: float


_MOSTLY = 0.5
_EVERYTHING = TakeWindow("recording", None, -np.inf, np.inf)


def first_verdict(
    observations: Sequence[ViewObservation],
    labels: Sequence[View | None],
    thresholds: Thresholds,
    takes: Sequence[TakeWindow] = (),
) -> QCReport:
    """Verdict from the quick look, before anything is synchronised.

    The takes' times are read on each file's own clock, which is near enough for a first verdict.
    Raises UnusableInputError for files that can't be of one recording.
    """
    sides = assign_sides(observations, labels)
    by_view = {side.view: o for side, o in zip(sides, observations, strict=True)}
    check_one_recording([observation.media for observation in observations])
    checks: list[QCCheck] = []
    for side in sides:
        checks += _file_checks(by_view[side.view], side, thresholds)
    inside = [
        {view: _within(o.time_s, o.frame_step_s, take) for view, o in by_view.items()}
        for take in takes or [_EVERYTHING]
    ]
    checks += _take_checks(by_view, takes, inside, thresholds)
    return QCReport.of("first", checks)


def assess(recording: Recording, takes: Sequence[TakeWindow], thresholds: Thresholds) -> QCReport:
    """Full verdict on the capture, per view and take; later stages add their checks to it."""
    checks: list[QCCheck] = []
    for view in recording.views:
        observation = recording.observations[view]
        checks += _file_checks(observation, recording.sides[view], thresholds)
        sync = recording.syncs[view]
        if len(recording.views) > 1 and view != recording.reference and sync.method != "still":
            checks += _sync_checks(sync, view, observation.frame_step_s, thresholds)
    inside = [
        {view: _inside(recording, view, take) for view in recording.views}
        for take in takes or [_EVERYTHING]
    ]
    checks += _take_checks(recording.observations, takes, inside, thresholds)
    return QCReport.of("full", checks, excluded_spans(recording, thresholds))


def hidden_parts(recording: Recording, thresholds: Thresholds) -> tuple[Part, ...]:
    """Parts of the face that are covered most of the time: only their measures are undetermined."""
    return tuple(part for part in PARTS if _covered_share(recording, part, thresholds) > _MOSTLY)


def _covered_share(recording: Recording, part: Part, thresholds: Thresholds) -> float:
    """How much of a recording a part is covered, in the view that sees it best."""
    shares = [
        covering(observation, part, thresholds).share(observation.seen)
        for observation in recording.observations.values()
    ]
    return min((share for share in shares if np.isfinite(share)), default=0.0)


def excluded_frames(recording: Recording, thresholds: Thresholds) -> dict[int, str]:
    """Moments of the common clock that can't be measured, with the reason for a person.

    The reference view decides: a face lost by a side camera alone is no loss. What is covered
    all the time costs no moments (`hidden_parts`).
    """
    view = recording.reference
    seen = recording.tracks[view].seen
    observation = recording.observations[view]
    hidden = hidden_parts(recording, thresholds)
    coverings = [
        (part, covering(observation, part, thresholds).covered)
        for part in PARTS
        if part not in hidden
    ]
    source = recording.sources[view].frame
    excluded: dict[int, str] = {}
    for index in range(recording.time_s.size):
        if not seen[index]:
            excluded[index] = "The face was not found."
            continue
        for part, covered in coverings:
            if source[index] >= 0 and covered[source[index]]:
                excluded[index] = f"Something covers {part.title}."
                break
    return excluded


def excluded_spans(recording: Recording, thresholds: Thresholds) -> list[ExcludedSpan]:
    """`excluded_frames` as spans of consecutive moments with one reason."""
    spans: list[ExcludedSpan] = []
    for index, reason in excluded_frames(recording, thresholds).items():
        time_s = round(float(recording.time_s[index]), 4)
        if spans and spans[-1].last == index - 1 and spans[-1].reason == reason:
            spans[-1] = spans[-1].model_copy(update={"last": index, "end_s": time_s})
        else:
            spans.append(
                ExcludedSpan(first=index, last=index, start_s=time_s, end_s=time_s, reason=reason)
            )
    return spans


def _file_checks(
    observation: ViewObservation, side: SideAssignment, limits: Thresholds
) -> list[QCCheck]:
    view = side.view
    checks: list[QCCheck] = []
    if observation.warnings:
        checks.append(
            QCCheck(
                id="file",
                view=view,
                level="warning",
                reason=" ".join(observation.warnings),
                next_step="Copy the file again from the camera.",
            )
        )
    if side.contradicts_label and side.label is not None:
        checks.append(
            QCCheck(
                id="label",
                view=view,
                value=round(side.yaw_deg, 2),
                unit="deg",
                level="warning",
                reason=f"The file given as {VIEW_TITLES[side.label]} shows the face as the "
                f"{VIEW_TITLES[view]} does; the measured direction was used.",
                next_step="Check that the files were not exchanged.",
            )
        )
    if observation.media.kind == "video":
        checks.append(
            limit_check(
                "frame_rate",
                observation.media.fps,
                limits.frames_per_s,
                unit="Hz",
                view=view,
                reason="{value:.1f} pictures a second, dropped ones counted "
                "(at least {threshold:.0f} are needed).",
                next_step="Record at 30 pictures a second or more, in brighter light.",
            )
        )
    return checks


def _sync_checks(
    sync: ViewSync, view: View, frame_step_s: float, limits: Thresholds
) -> list[QCCheck]:
    next_step = (
        "Enter the offset by hand, or record again with a clap, a flash or all cameras started "
        "together."
    )
    if sync.failure is not None:
        reason = {
            "contradiction": "The face moves differently in this view: it shows another moment "
            "or another person.",
            "no_evidence": "Nothing in the files tells when this view began: no sound, no flash "
            "and too little movement.",
        }[sync.failure]
        return [
            QCCheck(
                id="synchronisation", view=view, level="reject", reason=reason, next_step=next_step
            )
        ]
    checks = [
        limit_check(
            "synchronisation",
            sync.confidence,
            limits.sync_confidence,
            unit="1",
            view=view,
            reason="When this view began is uncertain (confidence {value:.2f}).",
            next_step=next_step,
        )
    ]
    if sync.residual_s is not None and frame_step_s > 0:
        checks.append(
            limit_check(
                "sync_residual",
                abs(sync.residual_s) / frame_step_s,
                limits.sync_residual_frames,
                unit="1",
                view=view,
                reason="By the movement of the face this view is {value:.1f} pictures off "
                "(limit {threshold:.0f}).",
                next_step=next_step,
            )
        )
    return checks


def _take_checks(
    observations: Mapping[View, ViewObservation],
    takes: Sequence[TakeWindow],
    inside: Sequence[Mapping[View, NDArray[np.bool_]]],
    limits: Thresholds,
) -> list[QCCheck]:
    """Checks of the pictures, take by take; `inside` tells the frames of each take and view."""
    checks: list[QCCheck] = []
    for take, frames in zip(takes or [_EVERYTHING], inside, strict=True):
        name = take.name if takes else None
        for view, observation in observations.items():
            checks += view_checks(observation, view, frames[view], name, limits)
        checks += front_checks(observations, frames, name, limits)
        checks += covering_checks(observations, frames, name, take.movement, limits)
    return checks


def _inside(recording: Recording, view: View, take: TakeWindow) -> NDArray[np.bool_]:
    """(N,) which frames of a view's file belong to a take of the common clock."""
    observation = recording.observations[view]
    time_s = observation.time_s + recording.syncs[view].offset_s - recording.origin_s
    return _within(time_s, observation.frame_step_s, take)


def _within(time_s: NDArray[np.float64], step_s: float, take: TakeWindow) -> NDArray[np.bool_]:
    near_s = 0.5 * step_s
    return np.asarray((time_s >= take.start_s - near_s) & (time_s <= take.end_s + near_s))
