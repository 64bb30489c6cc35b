"""Addresses of results: analyses, measures, curves, streams, overlays, downloads."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, status
from fastapi import Path as InPath
from fastapi.responses import Response, StreamingResponse

from backend.access import Caller, Permission
from backend.analyses import downloads, reading, service, starting
from backend.analyses.conversions import MeshFormat
from backend.analyses.errors import NotMeasuredError, RecordingIncompleteError
from backend.analyses.repository import Level, MeasureFilter, MeasureSort
from backend.analyses.schemas import (
    AnalysisBrief,
    AnalysisRead,
    MeasureRead,
    StreamRead,
    Word,
)
from backend.analyses.topology import TopologyFile, topology_file
from backend.consents.errors import ConsentMissingError
from backend.db.models import FileRole, RowSide, View
from backend.dependencies import (
    Reading,
    SettingsInForce,
    StorageInUse,
    Transaction,
    database_of,
    requires,
)
from backend.jobs.schemas import JobRead
from backend.kit.errors import NotAllowedError, NotFoundError, ServiceError, declares
from backend.kit.pagination import Page, PageRequest
from backend.kit.ranges import IMMUTABLE, RangeNotSatisfiableError, answer, binary, content_of
from backend.kit.storage.errors import (
    DamagedObjectError,
    MissingObjectError,
    StorageUnavailableError,
)
from backend.takes.errors import TakeReplacedError
from backend.visits.errors import VisitSignedError
from backend.voiding import VoidError
from models.measures.series import TakeSeries

router = APIRouter(tags=["analyses"])

Starts = Annotated[Caller, Depends(requires(Permission.ANALYSIS_START))]
Results = Annotated[Caller, Depends(requires(Permission.RESULTS_READ))]
Faces = Annotated[Caller, Depends(requires(Permission.FACE_READ))]
ClinicalExport = Annotated[Caller, Depends(requires(Permission.EXPORT_CLINICAL))]
BasicExport = Annotated[Caller, Depends(requires(Permission.EXPORT_BASIC))]
Movements = Annotated[list[Word], Query(alias="movement", max_length=50)]
Measures = Annotated[list[Word], Query(alias="measure", max_length=100)]
Regions = Annotated[list[Word], Query(alias="region", max_length=20)]
Sides = Annotated[list[RowSide], Query(alias="side", max_length=6)]

_ONE = declares(NotAllowedError, NotFoundError)
STORED: tuple[type[ServiceError], ...] = (
    NotAllowedError,
    NotFoundError,
    MissingObjectError,
    DamagedObjectError,
    StorageUnavailableError,
)
_TABLE: dict[int | str, dict[str, object]] = {
    200: {"content": {downloads.CSV_MEDIA_TYPE: {"schema": {"type": "string"}}}}
}
_FILE = declares(*STORED, RangeNotSatisfiableError)


class StreamName(StrEnum):
    """The streams of an analysis: the meshes, and numbers per vertex in mm."""

    VERTICES = "vertices"
    ASYMMETRY = "asymmetry"
    DISPLACEMENT = "displacement"
    UNCERTAINTY = "uncertainty"

    @property
    def role(self) -> FileRole:
        """The kind of file that holds it."""
        return FileRole(self.value)


def _filter(
    movement: Movements = [],  # noqa: B006 - FastAPI copies it
    measure: Measures = [],  # noqa: B006
    region: Regions = [],  # noqa: B006
    side: Sides = [],  # noqa: B006
    level: Level = Level.ALL,
    determined: bool = False,
) -> MeasureFilter:
    return MeasureFilter(movement, measure, region, side, level, determined)


Wanted = Annotated[MeasureFilter, Depends(_filter)]


@router.get("/analyses", responses=declares(NotAllowedError))
def list_analyses(
    session: Reading,
    caller: Results,
    paging: PageRequest,
    movement: Movements = [],  # noqa: B006 - FastAPI copies it
    all_versions: bool = False,
) -> Page[AnalysisBrief]:
    """The analyses of all patients whose results the caller may see, the newest first."""
    return service.listed(session, caller, paging, movements=movement, all_versions=all_versions)


@router.get("/patients/{patient_id}/analyses", responses=_ONE)
def list_analyses_of_patient(
    session: Reading,
    caller: Results,
    patient_id: UUID,
    paging: PageRequest,
    movement: Movements = [],  # noqa: B006
    all_versions: bool = False,
) -> Page[AnalysisBrief]:
    """The patient's analyses, the newest visit first."""
    return service.listed(
        session,
        caller,
        paging,
        patient_id=patient_id,
        movements=movement,
        all_versions=all_versions,
    )


