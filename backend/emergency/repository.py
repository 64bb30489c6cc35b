"""Queries of break-glass access: it looks beyond the caller's patients on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_
from sqlalchemy.orm import Session

from backend.db.models import BreakGlass, Patient, User
from backend.scope import unscoped

_EMERGENCY = "an emergency is not known beforehand; each use is an alert and in the audit log"
_ALERTS = "administrators watch over all uses"


def exactly(session: Session, pseudonym: str, mrn_hash: bytes) -> Sequence[Patient]:
    """Patients in use with exactly this pseudonym or MRN."""
    statement = unscoped(Patient, because=_EMERGENCY).where(
        or_(func.upper(Patient.pseudonym) == pseudonym, Patient.mrn_hash == mrn_hash),
        Patient.voided_at.is_(None),
        Patient.merged_into_id.is_(None),
    )
    return session.scalars(statement.order_by(Patient.id).limit(2)).all()


def alerts(
    session: Session, *, open_only: bool, limit: int, offset: int
) -> tuple[Sequence[Row[Any]], int]:
    """A page of (use, user's name, pseudonym), newest first, and how many there are."""
    statement = unscoped(BreakGlass, because=_ALERTS)
    if open_only:
        statement = statement.where(BreakGlass.acknowledged_at.is_(None))
    total = session.scalar(statement.with_only_columns(func.count())) or 0
    named = (
        statement.join(User, User.id == BreakGlass.user_id)
        .join(Patient, Patient.id == BreakGlass.patient_id)
        .add_columns(User.display_name, Patient.pseudonym)
        .order_by(BreakGlass.id.desc())
    )
    return session.execute(named.limit(limit).offset(offset)).all(), total


def one(session: Session, use_id: UUID) -> BreakGlass | None:
    """One use, locked."""
    statement = unscoped(BreakGlass, because=_ALERTS).where(BreakGlass.id == use_id)
    return session.scalar(statement.with_for_update())
