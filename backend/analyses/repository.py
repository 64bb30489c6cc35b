"""Queries of analyses, their files and measures; void visits and takes are left out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased, defer, joinedload

from backend.access import Caller
from backend.analyses.schemas import NewMeasure
from backend.db.models import (
    Analysis,
    AnalysisFile,
    AnalysisState,
    FileRole,
    Measure,
    Patient,
    RowSide,
    Take,
    Verdict,
    View,
    Visit,
)
from backend.scope import readable, unscoped, unscoped_update, writable

_WORKS = "a worker publishes for no user; what it may touch was checked when it was queued"


class MeasureSort(StrEnum):
    """By which column measures are sorted; with a minus, downwards."""

    MOVEMENT = "movement"
    MEASURE = "measure"
    REGION = "region"
    SIDE = "side"
    VALUE = "value"
    MOVEMENT_DOWN = "-movement"
    MEASURE_DOWN = "-measure"
    REGION_DOWN = "-region"
    SIDE_DOWN = "-side"
    VALUE_DOWN = "-value"


class Level(StrEnum):
    """Rows of the whole movement, of its single repetitions, or both."""

    MOVEMENT = "movement"
    REPETITION = "repetition"
    ALL = "all"


@dataclass(frozen=True)
class Placed:
    """An analysis with the take and the visit it belongs to; `day` from the first visit."""

    analysis: Analysis
    pseudonym: str
    take_number: int
    visited_on: date
    first_visited_on: date

    @property
    def preference(self) -> tuple[bool, int]:
        """Which of several takes of a movement stands for it: the greatest."""
        return self.analysis.verdict is not Verdict.REJECTED, self.take_number

    @property
    def day(self) -> int:
        """Days since the patient's first visit."""
        return (self.visited_on - self.first_visited_on).days


@dataclass(frozen=True)
class MeasureFilter:
    """Which measures are asked for; empty means all."""

    movements: Collection[str] = ()
    measures: Collection[str] = ()
    regions: Collection[str] = ()
    sides: Collection[RowSide] = ()
    level: Level = Level.ALL
    determined: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on the table of measures."""
        found: list[ColumnElement[bool]] = [
            column.in_(wanted)
            for column, wanted in (
                (Measure.movement, self.movements),
                (Measure.measure, self.measures),
                (Measure.region, self.regions),
                (Measure.side, self.sides),
            )
            if wanted
        ]
        if self.level is not Level.ALL:
            whole = Measure.repetition.is_(None)
            found.append(whole if self.level is Level.MOVEMENT else ~whole)
        if self.determined:
            found.append(Measure.value.is_not(None))
        return found


def patient(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """A patient whose results the caller may see."""
    return session.scalar(readable(caller, Patient).where(Patient.id == patient_id))


def visit(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit whose results the caller may see."""
    return session.scalar(
        readable(caller, Visit).where(Visit.id == visit_id, Visit.voided_at.is_(None))
    )


def take(session: Session, caller: Caller, take_id: UUID) -> Take | None:
    """A take whose results the caller may see."""
    return session.scalar(
        readable(caller, Take).where(Take.id == take_id, Take.voided_at.is_(None))
    )


def one(session: Session, caller: Caller, analysis_id: UUID) -> Placed | None:
    """An analysis that the caller may see."""
    row = session.execute(_placed(caller).where(Analysis.id == analysis_id)).one_or_none()
    return None if row is None else Placed(*row)


