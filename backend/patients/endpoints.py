"""Routes of patients' records; merging has its own file."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status

from backend.access import Caller, Permission
from backend.dependencies import Reading, Transaction, requires
from backend.kit.errors import (
    InvalidError,
    NotAllowedError,
    NotFoundError,
    PreconditionFailedError,
    declares,
)
from backend.kit.pagination import MAX_LIMIT, Page, PageRequest
from backend.kit.revisions import BasedOn, PreconditionRequiredError, tag
from backend.patients import service
from backend.patients.errors import (
    PatientNotInUseError,
    PossibleDuplicateError,
    PseudonymTakenError,
    TeamNeededError,
    TellingPseudonymError,
)
from backend.patients.schemas import (
    Change,
    Contact,
    ContactRead,
    Description,
    Identity,
    IdentityRead,
    PatientCreate,
    PatientFilter,
    PatientQuery,
    PatientRead,
    PatientSummary,
    Teams,
)
from backend.voiding import BecauseOf, NotVoidError

router = APIRouter(prefix="/patients", tags=["patients"])

_EDITED = (
    NotAllowedError,
    NotFoundError,
    PatientNotInUseError,
    PreconditionFailedError,
    PreconditionRequiredError,
)


@router.get("", responses=declares(NotAllowedError))
def list_patients(
    session: Reading,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_READ))],
    wanted: Annotated[PatientFilter, Depends()],
    paging: PageRequest,
) -> Page[PatientSummary]:
    """The patients in reach, filtered and sorted."""
    return service.listed(session, caller, PatientQuery(**wanted.model_dump()), paging)


@router.post("/search", responses=declares(NotAllowedError))
def search_patients(
    session: Reading,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_READ))],
    query: PatientQuery,
    paging: PageRequest,
) -> Page[PatientSummary]:
    """The patients in reach by what was typed; in the body, since a name belongs in no address."""
    return service.listed(session, caller, query, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=declares(
        NotAllowedError,
        InvalidError,
        PossibleDuplicateError,
        PseudonymTakenError,
        TeamNeededError,
        TellingPseudonymError,
    ),
)
def create_patient(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_CREATE))],
    new: PatientCreate,
    response: Response,
) -> PatientRead:
    """A new record; refused when it looks like one that is there, unless said otherwise."""
    patient = service.create(session, caller, new)
    tag(response, patient.version)
    return patient


@router.get("/identities", responses=declares(NotAllowedError))
def list_identities(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_IDENTITY))],
    patient_id: Annotated[list[UUID], Query(min_length=1, max_length=MAX_LIMIT)],
) -> list[IdentityRead]:
    """Who these patients are; those out of reach are left out. Every look is audited."""
    return service.identities(session, caller, patient_id)


@router.get("/{patient_id}", responses=declares(NotAllowedError, NotFoundError))
def get_patient(
    session: Reading,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_READ))],
    patient_id: UUID,
    response: Response,
) -> PatientRead:
    """The record without what identifies."""
    patient = service.get(session, caller, patient_id)
    tag(response, patient.version)
    return patient


@router.put(
    "/{patient_id}",
    responses=declares(*_EDITED, InvalidError, PseudonymTakenError, TellingPseudonymError),
)
def describe_patient(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_EDIT))],
    patient_id: UUID,
    new: Description,
    based_on: BasedOn,
    response: Response,
) -> PatientRead:
    """Replace pseudonym, birth year and sex."""
    patient = service.describe(session, caller, patient_id, new, based_on)
    tag(response, patient.version)
    return patient


@router.get("/{patient_id}/identity", responses=declares(NotAllowedError, NotFoundError))
def get_identity(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_IDENTITY))],
    patient_id: UUID,
    response: Response,
) -> IdentityRead:
    """Name and record number; the look is audited."""
    identity = service.identity(session, caller, patient_id)
    tag(response, identity.version)
    return identity


@router.put(
    "/{patient_id}/identity",
    responses=declares(*_EDITED, PossibleDuplicateError, TellingPseudonymError),
)
def identify_patient(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_EDIT_IDENTITY))],
    patient_id: UUID,
    new: Identity,
    based_on: BasedOn,
    response: Response,
) -> IdentityRead:
    """Replace name and record number."""
    identity = service.identify(session, caller, patient_id, new, based_on)
    tag(response, identity.version)
    return identity


@router.get("/{patient_id}/contact", responses=declares(NotAllowedError, NotFoundError))
def get_contact(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_CONTACT))],
    patient_id: UUID,
    response: Response,
) -> ContactRead:
    """Contact and notes; the look is audited."""
    contact = service.contact(session, caller, patient_id)
    tag(response, contact.version)
    return contact


@router.put("/{patient_id}/contact", responses=declares(*_EDITED))
def edit_contact(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_EDIT_CONTACT))],
    patient_id: UUID,
    new: Contact,
    based_on: BasedOn,
    response: Response,
) -> ContactRead:
    """Replace contact and notes."""
    contact = service.edit_contact(session, caller, patient_id, new, based_on)
    tag(response, contact.version)
    return contact


@router.put(
    "/{patient_id}/teams",
    responses=declares(NotAllowedError, NotFoundError, PatientNotInUseError, TeamNeededError),
)
def set_teams(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_TEAMS))],
    patient_id: UUID,
    teams: Teams,
) -> PatientRead:
    """Replace the care teams of the patient."""
    return service.set_teams(session, caller, patient_id, teams.team_ids)


@router.post(
    "/{patient_id}/void",
    responses=declares(NotAllowedError, NotFoundError, PatientNotInUseError),
)
def void_patient(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_VOID))],
    patient_id: UUID,
    because: BecauseOf,
) -> PatientRead:
    """Take the record out of use, with a reason; nothing is removed."""
    return service.void(session, caller, patient_id, because.reason)


@router.post(
    "/{patient_id}/unvoid", responses=declares(NotAllowedError, NotFoundError, NotVoidError)
)
def unvoid_patient(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_VOID))],
    patient_id: UUID,
) -> PatientRead:
    """Bring a void record back."""
    return service.unvoid(session, caller, patient_id)


@router.get("/{patient_id}/history", responses=declares(NotAllowedError, NotFoundError))
def list_history(
    session: Reading,
    caller: Annotated[Caller, Depends(requires(Permission.PATIENT_READ))],
    patient_id: UUID,
    paging: PageRequest,
) -> Page[Change]:
    """What was changed about the patient, by whom, the newest first."""
    return service.history(session, caller, patient_id, paging)
