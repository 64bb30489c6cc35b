"""Routes of visits; signing them is in reviews."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status

from backend.access import Caller, Permission
from backend.dependencies import Reading, Transaction, requires
from backend.kit.errors import (
    NotAllowedError,
    NotFoundError,
    PreconditionFailedError,
    declares,
)
from backend.kit.pagination import Page, PageRequest
from backend.kit.revisions import BasedOn, PreconditionRequiredError, tag
from backend.patients.errors import PatientNotInUseError
from backend.visits import service
from backend.visits.errors import ForeignEpisodeError, VisitSignedError, VisitTimeError
from backend.visits.schemas import VisitBody, VisitCreate, VisitRead
from backend.voiding import BecauseOf, NotVoidError, VoidError

router = APIRouter(tags=["visits"])

Reader = Annotated[Caller, Depends(requires(Permission.VISIT_READ))]
Writer = Annotated[Caller, Depends(requires(Permission.VISIT_WRITE))]
Remover = Annotated[Caller, Depends(requires(Permission.VISIT_VOID))]


@router.get("/patients/{patient_id}/visits", responses=declares(NotAllowedError, NotFoundError))
def list_visits(
    session: Reading,
    caller: Reader,
    patient_id: UUID,
    paging: PageRequest,
    episode_id: UUID | None = None,
    include_void: bool = False,
) -> Page[VisitRead]:
    """The visits of a patient, the newest first."""
    return service.of_patient(session, caller, patient_id, episode_id, include_void, paging)


@router.post(
    "/patients/{patient_id}/visits",
    status_code=status.HTTP_201_CREATED,
    responses=declares(
        NotAllowedError, NotFoundError, PatientNotInUseError, ForeignEpisodeError, VisitTimeError
    ),
)
def create_visit(
    session: Transaction, caller: Writer, patient_id: UUID, new: VisitCreate, response: Response
) -> VisitRead:
    """A new visit under the protocol in force."""
    visit = service.create(session, caller, patient_id, new)
    tag(response, visit.version)
    return visit


@router.get("/visits/{visit_id}", responses=declares(NotAllowedError, NotFoundError))
def get_visit(session: Reading, caller: Reader, visit_id: UUID, response: Response) -> VisitRead:
    """A visit."""
    visit = service.get(session, caller, visit_id)
    tag(response, visit.version)
    return visit


@router.put(
    "/visits/{visit_id}",
    responses=declares(
        NotAllowedError,
        NotFoundError,
        VoidError,
        VisitSignedError,
        ForeignEpisodeError,
        VisitTimeError,
        PreconditionFailedError,
        PreconditionRequiredError,
    ),
)
def replace_visit(
    session: Transaction,
    caller: Writer,
    visit_id: UUID,
    new: VisitBody,
    based_on: BasedOn,
    response: Response,
) -> VisitRead:
    """Replace what a visit says; an episode of another side sends its takes to a new analysis."""
    visit = service.replace(session, caller, visit_id, new, based_on)
    tag(response, visit.version)
    return visit


@router.post(
    "/visits/{visit_id}/void",
    responses=declares(NotAllowedError, NotFoundError, VoidError, VisitSignedError),
)
def void_visit(
    session: Transaction, caller: Remover, visit_id: UUID, because: BecauseOf
) -> VisitRead:
    """Take a visit out of use, with a reason."""
    return service.take_out(session, caller, visit_id, because.reason)


@router.post(
    "/visits/{visit_id}/unvoid", responses=declares(NotAllowedError, NotFoundError, NotVoidError)
)
def unvoid_visit(session: Transaction, caller: Remover, visit_id: UUID) -> VisitRead:
    """Bring a visit back."""
    return service.bring_back(session, caller, visit_id)
