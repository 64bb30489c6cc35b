"""Routes of the movement protocol."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, status

from backend.access import Caller, Permission
from backend.dependencies import Reading, Transaction, requires
from backend.kit.errors import NotAllowedError, NotFoundError, declares
from backend.kit.pagination import Page, PageRequest
from backend.protocols import service
from backend.protocols.schemas import ProtocolDraft, ProtocolVersionRead
from backend.protocols.service import ProtocolChangedError

router = APIRouter(prefix="/protocol", tags=["protocol"])


@router.get("", responses=declares(NotAllowedError))
def get_protocol(
    session: Reading,
    _caller: Annotated[Caller, Depends(requires(Permission.PROTOCOL_READ))],
) -> ProtocolVersionRead:
    """The protocol in force."""
    return service.in_force(session)


@router.get("/versions", responses=declares(NotAllowedError))
def list_versions(
    session: Reading,
    _caller: Annotated[Caller, Depends(requires(Permission.PROTOCOL_READ))],
    paging: PageRequest,
) -> Page[ProtocolVersionRead]:
    """All versions of the protocol, the newest first."""
    return service.versions(session, paging)


@router.get("/versions/{number}", responses=declares(NotAllowedError, NotFoundError))
def get_version(
    session: Reading,
    _caller: Annotated[Caller, Depends(requires(Permission.PROTOCOL_READ))],
    number: Annotated[int, Path(ge=1, le=1_000_000)],
) -> ProtocolVersionRead:
    """One version of the protocol, as visits of its time follow it."""
    return service.of_number(session, number)


@router.post(
    "/versions",
    status_code=status.HTTP_201_CREATED,
    responses=declares(NotAllowedError, ProtocolChangedError),
)
def replace_protocol(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.PROTOCOL_EDIT))],
    draft: ProtocolDraft,
) -> ProtocolVersionRead:
    """Store a new version, which is in force from now on; visits keep the one they began with."""
    return service.replace(session, caller, draft)