@router.get("/visits/{visit_id}/analyses", responses=_ONE)
def list_analyses_of_visit(
    session: Reading,
    caller: Results,
    visit_id: UUID,
    paging: PageRequest,
    movement: Movements = [],  # noqa: B006
    all_versions: bool = False,
) -> Page[AnalysisBrief]:
    """The visit's analyses, the newest take first."""
    return service.listed(
        session, caller, paging, visit_id=visit_id, movements=movement, all_versions=all_versions
    )


@router.get("/takes/{take_id}/analyses", responses=_ONE)
def list_analyses_of_take(
    session: Reading,
    caller: Results,
    take_id: UUID,
    paging: PageRequest,
    all_versions: bool = True,
) -> Page[AnalysisBrief]:
    """The versions of a take's analysis, the newest first."""
    return service.listed(session, caller, paging, take_id=take_id, all_versions=all_versions)


@router.post(
    "/takes/{take_id}/analyses",
    status_code=status.HTTP_202_ACCEPTED,
    responses=declares(
        NotAllowedError,
        NotFoundError,
        ConsentMissingError,
        VoidError,
        VisitSignedError,
        TakeReplacedError,
        NotMeasuredError,
        RecordingIncompleteError,
    ),
)
def start_analysis(session: Transaction, caller: Starts, take_id: UUID) -> JobRead:
    """Analyse a take, or analyse it again with the present model; earlier versions stay."""
    return JobRead.of(starting.start(session, caller, take_id))


@router.get("/analyses/{analysis_id}", responses=_ONE)
def read_analysis(
    request: Request, session: Reading, caller: Results, analysis_id: UUID
) -> AnalysisRead:
    """One analysis: quality control with reasons, what made it, where its files are."""
    return service.get(session, caller, analysis_id, request.app.url_path_for)


@router.get("/analyses/{analysis_id}/measures", responses=_ONE)
def list_measures_of_analysis(
    session: Reading,
    caller: Results,
    analysis_id: UUID,
    paging: PageRequest,
    wanted: Wanted,
    sort: MeasureSort = MeasureSort.MOVEMENT,
) -> Page[MeasureRead]:
    """What one analysis measured."""
    return service.measures(session, caller, wanted, sort, paging, analysis_id=analysis_id)


@router.get("/visits/{visit_id}/measures", responses=_ONE)
def list_measures_of_visit(
    session: Reading,
    caller: Results,
    visit_id: UUID,
    paging: PageRequest,
    wanted: Wanted,
    sort: MeasureSort = MeasureSort.MOVEMENT,
) -> Page[MeasureRead]:
    """What was measured in a visit, by the analyses that count."""
    return service.measures(session, caller, wanted, sort, paging, visit_id=visit_id)


@router.get("/analyses/{analysis_id}/series", responses=declares(*STORED))
def read_series(
    session: Transaction, caller: Results, storage: StorageInUse, analysis_id: UUID
) -> TakeSeries:
    """The take over time: phases, and a curve per measure, region and side."""
    return reading.series(session, caller, storage, analysis_id)


@router.get(
    "/analyses/{analysis_id}/streams/{stream}",
    response_class=Response,
    responses=binary(reading.STREAM_MEDIA_TYPE) | _FILE,
)
def read_stream(
    request: Request,
    session: Transaction,
    caller: Results,
    storage: StorageInUse,
    analysis_id: UUID,
    stream: StreamName,
) -> Response:
    """A whole mesh stream (`docs/mesh-stream.md`), or a range of its bytes."""
    return answer(request, reading.content(session, caller, storage, analysis_id, stream.role))


@router.get("/analyses/{analysis_id}/streams/{stream}/header", responses=declares(*STORED))
def read_stream_header(
    request: Request,
    session: Transaction,
    caller: Results,
    storage: StorageInUse,
    analysis_id: UUID,
    stream: StreamName,
) -> StreamRead:
    """What a stream holds, with an address for each chunk of 30 frames."""
    return reading.stream_header(
        session, caller, storage, analysis_id, stream.role, request.app.url_path_for
    )


