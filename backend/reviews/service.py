"""What is done with reviews: made, proposed, decided; signing is in `signing`."""

from __future__ import annotations

from math import ceil, floor
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import Analysis, Review, ReviewState, Take, View, Visit
from backend.db.session import now
from backend.kit.errors import NotFoundError
from backend.kit.pagination import Page, Paging
from backend.reviews import repository
from backend.reviews.errors import (
    CorrectionError,
    NothingToReviewError,
    ReviewDecidedError,
    ReviewOutdatedError,
)
from backend.reviews.schemas import ReviewBody, ReviewRead
from backend.takes import service as takes
from models.request import Corrections


def listed(
    session: Session,
    caller: Caller,
    paging: Paging,
    *,
    take_id: UUID | None = None,
    patient_id: UUID | None = None,
    state: ReviewState | None = None,
) -> Page[ReviewRead]:
    """Reviews in the caller's reach, the newest first; raises NotFoundError for a foreign take."""
    if take_id is not None and not repository.take_is_seen(session, caller, take_id):
        raise NotFoundError
    rows, total = repository.page(
        session, caller, take_id, patient_id, state, paging.limit, paging.offset
    )
    return paging.page([ReviewRead.of(row) for row in rows], total)


def get(session: Session, caller: Caller, review_id: UUID) -> ReviewRead:
    """A review; raises NotFoundError."""
    review = repository.one(session, caller, review_id)
    if review is None:
        raise NotFoundError
    return ReviewRead.of(review)


def correct(session: Session, caller: Caller, take_id: UUID, new: ReviewBody) -> ReviewRead:
    """Correct a take; a new version of its analysis is made, the old one stays.

    Raises NotFoundError, VoidError, VisitSignedError, TakeReplacedError, NothingToReviewError,
    ReviewOutdatedError, CorrectionError.
    """
    visit, take = takes.to_change(session, caller, take_id)
    review = _new(session, caller, take, new)
    _decide(session, caller, review, ReviewState.ACCEPTED, None)
    _note(session, caller, "review.correct", review)
    takes.measure(session, caller, visit, take, review_id=str(review.id))
    return ReviewRead.of(review)


def propose(session: Session, caller: Caller, take_id: UUID, new: ReviewBody) -> ReviewRead:
    """Propose corrections, which wait for a clinician; raises as `correct` does."""
    _visit, take = takes.to_change(session, caller, take_id)
    review = _new(session, caller, take, new)
    _note(session, caller, "review.propose", review)
    return ReviewRead.of(review)


def accept(session: Session, caller: Caller, review_id: UUID, note: str | None) -> ReviewRead:
    """Make proposed corrections one's own; raises ReviewDecidedError, and as `correct` does.

    Corrections are complete. So those that were accepted since the proposal was made would be
    lost under it: then it is refused as outdated.
    """
    review, visit, take = _open_proposal(session, caller, review_id)
    analysis = _analysis(session, take)
    if repository.accepted_since(session, take.id, review.created_at):
        raise ReviewOutdatedError(extra={"version_number": analysis.version_number})
    _check(session, take, analysis, Corrections.model_validate(review.corrections))
    _decide(session, caller, review, ReviewState.ACCEPTED, note)
    _note(session, caller, "review.accept", review)
    takes.measure(session, caller, visit, take, review_id=str(review.id))
    return ReviewRead.of(review)


def refuse(session: Session, caller: Caller, review_id: UUID, note: str | None) -> ReviewRead:
    """Refuse proposed corrections; raises NotFoundError, ReviewDecidedError."""
    review = _proposal(session, caller, review_id)
    _decide(session, caller, review, ReviewState.REFUSED, note)
    _note(session, caller, "review.refuse", review)
    return ReviewRead.of(review)


def withdraw(session: Session, caller: Caller, review_id: UUID) -> ReviewRead:
    """Take one's own proposal back; raises NotFoundError, ReviewDecidedError."""
    review = _proposal(session, caller, review_id)
    if review.created_by_id != caller.user_id:
        raise NotFoundError
    _decide(session, caller, review, ReviewState.WITHDRAWN, None)
    _note(session, caller, "review.withdraw", review)
    return ReviewRead.of(review)


def _new(session: Session, caller: Caller, take: Take, new: ReviewBody) -> Review:
    analysis = _analysis(session, take)
    if new.base_version != analysis.version_number:
        raise ReviewOutdatedError(extra={"version_number": analysis.version_number})
    _check(session, take, analysis, new.corrections)
    review = Review(
        patient_id=take.patient_id,
        visit_id=take.visit_id,
        take_id=take.id,
        base_version=new.base_version,
        state=ReviewState.PROPOSED,
        corrections=new.corrections.model_dump(mode="json"),
        created_at=now(session),
        created_by_id=caller.user_id,
    )
    session.add(review)
    review.note = new.note
    session.flush()
    return review


def _decide(
    session: Session, caller: Caller, review: Review, state: ReviewState, note: str | None
) -> None:
    review.state = state
    review.decided_at = now(session)
    review.decided_by_id = caller.user_id
    review.decision_note = note
    session.flush()


def _analysis(session: Session, take: Take) -> Analysis:
    analysis = repository.newest_analysis(session, take.id)
    if analysis is None or take.excluded_at is not None:
        raise NothingToReviewError
    return analysis


def _proposal(session: Session, caller: Caller, review_id: UUID) -> Review:
    review = repository.one_to_change(session, caller, review_id)
    if review is None:
        raise NotFoundError
    if review.state is not ReviewState.PROPOSED:
        raise ReviewDecidedError(extra={"state": review.state.value})
    return review


def _open_proposal(session: Session, caller: Caller, review_id: UUID) -> tuple[Review, Visit, Take]:
    seen = repository.one(session, caller, review_id)
    if seen is None:
        raise NotFoundError
    # The visit first, as everywhere, so that two changes never wait for each other.
    visit, take = takes.to_change(session, caller, seen.take_id)
    return _proposal(session, caller, review_id), visit, take


def _check(session: Session, take: Take, analysis: Analysis, corrections: Corrections) -> None:
    """Refuse corrections of frames or views that the take has not."""
    first, last = _frames(take, analysis)
    frames = [frame for span in corrections.excluded_frames for frame in (span.first, span.last)]
    frames += [*corrections.rest_frames, *(points.frame for points in corrections.landmarks)]
    if frames and (min(frames) < first or max(frames) > last):
        raise CorrectionError(
            f"The take has the frames {first} to {last} only.", extra={"frames": [first, last]}
        )
    if len(corrections.rest_frames) > 1:
        raise CorrectionError("A take has one rest frame.")
    there = set() if take.recording_id is None else repository.views_of(session, take.recording_id)
    if not {View(points.view) for points in corrections.landmarks} <= there:
        raise CorrectionError("The recording does not have the view that was corrected.")


def _frames(take: Take, analysis: Analysis) -> tuple[int, int]:
    """First and last frame of a take on the common clock of its recording."""
    if take.start_s is None or take.end_s is None or analysis.fps is None:
        return 0, analysis.frames - 1
    return floor(take.start_s * analysis.fps), ceil(take.end_s * analysis.fps)


def _note(session: Session, caller: Caller, action: str, review: Review) -> None:
    audit.record(
        session,
        caller,
        action,
        "review",
        review.id,
        patient_id=review.patient_id,
        detail={"take_id": str(review.take_id), "base_version": review.base_version},
    )
