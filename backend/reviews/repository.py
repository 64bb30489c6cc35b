"""Queries of reviews, and of what signatures cover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import (
    Analysis,
    Job,
    JobKind,
    JobState,
    RecordingView,
    Review,
    ReviewState,
    Signature,
    SignatureKind,
    SignedAnalysis,
    Take,
    View,
    Visit,
)
from backend.scope import readable, unscoped, writable

_REACHED = "take or visit were reached by the caller's rights"
_UNDER_WAY = (JobState.QUEUED, JobState.RUNNING)


def take_is_seen(session: Session, caller: Caller, take_id: UUID) -> bool:
    """Whether the caller may see the reviews of this take."""
    takes = readable(caller, Take).where(Take.id == take_id)
    return session.scalar(takes.with_only_columns(Take.id)) is not None


def page(
    session: Session,
    caller: Caller,
    take_id: UUID | None,
    patient_id: UUID | None,
    state: ReviewState | None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Review], int]:
    """Some reviews, the newest first, and how many there are."""
    reviews = readable(caller, Review)
    for column, value in (
        (Review.take_id, take_id),
        (Review.patient_id, patient_id),
        (Review.state, state),
    ):
        if value is not None:
            reviews = reviews.where(column == value)
    total = session.scalar(reviews.with_only_columns(func.count(), maintain_column_froms=True))
    newest = reviews.order_by(Review.created_at.desc(), Review.id.desc())
    return session.scalars(newest.limit(limit).offset(offset)).all(), int(total or 0)


def one(session: Session, caller: Caller, review_id: UUID) -> Review | None:
    """A review that the caller may see."""
    return session.scalar(readable(caller, Review).where(Review.id == review_id))


def one_to_change(session: Session, caller: Caller, review_id: UUID) -> Review | None:
    """A review that the caller may change, held until the end."""
    return session.scalar(
        writable(caller, Review)
        .where(Review.id == review_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def newest_analysis(session: Session, take_id: UUID) -> Analysis | None:
    """The analysis of a take that counts."""
    return session.scalar(
        unscoped(Analysis, because=_REACHED).where(
            Analysis.take_id == take_id, Analysis.superseded_at.is_(None)
        )
    )


def views_of(session: Session, recording_id: UUID) -> set[View]:
    """The views that a recording has."""
    views = unscoped(RecordingView, because=_REACHED).where(
        RecordingView.recording_id == recording_id
    )
    return set(session.scalars(views.with_only_columns(RecordingView.view)))


def accepted_since(session: Session, take_id: UUID, since: datetime) -> bool:
    """Whether corrections of the take were accepted after this moment."""
    accepted = unscoped(Review, because=_REACHED).where(
        Review.take_id == take_id,
        Review.state == ReviewState.ACCEPTED,
        Review.decided_at > since,
    )
    return session.scalar(accepted.with_only_columns(Review.id).limit(1)) is not None


def newest_of_visit(session: Session, visit_id: UUID) -> Sequence[Analysis]:
    """The newest analysis of each take of a visit, held until the end."""
    return session.scalars(
        unscoped(Analysis, because=_REACHED)
        .where(Analysis.visit_id == visit_id, Analysis.superseded_at.is_(None))
        .order_by(Analysis.take_id)
        .with_for_update()
    ).all()


def open_proposals(session: Session, visit_id: UUID) -> Sequence[Review]:
    """The proposals of a visit that nobody has decided."""
    return session.scalars(
        unscoped(Review, because=_REACHED)
        .where(Review.visit_id == visit_id, Review.state == ReviewState.PROPOSED)
        .with_for_update()
    ).all()


def analyses_under_way(session: Session, visit_id: UUID) -> Sequence[Job]:
    """The analyses of a visit's takes that wait or run, held until the end."""
    return session.scalars(
        unscoped(Job, because=_REACHED)
        .where(
            Job.visit_id == visit_id,
            Job.kind == JobKind.ANALYZE_TAKE,
            Job.state.in_(_UNDER_WAY),
        )
        .with_for_update()
    ).all()


def was_signed(session: Session, visit_id: UUID) -> bool:
    """Whether the visit was signed once."""
    signed = unscoped(Signature, because=_REACHED).where(
        Signature.visit_id == visit_id, Signature.kind == SignatureKind.SIGNED
    )
    return session.scalar(signed.with_only_columns(Signature.id).limit(1)) is not None


def visit_to_see(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit that the caller may see."""
    return session.scalar(readable(caller, Visit).where(Visit.id == visit_id))


def visit_to_sign(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit that the caller may sign, held until the end."""
    return session.scalar(
        writable(caller, Visit)
        .where(Visit.id == visit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def signatures(session: Session, visit_id: UUID) -> Sequence[Signature]:
    """The signatures under a visit, the newest first."""
    return session.scalars(
        unscoped(Signature, because=_REACHED)
        .where(Signature.visit_id == visit_id)
        .order_by(Signature.signed_at.desc(), Signature.id.desc())
    ).all()


def covered(session: Session, visit_id: UUID) -> dict[UUID, list[Analysis]]:
    """Signature -> the analyses it covers, for all signatures of a visit."""
    pairs = session.execute(
        unscoped(Analysis, because=_REACHED)
        .join(SignedAnalysis, SignedAnalysis.analysis_id == Analysis.id)
        .where(Analysis.visit_id == visit_id)
        .order_by(Analysis.take_id)
        .with_only_columns(SignedAnalysis.signature_id, Analysis)
    )
    by_signature: dict[UUID, list[Analysis]] = {}
    for signature_id, analysis in pairs:
        by_signature.setdefault(signature_id, []).append(analysis)
    return by_signature
