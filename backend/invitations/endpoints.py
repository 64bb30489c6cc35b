"""Routes of invitations to a patient."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status

from backend.access import Caller, Permission
from backend.dependencies import Reading, Transaction, requires
from backend.invitations import service
from backend.invitations.schemas import InvitationCreate, InvitationRead
from backend.kit.errors import NotFoundError, declares

router = APIRouter(tags=["invitations"])

Host = Annotated[Caller, Depends(requires(Permission.PATIENT_INVITE))]


@router.get("/patients/{patient_id}/invitations", responses=declares(NotFoundError))
def list_invitations(patient_id: UUID, unit: Reading, caller: Host) -> list[InvitationRead]:
    """Who is or was let in to a patient, newest first."""
    found = service.listed(unit, caller, patient_id)
    return [InvitationRead.model_validate(one) for one in found]


@router.post(
    "/patients/{patient_id}/invitations",
    status_code=status.HTTP_201_CREATED,
    responses=declares(NotFoundError),
)
def invite(
    patient_id: UUID, sent: InvitationCreate, unit: Transaction, caller: Host
) -> InvitationRead:
    """Let a colleague in to a patient for some days."""
    return InvitationRead.model_validate(service.invite(unit, caller, patient_id, sent))


@router.delete(
    "/invitations/{invitation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(NotFoundError),
)
def revoke_invitation(invitation_id: UUID, unit: Transaction, caller: Host) -> None:
    """End an invitation before its time."""
    service.revoke(unit, caller, invitation_id)
