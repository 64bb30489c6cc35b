"""Queries for comparisons and trends; which analyses count is known to the analyses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import Episode, EpisodeEvent, Measure, Patient, RowSide, Visit
from backend.scope import readable


@dataclass(frozen=True)
class MeasureName:
    """Which number: of a movement as a whole, not of its repetitions."""

    movement: str
    measure: str
    side: RowSide
    region: str


def patient(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """A patient whose results the caller may compare."""
    return session.scalar(readable(caller, Patient).where(Patient.id == patient_id))


def visit(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit whose results the caller may compare."""
    return session.scalar(
        readable(caller, Visit).where(Visit.id == visit_id, Visit.voided_at.is_(None))
    )


def visits(session: Session, caller: Caller, patient_id: UUID) -> Sequence[Visit]:
    """The visits of a patient in the order of time."""
    return session.scalars(
        readable(caller, Visit)
        .where(Visit.patient_id == patient_id, Visit.voided_at.is_(None))
        .order_by(Visit.visited_on, Visit.started_at, Visit.id)
    ).all()


def measures(
    session: Session,
    caller: Caller,
    analysis_ids: Collection[UUID],
    *,
    names: Collection[str] = (),
    regions: Collection[str] = (),
    sides: Collection[RowSide] = (),
) -> Sequence[Measure]:
    """What some analyses measured of the movements as a whole."""
    statement = readable(caller, Measure).where(
        Measure.analysis_id.in_(analysis_ids), Measure.repetition.is_(None)
    )
    for column, wanted in (
        (Measure.measure, names),
        (Measure.region, regions),
        (Measure.side, sides),
    ):
        if wanted:
            statement = statement.where(column.in_(wanted))
    return session.scalars(
        statement.order_by(Measure.movement, Measure.measure, Measure.region, Measure.side)
    ).all()


def trend(
    session: Session, caller: Caller, analysis_ids: Collection[UUID], name: MeasureName
) -> Sequence[Measure]:
    """One measure in some analyses."""
    return session.scalars(
        readable(caller, Measure).where(
            Measure.analysis_id.in_(analysis_ids),
            Measure.repetition.is_(None),
            Measure.movement == name.movement,
            Measure.measure == name.measure,
            Measure.side == name.side,
            Measure.region == name.region,
        )
    ).all()


def trend_names(
    session: Session, caller: Caller, analysis_ids: Collection[UUID]
) -> Sequence[tuple[str, str, RowSide, str, str, int]]:
    """Movement, measure, side, region, unit of all measures, and how many visits have a value."""
    columns: tuple[Any, ...] = (
        Measure.movement,
        Measure.measure,
        Measure.side,
        Measure.region,
        Measure.unit,
    )
    statement = (
        readable(caller, Measure)
        .where(Measure.analysis_id.in_(analysis_ids), Measure.repetition.is_(None))
        .with_only_columns(*columns, func.count(Measure.value))
        .group_by(*columns)
        .order_by(*columns)
    )
    return [tuple(row) for row in session.execute(statement)]


def events(session: Session, caller: Caller, patient_id: UUID) -> Sequence[EpisodeEvent]:
    """What happened in the patient's episodes, in the order of time."""
    return session.scalars(
        readable(caller, EpisodeEvent)
        .join(Episode, Episode.id == EpisodeEvent.episode_id)
        .where(
            EpisodeEvent.patient_id == patient_id,
            EpisodeEvent.voided_at.is_(None),
            Episode.voided_at.is_(None),
        )
        .order_by(EpisodeEvent.happened_on, EpisodeEvent.id)
    ).all()
