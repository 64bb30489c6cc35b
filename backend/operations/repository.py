"""Counts over the whole site, of no patient in particular."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Session

from backend.db.models import Blob, Job, JobState, Worker
from backend.scope import unscoped

_FIGURES = "figures of the site tell nothing about a patient"


@dataclass(frozen=True)
class QueueCount:
    """How many jobs of a kind are in a state; since when the first of them is due."""

    queue: str
    kind: str
    state: JobState
    count: int
    oldest_at: datetime


def queues(session: Session) -> list[QueueCount]:
    """Counts by queue, kind and state."""
    statement = (
        unscoped(Job, because=_FIGURES)
        .with_only_columns(Job.queue, Job.kind, Job.state, func.count(), func.min(Job.available_at))
        .group_by(Job.queue, Job.kind, Job.state)
    )
    return [QueueCount(*row) for row in session.execute(statement)]


def workers_seen(session: Session, since: datetime) -> list[str]:
    """Names of the workers that gave a sign of life since then and did not say goodbye."""
    statement = (
        unscoped(Worker, because=_FIGURES)
        .with_only_columns(Worker.name)
        .where(Worker.last_seen_at >= since, Worker.stopped_at.is_(None))
    )
    return list(session.scalars(statement))


def stored(session: Session) -> tuple[int, int]:
    """How many objects are stored, and their bytes."""
    statement = unscoped(Blob, because=_FIGURES).with_only_columns(
        func.count(), func.coalesce(func.sum(Blob.stored_bytes), 0)
    )
    count, size = session.execute(statement).one()
    return count, int(size)
