"""Routes of takes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status

from backend.access import Caller, Permission
from backend.consents.errors import ConsentMissingError
from backend.dependencies import Reading, Transaction, requires
from backend.kit.errors import (
    NotAllowedError,
    NotFoundError,
    PreconditionFailedError,
    declares,
)
from backend.kit.pagination import Page, PageRequest
from backend.kit.revisions import BasedOn, PreconditionRequiredError, tag
from backend.takes import service
from backend.takes.errors import (
    ExclusionError,
    ForeignRecordingError,
    OverlapError,
    ReplacementError,
    SpanError,
    TakeReplacedError,
    UnknownMovementError,
)
from backend.takes.schemas import TakeBody, TakeCreate, TakeRead
from backend.visits.errors import VisitSignedError
from backend.voiding import BecauseOf, NotVoidError, VoidError

router = APIRouter(tags=["takes"])

Reader = Annotated[Caller, Depends(requires(Permission.VISIT_READ))]
Writer = Annotated[Caller, Depends(requires(Permission.VISIT_WRITE))]
Remover = Annotated[Caller, Depends(requires(Permission.VISIT_VOID))]

_SEEN = declares(NotAllowedError, NotFoundError)
_CHANGED = (NotAllowedError, NotFoundError, VoidError, VisitSignedError)
_CUT = (
    UnknownMovementError,
    ForeignRecordingError,
    SpanError,
    OverlapError,
    ConsentMissingError,
)


@router.get("/visits/{visit_id}/takes", responses=_SEEN)
def list_takes(
    session: Reading,
    caller: Reader,
    visit_id: UUID,
    paging: PageRequest,
    movement: Annotated[str | None, Query(max_length=64)] = None,
    include_void: bool = False,
) -> Page[TakeRead]:
    """The takes of a visit in their order, with the word of quality control."""
    return service.of_visit(session, caller, visit_id, movement, include_void, paging)


@router.post(
    "/visits/{visit_id}/takes",
    status_code=status.HTTP_201_CREATED,
    responses=declares(*_CHANGED, *_CUT, ReplacementError),
)
def create_take(
    session: Transaction, caller: Writer, visit_id: UUID, new: TakeCreate, response: Response
) -> TakeRead:
    """A new take; when its recording is complete its analysis begins."""
    take = service.create(session, caller, visit_id, new)
    tag(response, take.version)
    return take


@router.get("/takes/{take_id}", responses=_SEEN)
def get_take(session: Reading, caller: Reader, take_id: UUID, response: Response) -> TakeRead:
    """A take."""
    take = service.get(session, caller, take_id)
    tag(response, take.version)
    return take


@router.put(
    "/takes/{take_id}",
    responses=declares(
        *_CHANGED, *_CUT, TakeReplacedError, PreconditionFailedError, PreconditionRequiredError
    ),
)
def replace_take(
    session: Transaction,
    caller: Writer,
    take_id: UUID,
    new: TakeBody,
    based_on: BasedOn,
    response: Response,
) -> TakeRead:
    """Correct movement, recording or span; the take is measured again."""
    take = service.replace(session, caller, take_id, new, based_on)
    tag(response, take.version)
    return take


@router.post(
    "/takes/{take_id}/exclude", responses=declares(*_CHANGED, TakeReplacedError, ExclusionError)
)
def exclude_take(
    session: Transaction, caller: Writer, take_id: UUID, because: BecauseOf
) -> TakeRead:
    """Keep a take but measure it no more, with a reason."""
    return service.exclude(session, caller, take_id, because.reason)


@router.post(
    "/takes/{take_id}/include",
    responses=declares(*_CHANGED, *_CUT, TakeReplacedError, ExclusionError),
)
def include_take(session: Transaction, caller: Writer, take_id: UUID) -> TakeRead:
    """Let an excluded take count again."""
    return service.include(session, caller, take_id)


@router.post("/takes/{take_id}/void", responses=declares(*_CHANGED))
def void_take(session: Transaction, caller: Remover, take_id: UUID, because: BecauseOf) -> TakeRead:
    """Take a take out of use, with a reason."""
    return service.take_out(session, caller, take_id, because.reason)


@router.post("/takes/{take_id}/unvoid", responses=declares(*_CHANGED, *_CUT, NotVoidError))
def unvoid_take(session: Transaction, caller: Remover, take_id: UUID) -> TakeRead:
    """Bring a take back."""
    return service.bring_back(session, caller, take_id)
