"""Queries of protocol versions; they are no patient's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.db.models import ProtocolVersion
from backend.scope import unscoped

_WHY = "the protocol is the site's and no patient's"


def newest(session: Session) -> ProtocolVersion | None:
    """The version in force, None before the first was stored."""
    versions = unscoped(ProtocolVersion, because=_WHY)
    return session.scalar(versions.order_by(ProtocolVersion.number.desc()).limit(1))


def numbered(session: Session, number: int) -> ProtocolVersion | None:
    """The version of this number."""
    return session.scalar(
        unscoped(ProtocolVersion, because=_WHY).where(ProtocolVersion.number == number)
    )


def page(session: Session, limit: int, offset: int) -> tuple[Sequence[ProtocolVersion], int]:
    """Some versions, the newest first, and how many there are."""
    rows = session.scalars(
        unscoped(ProtocolVersion, because=_WHY)
        .order_by(ProtocolVersion.number.desc())
        .limit(limit)
        .offset(offset)
    ).all()
    total = session.scalar(select(func.count()).select_from(ProtocolVersion))
    return rows, int(total or 0)
