"""Queries of invitations to a patient."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import Invitation, Patient, User
from backend.scope import readable, unscoped, writable


def patient_to_share(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """A patient that the caller may let others in to."""
    return session.scalar(writable(caller, Patient).where(Patient.id == patient_id))


def patient(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """A patient that the caller may see."""
    return session.scalar(readable(caller, Patient).where(Patient.id == patient_id))


def of_patient(session: Session, caller: Caller, patient_id: UUID) -> Sequence[Invitation]:
    """All invitations to a patient, newest first."""
    statement = readable(caller, Invitation).where(Invitation.patient_id == patient_id)
    return session.scalars(statement.order_by(Invitation.id.desc())).all()


def one_to_change(session: Session, caller: Caller, invitation_id: UUID) -> Invitation | None:
    """An invitation that the caller may revoke, locked."""
    statement = writable(caller, Invitation).where(Invitation.id == invitation_id)
    return session.scalar(statement.with_for_update())


def guest(session: Session, user_id: UUID) -> User | None:
    """A user who can sign in."""
    statement = unscoped(User, because="colleagues know each other's names").where(
        User.id == user_id, User.disabled_at.is_(None)
    )
    return session.scalar(statement)
