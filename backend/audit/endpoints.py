"""Routes of the audit log, for administrators; reading it is logged too."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from backend.access import Caller, Permission
from backend.audit import service
from backend.audit.export import as_csv
from backend.audit.repository import Filter
from backend.audit.schemas import AuditRead, wanted
from backend.dependencies import Transaction, database_of, requires
from backend.kit.pagination import Page, PageRequest

router = APIRouter(prefix="/audit", tags=["audit"])

Auditor = Annotated[Caller, Depends(requires(Permission.AUDIT_READ))]
Wanted = Annotated[Filter, Depends(wanted)]


@router.get("")
def list_entries(
    unit: Transaction, caller: Auditor, page: PageRequest, wanted: Wanted
) -> Page[AuditRead]:
    """Entries, newest first."""
    found, total = service.read(unit, caller, wanted, limit=page.limit, offset=page.offset)
    return page.page([AuditRead.of(entry) for entry in found], total)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def export_entries(
    request: Request, unit: Transaction, caller: Auditor, wanted: Wanted
) -> StreamingResponse:
    """Entries as CSV, oldest first."""
    service.record(unit, caller, "audit.export", "audit", patient_id=wanted.patient_id)
    return StreamingResponse(
        as_csv(database_of(request), wanted),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )
