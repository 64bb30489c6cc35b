"""Routes of break-glass: a yes or no, opening a record, and the alerts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, status

from backend.access import Caller, Permission
from backend.dependencies import Reading, SettingsInForce, Transaction, requires
from backend.emergency import service
from backend.emergency.schemas import Alert, BreakGlassCreate, Found, LookUp, Opened
from backend.kit.errors import NotFoundError, declares
from backend.kit.pagination import Page, PageRequest
from backend.kit.ratelimit import RateLimit

router = APIRouter(prefix="/break-glass", tags=["break-glass"])

_break_glass = requires(Permission.BREAK_GLASS)
# Alerts are part of what the audit is for.
_watching = requires(Permission.AUDIT_READ)
Watcher = Annotated[Caller, Depends(_watching)]


def in_need(request: Request, caller: Annotated[Caller, Depends(_break_glass)]) -> Caller:
    """The caller, who can't try one number after the other."""
    limit: RateLimit = request.app.state.look_up_limit
    limit.spend(str(caller.user_id))
    return caller


InNeed = Annotated[Caller, Depends(in_need)]


@router.post("/look-up")
def look_up(sent: LookUp, unit: Transaction, caller: InNeed) -> Found:
    """Whether there is a patient of exactly this MRN or pseudonym: yes or no."""
    return Found(exists=service.exists(unit, caller, sent.identifier))


@router.post("", status_code=status.HTTP_201_CREATED, responses=declares(NotFoundError))
def open_record(
    sent: BreakGlassCreate, unit: Transaction, caller: InNeed, settings: SettingsInForce
) -> Opened:
    """Open a foreign record for some hours, with a reason; administrators are alerted."""
    return service.open_record(unit, caller, settings, sent.identifier, sent.reason)


@router.get("", dependencies=[Depends(_watching)])
def list_alerts(
    unit: Reading,
    page: PageRequest,
    open_only: Annotated[bool, Query(description="Leave out what was acknowledged.")] = False,
) -> Page[Alert]:
    """Who opened what and why, newest first."""
    found, total = service.alerts(unit, open_only=open_only, limit=page.limit, offset=page.offset)
    return page.page(found, total)


@router.post(
    "/{use_id}/acknowledgement",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(NotFoundError),
)
def acknowledge(use_id: UUID, unit: Transaction, caller: Watcher) -> None:
    """Put an alert to rest; not one's own."""
    service.acknowledge(unit, caller, use_id)
