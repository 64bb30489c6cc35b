"""Queries of takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from backend.access import Caller, Permission
from backend.db.models import Analysis, Recording, RecordingView, Take, Visit
from backend.scope import readable, unscoped, writable

_REACHED = "the visit was reached by the caller's rights"


def visit_to_see(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit that the caller may see."""
    return session.scalar(readable(caller, Visit).where(Visit.id == visit_id))


def visit_to_change(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit that the caller may change, held until the end: its takes are counted."""
    return session.scalar(
        writable(caller, Visit)
        .where(Visit.id == visit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def one(session: Session, caller: Caller, take_id: UUID) -> Take | None:
    """A take that the caller may see."""
    return session.scalar(readable(caller, Take).where(Take.id == take_id))


def one_to_change(session: Session, caller: Caller, take_id: UUID) -> Take | None:
    """A take that the caller may change, held until the end."""
    return session.scalar(
        writable(caller, Take)
        .where(Take.id == take_id)
        .with_for_update(of=Take)
        .execution_options(populate_existing=True)
    )


def page(
    session: Session,
    caller: Caller,
    visit_id: UUID,
    movement: str | None,
    void: bool,
    limit: int,
    offset: int,
) -> tuple[Sequence[Take], int]:
    """Some takes of a visit in their order, and how many there are."""
    takes = readable(caller, Take).where(Take.visit_id == visit_id)
    if not void:
        takes = takes.where(Take.voided_at.is_(None))
    if movement is not None:
        takes = takes.where(Take.movement == movement)
    total = session.scalar(takes.with_only_columns(func.count(), maintain_column_froms=True))
    rows = session.scalars(takes.order_by(Take.number).limit(limit).offset(offset)).all()
    return rows, int(total or 0)


def next_number(session: Session, visit_id: UUID) -> int:
    """The number of the next take of a visit; void ones keep theirs."""
    numbers = unscoped(Take, because=_REACHED).where(Take.visit_id == visit_id)
    highest = session.scalar(numbers.with_only_columns(func.max(Take.number)))
    return int(highest or 0) + 1


def standing(session: Session, visit_ids: Collection[UUID]) -> Sequence[Take]:
    """The takes of visits that are neither void nor replaced, in their order."""
    return session.scalars(
        unscoped(Take, because=_REACHED)
        .where(
            Take.visit_id.in_(visit_ids),
            Take.voided_at.is_(None),
            Take.replaced_by_id.is_(None),
        )
        .order_by(Take.number)
    ).all()


def replaced_by(session: Session, take_id: UUID) -> Sequence[Take]:
    """The takes in whose place this one was recorded."""
    return session.scalars(
        unscoped(Take, because=_REACHED).where(Take.replaced_by_id == take_id)
    ).all()


def recording(session: Session, visit_id: UUID, recording_id: UUID) -> Recording | None:
    """A recording of this visit that is in use, held: its last view must not come in between."""
    return session.scalar(
        unscoped(Recording, because=_REACHED)
        .where(
            Recording.id == recording_id,
            Recording.visit_id == visit_id,
            Recording.voided_at.is_(None),
        )
        .with_for_update(of=Recording)
    )


def duration_s(session: Session, recording_id: UUID) -> float | None:
    """How long the longest view of a recording is; None while nothing came in, or for stills."""
    views = unscoped(RecordingView, because=_REACHED).where(
        RecordingView.recording_id == recording_id
    )
    return session.scalar(views.with_only_columns(func.max(RecordingView.duration_s)))


def newest_analyses(
    session: Session, caller: Caller, take_ids: Collection[UUID]
) -> dict[UUID, Analysis]:
    """Take -> its newest analysis, as far as the caller may see results."""
    found = session.scalars(
        readable(caller.acting(Permission.RESULTS_READ), Analysis).where(
            Analysis.take_id.in_(take_ids), Analysis.superseded_at.is_(None)
        )
    )
    return {analysis.take_id: analysis for analysis in found}


def visits_of_episode(session: Session, episode_id: UUID) -> Sequence[Visit]:
    """The visits of an episode that may still change."""
    return session.scalars(
        unscoped(Visit, because="the episode was reached by the caller's rights").where(
            Visit.episode_id == episode_id,
            Visit.voided_at.is_(None),
            Visit.signed_at.is_(None),
        )
    ).all()