@router.get(
    "/analyses/{analysis_id}/streams/{stream}/chunks/{number}",
    response_class=Response,
    responses=binary(reading.STREAM_MEDIA_TYPE) | _FILE,
)
def read_stream_chunk(
    request: Request,
    session: Transaction,
    caller: Results,
    storage: StorageInUse,
    analysis_id: UUID,
    stream: StreamName,
    number: Annotated[int, InPath(ge=0, le=100_000)],
) -> Response:
    """One chunk, which decodes alone."""
    chunk = reading.stream_chunk(session, caller, storage, analysis_id, stream.role, number)
    return answer(request, chunk)


@router.get(
    "/analyses/{analysis_id}/overlays/{view}",
    response_class=Response,
    responses=binary("video/mp4") | _FILE,
)
def read_overlay(
    request: Request,
    session: Transaction,
    caller: Faces,
    storage: StorageInUse,
    analysis_id: UUID,
    view: View,
) -> Response:
    """The video of one camera with the mesh over it, or a range of its bytes."""
    found = reading.content(session, caller, storage, analysis_id, FileRole.OVERLAY, view)
    return answer(request, found)


@router.get(
    "/analyses/{analysis_id}/preview",
    response_class=Response,
    responses=binary("image/png") | _FILE,
)
def read_preview(
    request: Request, session: Transaction, caller: Faces, storage: StorageInUse, analysis_id: UUID
) -> Response:
    """Rest and peak in every view with the mesh, as one picture."""
    return answer(request, reading.content(session, caller, storage, analysis_id, FileRole.PREVIEW))


@router.get(
    "/analyses/{analysis_id}/meshes.{format}",
    response_class=Response,
    responses=binary("application/octet-stream") | _FILE,
)
def download_meshes(
    request: Request,
    session: Transaction,
    caller: ClinicalExport,
    storage: StorageInUse,
    settings: SettingsInForce,
    analysis_id: UUID,
    format: MeshFormat,
    frame: Annotated[int | None, Query(ge=0, le=1_000_000)] = None,
) -> Response:
    """The meshes for other programs: GLB or NPZ of the take, OBJ or PLY of one frame."""
    return answer(
        request,
        downloads.meshes(session, caller, storage, analysis_id, format, frame, settings.notice),
    )


@router.get(
    "/analyses/{analysis_id}/measures.csv",
    response_class=Response,
    responses=_TABLE | _ONE,
)
def download_measures_of_analysis(
    request: Request,
    session: Transaction,
    caller: BasicExport,
    settings: SettingsInForce,
    analysis_id: UUID,
) -> StreamingResponse:
    """The measures of one analysis as CSV."""
    file = downloads.measures(session, caller, analysis_id=analysis_id)
    return _csv(request, caller, settings.notice, file)


@router.get(
    "/visits/{visit_id}/measures.csv",
    response_class=Response,
    responses=_TABLE | _ONE,
)
def download_measures_of_visit(
    request: Request,
    session: Transaction,
    caller: BasicExport,
    settings: SettingsInForce,
    visit_id: UUID,
) -> StreamingResponse:
    """The measures of a visit, by the analyses that count, as CSV."""
    file = downloads.measures(session, caller, visit_id=visit_id)
    return _csv(request, caller, settings.notice, file)


@router.get(
    "/patients/{patient_id}/measures.csv",
    response_class=Response,
    responses=_TABLE | _ONE,
)
def download_measures_of_patient(
    request: Request,
    session: Transaction,
    caller: BasicExport,
    settings: SettingsInForce,
    patient_id: UUID,
) -> StreamingResponse:
    """The measures of all visits of a patient, by the analyses that count, as CSV."""
    file = downloads.measures(session, caller, patient_id=patient_id)
    return _csv(request, caller, settings.notice, file)


def _csv(
    request: Request, caller: Caller, notice: str, file: downloads.MeasuresFile
) -> StreamingResponse:
    parts = downloads.csv_parts(database_of(request), caller, file.analyses, notice)
    return StreamingResponse(
        parts,
        media_type=downloads.CSV_MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{file.name}"'},
    )


@router.get(
    "/topologies/{topology_id}",
    response_model=TopologyFile,
    responses=_ONE | {304: {"description": "The copy that the client has is current."}},
)
def read_topology(request: Request, _caller: Results, topology_id: str) -> Response:
    """Faces, texture coordinates, regions, mirror map and landmarks; never changes."""
    data, tag = topology_file(topology_id)
    return answer(request, content_of(data, tag, "application/json", cache=IMMUTABLE))