def listed(
    session: Session,
    caller: Caller,
    *,
    patient_id: UUID | None = None,
    visit_id: UUID | None = None,
    take_id: UUID | None = None,
    movements: Collection[str] = (),
    all_versions: bool,
    limit: int,
    offset: int,
) -> tuple[list[Placed], int]:
    """Analyses and how many there are: of all patients, or of one, a visit or a take.

    All patients' come as they were published, others by visit, take and version, the newest first.
    """
    statement = _placed(caller).options(
        *(
            defer(column, raiseload=True)
            for column in (Analysis.qc, Analysis.summary, Analysis.request, Analysis.weights)
        )
    )
    for column, value in (
        (Analysis.patient_id, patient_id),
        (Analysis.visit_id, visit_id),
        (Analysis.take_id, take_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if movements:
        statement = statement.where(Analysis.movement.in_(movements))
    if not all_versions:
        statement = statement.where(Analysis.superseded_at.is_(None))
    total = session.scalar(
        select(func.count()).select_from(statement.with_only_columns(Analysis.id).subquery())
    )
    order: tuple[Any, ...]
    order = (Visit.visited_on.desc(), Take.number.desc(), Analysis.version_number.desc())
    if patient_id is None and visit_id is None and take_id is None:
        # One key with an index: the database need not sort all there are for one page.
        order = (Analysis.id.desc(),)
    rows = session.execute(statement.order_by(*order).limit(limit).offset(offset))
    return [Placed(*row) for row in rows], total or 0


def files(session: Session, caller: Caller, analysis_id: UUID) -> Sequence[AnalysisFile]:
    """The files of an analysis."""
    return session.scalars(
        readable(caller, AnalysisFile)
        .where(AnalysisFile.analysis_id == analysis_id)
        .order_by(AnalysisFile.role, AnalysisFile.view)
    ).all()


def file(
    session: Session, caller: Caller, analysis_id: UUID, role: FileRole, view: View | None = None
) -> AnalysisFile | None:
    """One file of an analysis."""
    return session.scalar(
        readable(caller, AnalysisFile).where(
            AnalysisFile.analysis_id == analysis_id,
            AnalysisFile.role == role,
            AnalysisFile.view == view if view is not None else AnalysisFile.view.is_(None),
        )
    )


def measures(
    session: Session,
    caller: Caller,
    analysis_ids: Collection[UUID],
    wanted: MeasureFilter,
    sort: MeasureSort,
    *,
    limit: int,
    offset: int,
) -> tuple[Sequence[Measure], int]:
    """Measures of some analyses, and how many there are."""
    statement = readable(caller, Measure).where(
        Measure.analysis_id.in_(analysis_ids), *wanted.conditions()
    )
    total = session.scalar(
        select(func.count()).select_from(statement.with_only_columns(Measure.id).subquery())
    )
    rows = session.scalars(statement.order_by(*_order(sort)).limit(limit).offset(offset))
    return rows.all(), total or 0


def counting_placed(
    session: Session, caller: Caller, patient_id: UUID, visit_ids: Collection[UUID] = ()
) -> list[Placed]:
    """The analyses of a patient that count, or those of some visits, in the order of time."""
    unneeded = (defer(column, raiseload=True) for column in (Analysis.qc, Analysis.request))
    statement = _counted(_placed(caller)).where(Analysis.patient_id == patient_id)
    statement = statement.options(*unneeded)
    if visit_ids:
        statement = statement.where(Analysis.visit_id.in_(visit_ids))
    ordered = statement.order_by(Visit.visited_on, Visit.started_at, Visit.id, Take.number)
    return [Placed(*row) for row in session.execute(ordered)]


def all_measures(session: Session, caller: Caller, analysis_id: UUID) -> Sequence[Measure]:
    """The measures of one analysis, in the order in which they were written."""
    return session.scalars(
        readable(caller, Measure).where(Measure.analysis_id == analysis_id).order_by(Measure.id)
    ).all()


def visit_numbers(session: Session, caller: Caller, patient_id: UUID) -> dict[UUID, int]:
    """The numbers of a patient's visits, from 1 in the order of time."""
    ids = session.scalars(
        readable(caller, Visit)
        .where(Visit.patient_id == patient_id, Visit.voided_at.is_(None))
        .order_by(Visit.visited_on, Visit.started_at, Visit.id)
        .with_only_columns(Visit.id)
    )
    return {visit_id: number for number, visit_id in enumerate(ids, start=1)}


def counting(
    session: Session,
    caller: Caller,
    *,
    patient_id: UUID | None = None,
    visit_id: UUID | None = None,
) -> tuple[UUID, ...]:
    """The ids of the analyses that count in a patient or a visit, in the order of time."""
    statement = _counting(caller).order_by(
        Visit.visited_on, Visit.started_at, Visit.id, Take.number
    )
    if patient_id is not None:
        statement = statement.where(Analysis.patient_id == patient_id)
    if visit_id is not None:
        statement = statement.where(Analysis.visit_id == visit_id)
    return tuple(session.scalars(statement.with_only_columns(Analysis.id)))


def takes_to_start(session: Session, caller: Caller, take_ids: Collection[UUID]) -> Sequence[Take]:
    """Takes whose analysis the caller may start, with their recordings."""
    return session.scalars(
        writable(caller, Take)
        .where(Take.id.in_(take_ids), Take.voided_at.is_(None))
        .options(joinedload(Take.recording))
        .order_by(Take.id)
    ).all()


def take_to_publish(session: Session, take_id: UUID) -> Take:
    """The take, locked, so that versions are counted one after the other."""
    return session.scalars(
        unscoped(Take, because=_WORKS).where(Take.id == take_id).with_for_update()
    ).one()


def published(session: Session, analysis_id: UUID) -> Analysis:
    """An analysis that a job works on."""
    return session.scalars(
        unscoped(Analysis, because=_WORKS).where(Analysis.id == analysis_id)
    ).one()


def published_files(session: Session, analysis_id: UUID) -> Sequence[AnalysisFile]:
    """The files of an analysis that a job works on."""
    return session.scalars(
        unscoped(AnalysisFile, because=_WORKS).where(AnalysisFile.analysis_id == analysis_id)
    ).all()


def next_version(session: Session, take_id: UUID) -> int:
    """The number that a take's next analysis gets."""
    last = session.scalar(
        unscoped(Analysis, because=_WORKS)
        .where(Analysis.take_id == take_id)
        .with_only_columns(func.max(Analysis.version_number))
    )
    return (last or 0) + 1


def supersede(session: Session, take_id: UUID, at: datetime) -> None:
    """Mark the analyses of a take that counted until now."""
    session.execute(
        unscoped_update(Analysis, because=_WORKS)
        .where(Analysis.take_id == take_id, Analysis.superseded_at.is_(None))
        .values(superseded_at=at)
    )


def add_measures(session: Session, analysis: Analysis, rows: Sequence[NewMeasure]) -> None:
    """Write the measures of a new analysis."""
    session.add_all(
        Measure(
            patient_id=analysis.patient_id,
            analysis_id=analysis.id,
            visit_id=analysis.visit_id,
            take_id=analysis.take_id,
            **row.model_dump(),
        )
        for row in rows
    )
    session.flush()


def _placed(caller: Caller) -> Select[Any]:
    earlier = aliased(Visit)
    first = (
        select(func.min(earlier.visited_on))
        .where(earlier.patient_id == Analysis.patient_id, earlier.voided_at.is_(None))
        .scalar_subquery()
    )
    return (
        _live(readable(caller, Analysis))
        .join(Patient, Patient.id == Analysis.patient_id)
        .add_columns(Patient.pseudonym, Take.number, Visit.visited_on, first)
    )


def _counting(caller: Caller) -> Select[Any]:
    """The analyses that count: the newest of each take, unless in error, excluded or replaced."""
    return _counted(_live(readable(caller, Analysis)))


def _counted(statement: Select[Any]) -> Select[Any]:
    return statement.where(
        Analysis.superseded_at.is_(None),
        Analysis.state != AnalysisState.ENTERED_IN_ERROR,
        Take.excluded_at.is_(None),
        Take.replaced_by_id.is_(None),
    )


def _live(statement: Select[Any]) -> Select[Any]:
    """Leave out analyses of void takes and visits."""
    return (
        statement.join(Take, Take.id == Analysis.take_id)
        .join(Visit, Visit.id == Analysis.visit_id)
        .where(Take.voided_at.is_(None), Visit.voided_at.is_(None))
    )


def _order(sort: MeasureSort) -> list[Any]:
    columns: dict[str, Any] = {
        "movement": Measure.movement,
        "measure": Measure.measure,
        "region": Measure.region,
        "side": Measure.side,
        "value": Measure.value,
    }
    first = columns.pop(sort.value.removeprefix("-"))
    columns.pop("value", None)
    leading = first.desc() if sort.value.startswith("-") else first.asc()
    return [leading.nulls_last(), *columns.values(), Measure.repetition.nulls_first(), Measure.id]
