"""Addresses of exports: for research over all who consented, and of one patient."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, status
from fastapi.responses import Response

from backend.access import Caller, Permission
from backend.analyses.endpoints import STORED
from backend.dependencies import Reading, StorageInUse, Transaction, requires
from backend.exports import service
from backend.exports.errors import (
    ConsentChangedError,
    ExportNotReadyError,
    ExportUnderWayError,
)
from backend.exports.schemas import ExportKind, ExportRead, ExportRequest
from backend.kit.errors import NotAllowedError, NotFoundError, declares
from backend.kit.pagination import Page, PageRequest
from backend.kit.ranges import RangeNotSatisfiableError, answer, binary

router = APIRouter(tags=["exports"])

Researches = Annotated[Caller, Depends(requires(Permission.EXPORT_RESEARCH))]
Exports = Annotated[Caller, Depends(requires(Permission.EXPORT_CLINICAL))]

_ASK = declares(NotAllowedError, NotFoundError, ExportUnderWayError)
_ONE = declares(NotAllowedError, NotFoundError)
_FILE = binary(service.MEDIA_TYPE) | declares(
    *STORED, ExportNotReadyError, ConsentChangedError, RangeNotSatisfiableError
)


@router.post("/research-exports", status_code=status.HTTP_202_ACCEPTED, responses=_ASK)
def ask_for_research_export(
    request: Request, session: Transaction, caller: Researches, wanted: ExportRequest
) -> ExportRead:
    """Ask for measures, and untextured meshes, of all patients who consented to research."""
    path = request.app.url_path_for
    return service.ask(session, caller, ExportKind.RESEARCH, wanted, path)


@router.get("/research-exports", responses=declares(NotAllowedError))
def list_research_exports(
    request: Request, session: Reading, caller: Researches, paging: PageRequest
) -> Page[ExportRead]:
    """The caller's own research exports, the newest first."""
    path = request.app.url_path_for
    return service.listed(session, caller, ExportKind.RESEARCH, paging, path)


@router.get("/research-exports/{export_id}", responses=_ONE)
def read_research_export(
    request: Request, session: Reading, caller: Researches, export_id: UUID
) -> ExportRead:
    """One research export as it stands."""
    path = request.app.url_path_for
    return service.get(session, caller, ExportKind.RESEARCH, export_id, path)


@router.get("/research-exports/{export_id}/file", response_class=Response, responses=_FILE)
def download_research_export(
    request: Request,
    session: Transaction,
    caller: Researches,
    storage: StorageInUse,
    export_id: UUID,
) -> Response:
    """The archive, unless somebody in it has withdrawn consent since."""
    return answer(request, service.file(session, caller, storage, ExportKind.RESEARCH, export_id))


@router.post("/patients/{patient_id}/exports", status_code=status.HTTP_202_ACCEPTED, responses=_ASK)
def ask_for_patient_export(
    request: Request,
    session: Transaction,
    caller: Exports,
    patient_id: UUID,
    wanted: ExportRequest,
) -> ExportRead:
    """Ask for a patient's measures, and meshes, as one pseudonymous archive."""
    path = request.app.url_path_for
    return service.ask(session, caller, ExportKind.PATIENT, wanted, path, patient_id)


@router.get("/patients/{patient_id}/exports", responses=_ONE)
def list_patient_exports(
    request: Request, session: Reading, caller: Exports, patient_id: UUID, paging: PageRequest
) -> Page[ExportRead]:
    """The exports of a patient, the newest first."""
    path = request.app.url_path_for
    return service.listed(session, caller, ExportKind.PATIENT, paging, path, patient_id)


@router.get("/patients/{patient_id}/exports/{export_id}", responses=_ONE)
def read_patient_export(
    request: Request, session: Reading, caller: Exports, patient_id: UUID, export_id: UUID
) -> ExportRead:
    """One export of a patient as it stands."""
    path = request.app.url_path_for
    return service.get(session, caller, ExportKind.PATIENT, export_id, path, patient_id)


@router.get(
    "/patients/{patient_id}/exports/{export_id}/file",
    response_class=Response,
    responses=_FILE,
)
def download_patient_export(
    request: Request,
    session: Transaction,
    caller: Exports,
    storage: StorageInUse,
    patient_id: UUID,
    export_id: UUID,
) -> Response:
    """The archive of a patient."""
    found = service.file(session, caller, storage, ExportKind.PATIENT, export_id, patient_id)
    return answer(request, found)
