"""Results to take away: meshes in other programs' formats and measures as CSV, pseudonymous."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.analyses import repository, service
from backend.analyses.conversions import MEDIA_TYPES, MeshFormat, moving_file, still_file
from backend.analyses.reading import damage_told, file_of, read_file, stored_content
from backend.analyses.topology import topology_by_id
from backend.audit.service import record
from backend.db.models import Analysis, FileRole
from backend.db.session import Database
from backend.kit.errors import InvalidError, NotFoundError
from backend.kit.ranges import Content, content_of, safe_name
from backend.kit.storage.blobs import Storage
from models.measures.table import MeasureRow, csv_text

CSV_MEDIA_TYPE = "text/csv"

_MOVING = frozenset({MeshFormat.GLB, MeshFormat.NPZ})
_FIELDS = (FileRole.ASYMMETRY, FileRole.DISPLACEMENT, FileRole.UNCERTAINTY)


def meshes(
    session: Session,
    caller: Caller,
    storage: Storage,
    analysis_id: UUID,
    kind: MeshFormat,
    frame: int | None,
    notice: str,
) -> Content:
    """The meshes of an analysis in another program's format.

    GLB and NPZ hold the whole take, OBJ and PLY one frame; NPZ is the file that the analysis
    wrote, with cameras and head poses. Raises NotFoundError, InvalidError.
    """
    if (frame is None) is not (kind in _MOVING):
        raise InvalidError(
            "GLB and NPZ hold a whole take, OBJ and PLY one frame.",
            "Leave `frame` out for GLB and NPZ, and give it for OBJ and PLY.",
        )
    role = FileRole.ARRAYS if kind is MeshFormat.NPZ else FileRole.VERTICES
    analysis, file = file_of(session, caller, analysis_id, role)
    record(
        session,
        caller,
        "face.export",
        "analysis",
        analysis.id,
        patient_id=analysis.patient_id,
        detail={"format": kind.value, "frame": frame},
    )
    suffix = "" if frame is None else f"-frame{frame}"
    name = f"{_name(session, caller, analysis)}{suffix}.{kind.value}"
    if kind is MeshFormat.NPZ:
        return stored_content(session, storage, file, name)
    stored = read_file(session, storage, file)
    fields = {
        other.role.value: read_file(session, storage, other)
        for other in repository.files(session, caller, analysis_id)
        if other.role in _FIELDS and kind is MeshFormat.PLY
    }
    topology = topology_by_id(analysis.topology)
    comment = f"{notice}\n{service.model_of(analysis)}"
    with damage_told():
        if frame is None:
            data = moving_file(kind, stored, None, topology, comment)
        else:
            data = still_file(kind, frame, stored, fields, topology, comment)
    tag = f"{file.sha256}{suffix}-{kind.value}"
    return content_of(data, tag, MEDIA_TYPES[kind], file_name=name)


def _name(session: Session, caller: Caller, analysis: Analysis) -> str:
    """How files of an analysis are called: pseudonymous, the visit and the take by number."""
    found = service.placed(session, caller, analysis.id)
    number = repository.visit_numbers(session, caller, analysis.patient_id)[analysis.visit_id]
    return f"{found.pseudonym}-visit{number}-take{found.take_number}-{analysis.movement}"


@dataclass(frozen=True)
class MeasuresFile:
    """A CSV file that is to be sent: its name and the analyses in it."""

    name: str
    analyses: tuple[UUID, ...]


def measures(
    session: Session,
    caller: Caller,
    *,
    analysis_id: UUID | None = None,
    visit_id: UUID | None = None,
    patient_id: UUID | None = None,
) -> MeasuresFile:
    """The measures of an analysis, or of the analyses of a visit or patient that count.

    Raises NotFoundError.
    """
    chosen: tuple[UUID, ...]
    if analysis_id is not None:
        analysis = service.placed(session, caller, analysis_id).analysis
        patient = service.patient(session, caller, analysis.patient_id)
        name, chosen = _name(session, caller, analysis), (analysis.id,)
    elif visit_id is not None:
        visit = repository.visit(session, caller, visit_id)
        if visit is None:
            raise NotFoundError
        patient = service.patient(session, caller, visit.patient_id)
        number = repository.visit_numbers(session, caller, patient.id)[visit.id]
        name = f"{patient.pseudonym}-visit{number}"
        chosen = repository.counting(session, caller, visit_id=visit_id)
    else:
        assert patient_id is not None
        patient = service.patient(session, caller, patient_id)
        name = patient.pseudonym
        chosen = repository.counting(session, caller, patient_id=patient_id)
    record(
        session,
        caller,
        "measures.export",
        "patient",
        patient.id,
        patient_id=patient.id,
        detail={"analyses": len(chosen)},
    )
    return MeasuresFile(f"{safe_name(name)}-measures.csv", chosen)


def csv_parts(
    database: Database, caller: Caller, analyses: Sequence[UUID], notice: str
) -> Iterator[bytes]:
    """Yield the measures of some analyses as one CSV file, an analysis at a time.

    Each is read in a transaction of its own, under what the caller may see then.
    """
    heading = True
    for analysis_id in analyses:
        with database.unit_of_work(read_only=True) as session:
            text = csv_text(_csv_rows(session, caller, analysis_id, notice))
        yield (text if heading else text.partition("\n")[2]).encode()
        heading = False


def _csv_rows(
    session: Session, caller: Caller, analysis_id: UUID, notice: str
) -> Iterator[MeasureRow]:
    found = service.placed(session, caller, analysis_id)
    numbers = repository.visit_numbers(session, caller, found.analysis.patient_id)
    for row in repository.all_measures(session, caller, analysis_id):
        yield MeasureRow(
            pseudonym=found.pseudonym,
            visit=str(numbers[found.analysis.visit_id]),
            take=str(found.take_number),
            movement=row.movement,
            repetition=row.repetition,
            side=row.side.value,
            region=row.region,
            measure=row.measure,
            value=row.value,
            unit=row.unit,
            ci_lo=row.ci_lo,
            ci_hi=row.ci_hi,
            qc=row.qc.value,
            reason=row.reason,
            model=row.model,
            notice=notice,
        )
