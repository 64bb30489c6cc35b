"""Checks that need numbers from the fit and the measures; the pipeline adds them to the report."""

from __future__ import annotations

from models.capture.thresholds import Thresholds
from models.capture.verdict import QCCheck, limit_check
from models.movements import View


def check_reprojection(share: float, view: View, take: str | None, limits: Thresholds) -> QCCheck:
    """Mean distance of the fitted landmarks over the outer-canthus distance (from the fit)."""
    return limit_check(
        "reprojection",
        share,
        limits.reprojection_share,
        unit="1",
        view=view,
        take=take,
        reason="The mesh misses the landmarks by {value:.1%} of the distance between the eyes' "
        "outer corners (limit {threshold:.1%}).",
        next_step="Look at the overlay; record again with even light and the face unobstructed.",
    )


def check_agreement(disagreement: float, view: View, limits: Thresholds) -> QCCheck:
    """How far one face is from explaining a view together with the others (from the fit)."""
    return limit_check(
        "view_agreement",
        disagreement,
        limits.view_disagreement,
        unit="1",
        view=view,
        reason="This view and the others do not show one face at one time: {value:.2f} of the "
        "landmarks' own error is left (limit {threshold:.2f}).",
        next_step="Check that all files are of one recording of one person, their offsets, and the "
        "calibration.",
    )


def check_scale(disagreement: float, limits: Thresholds) -> QCCheck:
    """Relative difference of the scale between views (from the fit)."""
    return limit_check(
        "scale_disagreement",
        disagreement,
        limits.scale_disagreement,
        unit="1",
        reason="The views disagree on the size of the face by {value:.1%} (limit {threshold:.0%}).",
        next_step="Check that all files are of one recording, and the calibration.",
    )


def check_rest(*, has_rest: bool, is_still: bool, take: str | None) -> QCCheck:
    """Whether a take holds the face at rest (from the segmentation); a photograph need not."""
    if has_rest or is_still:
        return QCCheck(id="rest_segment", take=take)
    return QCCheck(
        id="rest_segment",
        take=take,
        level="warning",
        reason="No moment of rest was found, so movements from rest are undetermined.",
        next_step="Record two seconds of rest before and after the movement.",
    )


def check_performed(*, performed: bool, take: str | None) -> QCCheck:
    """Whether the movement passed the activation gate (from the measures)."""
    if performed:
        return QCCheck(id="movement_performed", take=take)
    return QCCheck(
        id="movement_performed",
        take=take,
        level="warning",
        reason="The movement can't be told from rest on the healthy side.",
        next_step="Show the movement to the patient and record it again.",
    )
