"""Queries of the audit log; it is the site's, so no caller's patients limit them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.audit.chain import START, Head
from backend.db.models import AuditEntry, AuditHead
from backend.scope import unscoped

_THE_HEAD = 1
_ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; None is any."""

    actor_id: UUID | None = None
    patient_id: UUID | None = None
    action: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def lock_head(session: Session) -> AuditHead:
    """The head, locked until the end of the transaction; made when the log is new."""
    statement = unscoped(AuditHead, because="the log is the site's").with_for_update()
    head = session.scalars(statement).one_or_none()
    if head is None:
        kind = session.get_bind().dialect.name
        new = (postgresql if kind == "postgresql" else sqlite).insert(AuditHead)
        session.execute(new.values(id=_THE_HEAD, sequence=0, hash=START).on_conflict_do_nothing())
        head = session.scalars(statement).one()
    return head


def add(session: Session, entries: Sequence[dict[str, Any]], head: AuditHead) -> None:
    """Add entries that continue the chain; `head` was locked and tells the new end."""
    session.execute(insert(AuditEntry), list(entries))
    session.flush([head])


def present_head(session: Session) -> Head | None:
    """The head as the database has it."""
    row = session.scalars(unscoped(AuditHead, because="the log is the site's")).one_or_none()
    return None if row is None else Head(row.sequence, row.hash)


def whole_log(session: Session) -> Iterator[Row[Any]]:
    """All entries in order, as plain rows in the order of the table's columns."""
    statement = (
        unscoped(AuditEntry, because="the chain is checked as a whole")
        .with_only_columns(*AuditEntry.__table__.c)
        .order_by(AuditEntry.sequence)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    yield from session.execute(statement)


def entries(
    session: Session, wanted: Filter, *, limit: int, offset: int
) -> tuple[Sequence[AuditEntry], int]:
    """A page of entries, newest first, and how many there are."""
    statement = _filtered(wanted)
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    newest = statement.order_by(AuditEntry.sequence.desc()).limit(limit).offset(offset)
    return session.scalars(newest).all(), total


def some(session: Session, wanted: Filter, *, after: int, limit: int) -> Sequence[AuditEntry]:
    """Up to `limit` entries with a higher sequence than `after`, oldest first."""
    statement = _filtered(wanted).where(AuditEntry.sequence > after)
    return session.scalars(statement.order_by(AuditEntry.sequence).limit(limit)).all()


def _filtered(wanted: Filter) -> Select[AuditEntry]:
    statement = unscoped(AuditEntry, because="administrators read the whole log")
    for column, value in (
        (AuditEntry.actor_id, wanted.actor_id),
        (AuditEntry.patient_id, wanted.patient_id),
        (AuditEntry.action, wanted.action),
        (AuditEntry.object_type, wanted.object_type),
        (AuditEntry.object_id, wanted.object_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditEntry.at < wanted.until)
    return statement
