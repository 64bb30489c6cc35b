"""Making an archive: pseudonymous tables and untextured meshes of whom consent allows.

No date finer than days since the first visit, no name, no number of a record goes into it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.analyses import service as analyses
from backend.analyses.conversions import MeshFormat, moving_file
from backend.analyses.downloads import csv_parts
from backend.analyses.reading import damage_told, file_of, read_file
from backend.analyses.topology import topology_by_id
from backend.audit.service import record
from backend.blobs import service as blobs
from backend.db.models import Export, ExportPatient, ExportState, FileRole, Patient
from backend.db.session import Database
from backend.exports import repository
from backend.exports.archive import zipped
from backend.exports.errors import ConsentChangedError, NothingToExportError
from backend.exports.schemas import ExportKind, ExportRequest
from backend.exports.service import MEDIA_TYPE, RIGHTS, check_consents
from backend.jobs import leases
from backend.jobs.leases import Lease
from backend.kit.errors import NotFoundError
from backend.kit.storage.blobs import Storage
from backend.users.authentication import on_behalf_of

# Ages above it would single people out.
_GREATEST_AGE = 90

Member = tuple[str, Iterable[bytes]]

README = """{notice}

patients.csv   pseudonym, sex, age at the first visit in whole years (90 stands for 90 and above),
               affected side
visits.csv     visits in their order; day counts from the first visit
takes.csv      the analyses in this archive, with quality control's verdict and the model
measures.csv   one number a row; an empty value is undetermined, then `reason` says why
meshes/        per take: vertices_mm (T, 5023, 3) in the head frame, faces, time_s,
               sigma_mm (T, 5023), 1 SD; millimetres, +x to the patient's left, +y up, +z forward
