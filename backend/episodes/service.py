"""What is done with episodes and their events."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import Episode, EpisodeEvent
from backend.db.session import now
from backend.episodes import repository
from backend.episodes.schemas import EpisodeBody, EpisodeRead, EventBody, EventRead
from backend.kit.errors import InvalidError, NotFoundError
from backend.kit.pagination import Page, Paging
from backend.kit.revisions import apply, expect
from backend.patients import service as patients
from backend.takes import service as takes
from backend.voiding import require_in_use, unvoid, void

# The clinic's day may have begun already where it still is yesterday in UTC.
_AHEAD = timedelta(days=1)


def of_patient(
    session: Session, caller: Caller, patient_id: UUID, include_void: bool, paging: Paging
) -> Page[EpisodeRead]:
    """The episodes of a patient, the newest first; raises NotFoundError."""
    if not repository.patient_is_seen(session, caller, patient_id):
        raise NotFoundError
    rows, total = repository.page(
        session, caller, patient_id, include_void, paging.limit, paging.offset
    )
    return paging.page([EpisodeRead.of(row) for row in rows], total)


def get(session: Session, caller: Caller, episode_id: UUID) -> EpisodeRead:
    """An episode; raises NotFoundError."""
    return EpisodeRead.of(_one(session, caller, episode_id))


def create(session: Session, caller: Caller, patient_id: UUID, new: EpisodeBody) -> EpisodeRead:
    """A new episode; raises NotFoundError, PatientNotInUseError, InvalidError."""
    patient = patients.to_change(session, caller, patient_id)
    _not_ahead(session, new.onset_on, new.closed_on)
    episode = Episode(
        patient_id=patient.id,
        created_at=now(session),
        created_by_id=caller.user_id,
        **new.model_dump(exclude={"notes"}),
    )
    session.add(episode)
    episode.notes = new.notes
    session.flush()
    _note(session, caller, "episode.create", episode)
    return EpisodeRead.of(episode)


def replace(
    session: Session, caller: Caller, episode_id: UUID, new: EpisodeBody, based_on: int
) -> EpisodeRead:
    """Replace what an episode says.

    Measures tell the affected side from the healthy one, so a change of the side sends the takes
    of unsigned visits to a new analysis; signed ones stay as they were signed. Raises
    NotFoundError, VoidError, PreconditionFailedError, InvalidError.
    """
    episode = _to_change(session, caller, episode_id)
    require_in_use(episode)
    expect(episode.version, based_on)
    _not_ahead(session, new.onset_on, new.closed_on)
    changed = apply(episode, new.model_dump())
    remeasured = 0
    if changed:
        session.flush()
        _note(session, caller, "episode.edit", episode, fields=sorted(changed))
    if "affected_side" in changed:
        remeasured = takes.measure_episode_again(session, caller, episode)
    return EpisodeRead.of(episode, remeasured)


def take_out(session: Session, caller: Caller, episode_id: UUID, reason: str) -> EpisodeRead:
    """Take an episode out of use; its visits stay. Raises NotFoundError, VoidError."""
    episode = _to_change(session, caller, episode_id)
    void(session, caller, episode, reason)
    _note(session, caller, "episode.void", episode)
    return EpisodeRead.of(episode)


def bring_back(session: Session, caller: Caller, episode_id: UUID) -> EpisodeRead:
    """Bring an episode back; raises NotFoundError, NotVoidError."""
    episode = _to_change(session, caller, episode_id)
    unvoid(session, episode)
    _note(session, caller, "episode.unvoid", episode)
    return EpisodeRead.of(episode)


def events(
    session: Session, caller: Caller, episode_id: UUID, include_void: bool, paging: Paging
) -> Page[EventRead]:
    """What happened in an episode, in the order of time; raises NotFoundError."""
    _one(session, caller, episode_id)
    rows, total = repository.events(
        session, caller, episode_id, include_void, paging.limit, paging.offset
    )
    return paging.page([EventRead.of(row) for row in rows], total)


def add_event(session: Session, caller: Caller, episode_id: UUID, new: EventBody) -> EventRead:
    """Something that happened or is planned; raises NotFoundError, VoidError."""
    episode = _to_change(session, caller, episode_id)
    require_in_use(episode)
    event = EpisodeEvent(
        patient_id=episode.patient_id,
        episode_id=episode.id,
        created_at=now(session),
        created_by_id=caller.user_id,
        **new.model_dump(exclude={"details"}),
    )
    session.add(event)
    event.details = new.details
    session.flush()
    _note(session, caller, "event.create", event)
    return EventRead.of(event)


def replace_event(
    session: Session, caller: Caller, event_id: UUID, new: EventBody, based_on: int
) -> EventRead:
    """Replace what an event says; raises NotFoundError, VoidError, PreconditionFailedError."""
    event = _event(session, caller, event_id)
    require_in_use(event)
    expect(event.version, based_on)
    if changed := apply(event, new.model_dump()):
        session.flush()
        _note(session, caller, "event.edit", event, fields=sorted(changed))
    return EventRead.of(event)


def take_out_event(session: Session, caller: Caller, event_id: UUID, reason: str) -> EventRead:
    """Take an event out of use; raises NotFoundError, VoidError."""
    event = _event(session, caller, event_id)
    void(session, caller, event, reason)
    _note(session, caller, "event.void", event)
    return EventRead.of(event)


def bring_back_event(session: Session, caller: Caller, event_id: UUID) -> EventRead:
    """Bring an event back; raises NotFoundError, NotVoidError."""
    event = _event(session, caller, event_id)
    unvoid(session, event)
    _note(session, caller, "event.unvoid", event)
    return EventRead.of(event)


def _one(session: Session, caller: Caller, episode_id: UUID) -> Episode:
    episode = repository.one(session, caller, episode_id)
    if episode is None:
        raise NotFoundError
    return episode


def _to_change(session: Session, caller: Caller, episode_id: UUID) -> Episode:
    episode = repository.one_to_change(session, caller, episode_id)
    if episode is None:
        raise NotFoundError
    return episode


def _event(session: Session, caller: Caller, event_id: UUID) -> EpisodeEvent:
    event = repository.event_to_change(session, caller, event_id)
    if event is None:
        raise NotFoundError
    return event


def _not_ahead(session: Session, *days: date | None) -> None:
    latest = (now(session) + _AHEAD).date()
    if any(day is not None and day > latest for day in days):
        raise InvalidError("Onset and end of an episode cannot be in the future.")


def _note(
    session: Session, caller: Caller, action: str, row: Episode | EpisodeEvent, **detail: object
) -> None:
    audit.record(
        session,
        caller,
        action,
        "episode" if isinstance(row, Episode) else "event",
        row.id,
        patient_id=row.patient_id,
        detail={"version": row.version, **detail},
    )
