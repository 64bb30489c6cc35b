"""Letting a colleague in to one patient; what that allows follows from the colleague's roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Role
from backend.audit import service as audit
from backend.db.models import Invitation
from backend.db.session import now
from backend.invitations import repository
from backend.invitations.schemas import InvitationCreate
from backend.kit.errors import InvalidError, NotFoundError

_CLINICAL = frozenset({Role.CLINICIAN, Role.THERAPIST})


def listed(session: Session, caller: Caller, patient_id: UUID) -> Sequence[Invitation]:
    """All invitations to a patient, also past ones; raises NotFoundError."""
    if repository.patient(session, caller, patient_id) is None:
        raise NotFoundError
    return repository.of_patient(session, caller, patient_id)


def invite(
    session: Session, caller: Caller, patient_id: UUID, wanted: InvitationCreate
) -> Invitation:
    """Let a colleague in; raises NotFoundError, InvalidError."""
    if repository.patient_to_share(session, caller, patient_id) is None:
        raise NotFoundError
    guest = repository.guest(session, wanted.user_id)
    if guest is None or not guest.roles & _CLINICAL:
        raise InvalidError(
            "Only clinicians and therapists who can sign in can be invited.",
            "Choose one from the list of colleagues.",
        )
    at = now(session)
    invitation = Invitation(
        patient_id=patient_id,
        user_id=guest.id,
        created_at=at,
        created_by_id=caller.user_id,
        expires_at=at + timedelta(days=wanted.days),
    )
    session.add(invitation)
    detail = {"user": str(guest.id), "days": wanted.days}
    audit.record(
        session,
        caller,
        "patient.invite",
        "invitation",
        invitation.id,
        patient_id=patient_id,
        detail=detail,
    )
    return invitation


def revoke(session: Session, caller: Caller, invitation_id: UUID) -> None:
    """End an invitation before its time; raises NotFoundError."""
    invitation = repository.one_to_change(session, caller, invitation_id)
    if invitation is None or invitation.revoked_at is not None:
        raise NotFoundError
    invitation.revoked_at = now(session)
    audit.record(
        session,
        caller,
        "patient.uninvite",
        "invitation",
        invitation_id,
        patient_id=invitation.patient_id,
    )