"""


@dataclass(frozen=True)
class _Take:
    """One analysis in the archive."""

    analysis_id: UUID
    topology_id: str
    model: str
    visit: int
    number: int
    movement: str
    frames: int
    fps: float | None
    verdict: str


@dataclass(frozen=True)
class _Person:
    """One patient in the archive; `days` of the visits from the first one."""

    patient_id: UUID
    pseudonym: str
    sex: str
    age: int | None
    affected_side: str
    days: tuple[int, ...]
    takes: tuple[_Take, ...]


def build(
    database: Database,
    storage: Storage,
    lease: Lease,
    export_id: UUID,
    notice: str,
    tell: Callable[[float], None],
) -> None:
    """Make the archive of an export and publish it under the job's lease.

    It acts with the rights that the one who asked has now. tell: how much is done; may raise to
    stop. Raises NothingToExportError, ConsentChangedError, NotSignedInError (the user may no
    longer), LeaseLostError.
    """
    with database.unit_of_work(read_only=True) as session:
        export = repository.to_read(session, export_id)
        if export.state is ExportState.READY:
            return
        caller = _caller(session, export)
        wanted = ExportRequest.model_validate(export.parameters)
        people = _choose(session, caller, export.patient_id, set(wanted.movements))
    if not people:
        raise NothingToExportError
    members = _members(database, storage, caller, people, wanted.meshes, notice, tell)
    try:
        new = storage.put(zipped(members), blobs.context_of(export.patient_id))
    except NotFoundError as error:
        # What could be read a moment ago was withdrawn.
        raise ConsentChangedError from error
    with database.unit_of_work() as session:
        leases.held(session, lease)
        export = repository.to_build(session, export_id)
        patient_ids = [person.patient_id for person in people]
        check_consents(session, caller, patient_ids)
        blob = blobs.keep(session, new, patient_id=export.patient_id, media_type=MEDIA_TYPE)
        export.blob_id, export.state = blob.id, ExportState.READY
        session.add_all(
            ExportPatient(export_id=export.id, patient_id=patient_id) for patient_id in patient_ids
        )
        record(
            session,
            caller,
            "export.ready",
            "export",
            export.id,
            patient_id=export.patient_id,
            detail={"kind": export.kind, "patients": len(patient_ids)},
        )


def _caller(session: Session, export: Export) -> Caller:
    assert export.created_by_id is not None
    caller = on_behalf_of(session, export.created_by_id, str(export.id))
    return caller.acting(RIGHTS[ExportKind(export.kind)])


def _choose(
    session: Session, caller: Caller, patient_id: UUID | None, movements: set[str]
) -> list[_Person]:
    people = (
        _person(session, caller, patient, movements)
        for patient in repository.patients(session, caller, patient_id)
    )
    return [person for person in people if person.takes]


def _person(session: Session, caller: Caller, patient: Patient, movements: set[str]) -> _Person:
    visits = repository.visits(session, caller, patient.id)
    numbers = {visit.id: number for number, visit in enumerate(visits, start=1)}
    first = visits[0].visited_on if visits else None
    age = None
    if first is not None and patient.birth_year is not None:
        age = min(first.year - patient.birth_year, _GREATEST_AGE)
    side = repository.affected_side(session, caller, patient.id)
    return _Person(
        patient_id=patient.id,
        pseudonym=patient.pseudonym,
        sex=patient.sex.value,
        age=age,
        affected_side="" if side is None else side.value,
        days=tuple((visit.visited_on - visits[0].visited_on).days for visit in visits),
        takes=tuple(
            _Take(
                analysis_id=analysis.id,
                topology_id=analysis.topology,
                model=analyses.model_of(analysis),
                visit=numbers[analysis.visit_id],
                number=number,
                movement=analysis.movement,
                frames=analysis.frames,
                fps=analysis.fps,
                verdict=analysis.verdict.value,
            )
            for analysis, number in (
                (one.analysis, one.take_number)
                for one in analyses.counting(session, caller, patient.id)
            )
            if not movements or analysis.movement in movements
        ),
    )


def _members(
    database: Database,
    storage: Storage,
    caller: Caller,
    people: list[_Person],
    meshes: bool,
    notice: str,
    tell: Callable[[float], None],
) -> Iterator[Member]:
    every = [(person, take) for person in people for take in person.takes]
    tell(0.0)
    yield "README.txt", [README.format(notice=notice).encode()]
    yield (
        "patients.csv",
        _table(
            ("pseudonym", "sex", "age_at_first_visit", "affected_side"),
            ((p.pseudonym, p.sex, p.age, p.affected_side) for p in people),
        ),
    )
    yield (
        "visits.csv",
        _table(
            ("pseudonym", "visit", "day"),
            (
                (p.pseudonym, number, day)
                for p in people
                for number, day in enumerate(p.days, start=1)
            ),
        ),
    )
    yield (
        "takes.csv",
        _table(
            ("pseudonym", "visit", "take", "movement", "frames", "fps", "verdict", "model"),
            (
                (p.pseudonym, t.visit, t.number, t.movement, t.frames, t.fps, t.verdict, t.model)
                for p, t in every
            ),
        ),
    )
    ids = [take.analysis_id for _, take in every]
    yield "measures.csv", csv_parts(database, caller, ids, notice)
    for done, (person, take) in enumerate(every if meshes else ()):
        tell(done / len(every))
        folder = f"meshes/{person.pseudonym}/visit{take.visit}"
        arrays = _arrays(database, storage, caller, take, notice)
        yield f"{folder}/take{take.number}-{take.movement}.npz", [arrays]


def _arrays(
    database: Database, storage: Storage, caller: Caller, take: _Take, notice: str
) -> bytes:
    with database.unit_of_work(read_only=True) as session:
        vertices, sigma = (
            read_file(session, storage, file_of(session, caller, take.analysis_id, role)[1])
            for role in (FileRole.VERTICES, FileRole.UNCERTAINTY)
        )
    comment = f"{notice}\n{take.model}"
    topology = topology_by_id(take.topology_id)
    with damage_told():
        return moving_file(MeshFormat.NPZ, vertices, sigma, topology, comment)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    for row in (header, *rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row)
        yield line.getvalue().encode()
