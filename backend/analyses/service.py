"""Which results there are and what was measured; files and streams are read in `reading`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Reach
from backend.analyses import repository
from backend.analyses.repository import MeasureFilter, MeasureSort, Placed
from backend.analyses.schemas import (
    AnalysisBrief,
    AnalysisRead,
    FileRead,
    MeasureRead,
    ModelRead,
    ReconstructionSummary,
)
from backend.db.models import Analysis, AnalysisFile, FileRole, Measure, Patient, View
from backend.kit.errors import NotFoundError
from backend.kit.pagination import Page, Paging
from models.capture.verdict import QCReport

# (name of a route, its parameters) -> its address
PathOf = Callable[..., str]

STREAMS = frozenset(
    {FileRole.VERTICES, FileRole.ASYMMETRY, FileRole.DISPLACEMENT, FileRole.UNCERTAINTY}
)


def listed(
    session: Session,
    caller: Caller,
    paging: Paging,
    *,
    patient_id: UUID | None = None,
    visit_id: UUID | None = None,
    take_id: UUID | None = None,
    movements: Collection[str] = (),
    all_versions: bool = False,
) -> Page[AnalysisBrief]:
    """All analyses, or those of a patient, a visit or a take; raises NotFoundError."""
    if patient_id is not None:
        patient(session, caller, patient_id)
    if visit_id is not None and repository.visit(session, caller, visit_id) is None:
        raise NotFoundError
    if take_id is not None and repository.take(session, caller, take_id) is None:
        raise NotFoundError
    rows, total = repository.listed(
        session,
        caller,
        patient_id=patient_id,
        visit_id=visit_id,
        take_id=take_id,
        movements=movements,
        all_versions=all_versions,
        limit=paging.limit,
        offset=paging.offset,
    )
    return paging.page([brief(row, caller) for row in rows], total)


def placed(session: Session, caller: Caller, analysis_id: UUID) -> Placed:
    """An analysis with its take and visit; raises NotFoundError."""
    found = repository.one(session, caller, analysis_id)
    if found is None:
        raise NotFoundError
    return found


def patient(session: Session, caller: Caller, patient_id: UUID) -> Patient:
    """A patient whose results the caller may see; raises NotFoundError."""
    found = repository.patient(session, caller, patient_id)
    if found is None:
        raise NotFoundError
    return found


def get(session: Session, caller: Caller, analysis_id: UUID, path: PathOf) -> AnalysisRead:
    """One analysis with the addresses of its files; raises NotFoundError."""
    found = placed(session, caller, analysis_id)
    analysis = found.analysis
    files = repository.files(session, caller, analysis.id)
    return AnalysisRead(
        **brief(found, caller).model_dump(),
        qc=QCReport.model_validate(analysis.qc),
        summary=ReconstructionSummary.model_validate(analysis.summary),
        provenance=ModelRead(
            name=analysis.model_name,
            version=analysis.model_version,
            code_version=analysis.code_version,
            weights=analysis.weights,
        ),
        inputs={View(view): digest for view, digest in analysis.inputs.items()},
        review_id=analysis.review_id,
        subject_file_id=analysis.subject_file_id,
        topology_id=analysis.topology,
        topology_href=path("read_topology", topology_id=analysis.topology),
        files=[
            FileRead(
                role=file.role,
                view=file.view,
                media_type=file.media_type,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                href=href,
            )
            for file in files
            if (href := _href(file, path)) is not None
        ],
    )


def _href(file: AnalysisFile, path: PathOf) -> str | None:
    """Where a file is read; None for those that only the program itself reads."""
    analysis_id = str(file.analysis_id)
    if file.role in STREAMS:
        return path("read_stream", analysis_id=analysis_id, stream=file.role.value)
    if file.role is FileRole.SERIES:
        return path("read_series", analysis_id=analysis_id)
    if file.role is FileRole.OVERLAY and file.view is not None:
        return path("read_overlay", analysis_id=analysis_id, view=file.view.value)
    if file.role is FileRole.PREVIEW:
        return path("read_preview", analysis_id=analysis_id)
    return None


def measures(
    session: Session,
    caller: Caller,
    wanted: MeasureFilter,
    sort: MeasureSort,
    paging: Paging,
    *,
    analysis_id: UUID | None = None,
    visit_id: UUID | None = None,
) -> Page[MeasureRead]:
    """The measures of one analysis, or of those of a visit that count; raises NotFoundError."""
    if analysis_id is not None:
        analyses: tuple[UUID, ...] = (placed(session, caller, analysis_id).analysis.id,)
    elif visit_id is not None and repository.visit(session, caller, visit_id) is not None:
        analyses = repository.counting(session, caller, visit_id=visit_id)
    else:
        raise NotFoundError
    rows, total = repository.measures(
        session, caller, analyses, wanted, sort, limit=paging.limit, offset=paging.offset
    )
    return paging.page([_measure(row) for row in rows], total)


def counting(session: Session, caller: Caller, patient_id: UUID) -> list[Placed]:
    """All analyses of a patient that count, in the order of time."""
    return repository.counting_placed(session, caller, patient_id)


def representative(
    session: Session, caller: Caller, patient_id: UUID, visit_ids: Collection[UUID] = ()
) -> list[Placed]:
    """Of each visit and movement the analysis that stands for it, in the order of time.

    The last take counts, but one that quality control rejected only when there is no other.
    """
    chosen: dict[tuple[UUID, str], Placed] = {}
    for one in repository.counting_placed(session, caller, patient_id, visit_ids):
        key = (one.analysis.visit_id, one.analysis.movement)
        present = chosen.get(key)
        if present is None or one.preference >= present.preference:
            chosen[key] = one
    return list(chosen.values())


def model_of(analysis: Analysis) -> str:
    """The model and its version, as pages and files name it."""
    return f"{analysis.model_name} {analysis.model_version}"


def is_pseudonymous(caller: Caller) -> bool:
    """Whether the caller may know neither dates nor names of whom the results are."""
    return not caller.reach - {Reach.RESEARCH}


def brief(found: Placed, caller: Caller) -> AnalysisBrief:
    """What lists tell of an analysis."""
    analysis = found.analysis
    return AnalysisBrief(
        id=analysis.id,
        patient_id=analysis.patient_id,
        pseudonym=found.pseudonym,
        visit_id=analysis.visit_id,
        take_id=analysis.take_id,
        take_number=found.take_number,
        day=found.day,
        movement=analysis.movement,
        version=analysis.version_number,
        latest=analysis.superseded_at is None,
        state=analysis.state,
        verdict=analysis.verdict,
        model=model_of(analysis),
        frames=analysis.frames,
        fps=analysis.fps,
        published_at=None if is_pseudonymous(caller) else analysis.published_at,
    )


def _measure(row: Measure) -> MeasureRead:
    return MeasureRead.model_validate(row, from_attributes=True)
