"""Queries of episodes and their events."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import Episode, EpisodeEvent, Patient
from backend.scope import readable, writable


def patient_is_seen(session: Session, caller: Caller, patient_id: UUID) -> bool:
    """Whether the caller may see the episodes of this patient."""
    patients = readable(caller, Patient).where(Patient.id == patient_id)
    return session.scalar(patients.with_only_columns(Patient.id)) is not None


def one(session: Session, caller: Caller, episode_id: UUID) -> Episode | None:
    """An episode that the caller may see."""
    return session.scalar(readable(caller, Episode).where(Episode.id == episode_id))


def one_to_change(session: Session, caller: Caller, episode_id: UUID) -> Episode | None:
    """An episode that the caller may change, held until the end."""
    return session.scalar(
        writable(caller, Episode).where(Episode.id == episode_id).with_for_update()
    )


def page(
    session: Session, caller: Caller, patient_id: UUID, void: bool, limit: int, offset: int
) -> tuple[Sequence[Episode], int]:
    """Some episodes of a patient, the newest onset first, and how many there are."""
    episodes = readable(caller, Episode).where(Episode.patient_id == patient_id)
    if not void:
        episodes = episodes.where(Episode.voided_at.is_(None))
    total = session.scalar(episodes.with_only_columns(func.count(), maintain_column_froms=True))
    newest = episodes.order_by(Episode.onset_on.desc().nulls_last(), Episode.id.desc())
    return session.scalars(newest.limit(limit).offset(offset)).all(), int(total or 0)


def event_to_change(session: Session, caller: Caller, event_id: UUID) -> EpisodeEvent | None:
    """An event that the caller may change, held until the end."""
    return session.scalar(
        writable(caller, EpisodeEvent).where(EpisodeEvent.id == event_id).with_for_update()
    )


def events(
    session: Session, caller: Caller, episode_id: UUID, void: bool, limit: int, offset: int
) -> tuple[Sequence[EpisodeEvent], int]:
    """Some events of an episode in the order of time, and how many there are."""
    found = readable(caller, EpisodeEvent).where(EpisodeEvent.episode_id == episode_id)
    if not void:
        found = found.where(EpisodeEvent.voided_at.is_(None))
    total = session.scalar(found.with_only_columns(func.count(), maintain_column_froms=True))
    ordered = found.order_by(EpisodeEvent.happened_on, EpisodeEvent.id)
    return session.scalars(ordered.limit(limit).offset(offset)).all(), int(total or 0)
