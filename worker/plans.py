"""What decides the analysis of a take, gathered from its rows; kept with the analysis as JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from backend.consents import service as consents
from backend.db.models import AffectedSide, Job, Purpose, RecordingView, Take, View
from backend.protocols import service as protocols
from models.movements import AffectedSide as HalfOfFace
from worker import repository
from worker.errors import RefusedWorkError


class ViewInput(BaseModel):
    """One video or photograph of the recording."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    view: View
    blob_id: UUID
    sha256: str


class TakePlan(BaseModel):
    """Equal plans under equal code give equal results.

    measured_as: the movement whose measures the protocol gives to this one.
    subject_file_id: identity, scale and plane are taken from it; scale_file_id: the scale alone.
    corrections: the content of a corrections file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    movement: str
    measured_as: str
    span: tuple[float, float] | None
    views: tuple[ViewInput, ...]
    affected_side: HalfOfFace | None
    calibration_blob_id: UUID | None
    subject_file_id: UUID | None
    scale_file_id: UUID | None
    review_id: UUID | None
    corrections: dict[str, Any] | None
    iris_mm: float | None
    known_distances_mm: dict[str, float]
    offsets_s: dict[View, float]
    age_years: float | None


def plan_take(session: Session, job: Job) -> TakePlan:
    """The plan of a job about a take, as its rows are now.

    Raises ConsentMissingError, and RefusedWorkError for a take that is no longer to be measured.
    """
    take, recording, visit = repository.take_with_recording(session, job)
    consents.require(session, take.patient_id, Purpose.CARE)
    if recording is None or take.voided_at or take.excluded_at or take.replaced_by_id:
        raise RefusedWorkError(
            "take_not_measured",
            "This take is not to be measured any more.",
            "Include it again, or record it again.",
        )
    if visit.signed_at or visit.voided_at:
        raise RefusedWorkError(
            "visit_closed",
            "The visit was signed or taken out of use, so nothing in it is measured again.",
            "A clinician can open it again with a reason (amend).",
        )
    measured_as = protocols.measured_as(session, visit.protocol_number, take.movement)
    if measured_as is None:
        raise RefusedWorkError(
            "movement_not_measured",
            "This movement is recorded, but there are no measures for it.",
            "An administrator can say in the protocol as what it is measured.",
        )
    views = repository.views(session, recording.id)
    if not views:
        raise RefusedWorkError(
            "no_views", "The recording has no video.", "Upload at least the front view."
        )
    review = repository.accepted_review(session, take.id)
    subject = repository.subject_of_visit(session, visit.id)
    if subject is not None and subject.take_id == take.id:
        # The take that fixed the subject is measured without it: what it says may change.
        subject = None
    scale = repository.scale_of_patient(session, take.patient_id) if subject is None else None
    if scale is not None and scale.take_id == take.id:
        scale = None
    birth_year = repository.birth_year(session, take.patient_id)
    side = repository.affected_side(session, visit.episode_id)
    return TakePlan(
        movement=take.movement,
        measured_as=measured_as,
        span=_span(take),
        views=tuple(_input(view) for view in views),
        affected_side=_SIDES[side] if side is not None else None,
        calibration_blob_id=recording.calibration_blob_id,
        subject_file_id=None if subject is None else subject.id,
        scale_file_id=None if scale is None else scale.id,
        review_id=None if review is None else review.id,
        corrections=None if review is None else review.corrections,
        iris_mm=recording.iris_mm,
        known_distances_mm=recording.known_distances_mm,
        offsets_s={View(view): offset_s for view, offset_s in recording.offsets_s.items()},
        age_years=None if birth_year is None else float(visit.visited_on.year - birth_year),
    )


# Without a healthy side there is nothing to compare with.
_SIDES: dict[AffectedSide, HalfOfFace | None] = {
    AffectedSide.LEFT: "left",
    AffectedSide.RIGHT: "right",
    AffectedSide.NONE: "none",
    AffectedSide.BOTH: None,
}


def _span(take: Take) -> tuple[float, float] | None:
    if take.start_s is None or take.end_s is None:
        return None
    return take.start_s, take.end_s


def _input(view: RecordingView) -> ViewInput:
    return ViewInput(view=view.view, blob_id=view.blob_id, sha256=view.sha256)
