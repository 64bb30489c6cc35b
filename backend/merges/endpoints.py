"""Routes of merging patients' records."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status

from backend.access import Caller, Permission
from backend.dependencies import Reading, Transaction, requires
from backend.kit.errors import NotAllowedError, NotFoundError, declares
from backend.kit.pagination import Page, PageRequest
from backend.merges import service
from backend.merges.errors import MergeUndoneError, SameRecordError, WorkUnderWayError
from backend.merges.schemas import MergeRead, MergeRequest
from backend.patients.errors import PatientNotInUseError

router = APIRouter(tags=["merges"])

Merger = Annotated[Caller, Depends(requires(Permission.PATIENT_MERGE))]


@router.get("/patients/{patient_id}/merges", responses=declares(NotAllowedError, NotFoundError))
def list_merges(
    session: Reading, caller: Merger, patient_id: UUID, paging: PageRequest
) -> Page[MergeRead]:
    """The merges that a record took part in, the newest first."""
    return service.of_patient(session, caller, patient_id, paging)


@router.post(
    "/patients/{patient_id}/merges",
    status_code=status.HTTP_201_CREATED,
    responses=declares(
        NotAllowedError,
        NotFoundError,
        PatientNotInUseError,
        SameRecordError,
        WorkUnderWayError,
    ),
)
def merge_patients(
    session: Transaction, caller: Merger, patient_id: UUID, request: MergeRequest
) -> MergeRead:
    """Let another record of the same person end in this one; it can be undone."""
    return service.merge(session, caller, patient_id, request.merged_id, request.reason)


@router.post(
    "/merges/{merge_id}/undo",
    responses=declares(
        NotAllowedError,
        NotFoundError,
        PatientNotInUseError,
        MergeUndoneError,
        WorkUnderWayError,
    ),
)
def undo_merge(session: Transaction, caller: Merger, merge_id: UUID) -> MergeRead:
    """Part two records again; what was added since goes with what it was added to."""
    return service.undo(session, caller, merge_id)
