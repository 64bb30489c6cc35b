"""One measure over all visits of a patient, with what a change is held against."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.analyses import service as analyses
from backend.analyses.repository import Placed
from backend.comparisons import repository
from backend.comparisons.repository import MeasureName
from backend.comparisons.schemas import (
    ReferenceLine,
    TrendEvent,
    TrendKey,
    TrendPoint,
    TrendRead,
    VisitPlace,
)
from backend.comparisons.service import change_read, same_model, visit_places
from backend.db.models import EpisodeEvent, Measure
from backend.kit.errors import NotFoundError
from backend.kit.pagination import Page, Paging
from models.measures.reference import ReferenceLines


def trend_keys(
    session: Session, caller: Caller, patient_id: UUID, paging: Paging
) -> Page[TrendKey]:
    """The measures that have a trend; raises NotFoundError."""
    chosen = _chosen(session, caller, patient_id)
    rows = repository.trend_names(session, caller, [one.analysis.id for one in chosen])
    page = rows[paging.offset : paging.offset + paging.limit]
    return paging.page(
        [
            TrendKey(
                movement=movement,
                measure=measure,
                side=side,
                region=region,
                unit=unit,
                visits=visits,
            )
            for movement, measure, side, region, unit, visits in page
        ],
        len(rows),
    )


def trend(
    session: Session, caller: Caller, patient_id: UUID, name: MeasureName, lines: ReferenceLines
) -> TrendRead:
    """A measure over all visits; raises NotFoundError, also for a measure that nobody took.

    Values of other models than the latest one stay in sight, but no change is told across them.
    """
    chosen = [
        one
        for one in _chosen(session, caller, patient_id)
        if one.analysis.movement == name.movement
    ]
    rows = {
        row.analysis_id: row
        for row in repository.trend(session, caller, [one.analysis.id for one in chosen], name)
    }
    measured = [(one, rows[one.analysis.id]) for one in chosen if one.analysis.id in rows]
    if not measured:
        raise NotFoundError(
            "This was not measured in any visit.", "Choose one of the patient's measures."
        )
    places = visit_places(session, caller, patient_id)
    newest, (_, any_row) = measured[-1][0].analysis, measured[-1]
    comparable = [same_model(one.analysis, newest) for one, _ in measured]
    values = [
        row
        for (_, row), same in zip(measured, comparable, strict=True)
        if same and row.value is not None
    ]
    error = lines.error_of(name.measure, name.movement, any_row.unit)
    perception = lines.perception_of(name.measure, any_row.unit)
    return TrendRead(
        patient_id=patient_id,
        movement=name.movement,
        measure=name.measure,
        side=name.side,
        region=name.region,
        unit=any_row.unit,
        points=[
            _point(one, row, places[one.analysis.visit_id], same)
            for (one, row), same in zip(measured, comparable, strict=True)
        ],
        events=_events(session, caller, patient_id, measured[0][0].first_visited_on),
        mdc95=None if error is None else ReferenceLine(value=error.mdc95, source=error.source),
        perception=None
        if perception is None
        else ReferenceLine(value=perception.threshold, source=perception.source),
        change=change_read(values[0], values[-1], lines) if len(values) > 1 else None,
        rerun_offered=not all(comparable),
    )


def _chosen(session: Session, caller: Caller, patient_id: UUID) -> list[Placed]:
    if repository.patient(session, caller, patient_id) is None:
        raise NotFoundError
    return analyses.representative(session, caller, patient_id)


def _point(one: Placed, row: Measure, visit: VisitPlace, comparable: bool) -> TrendPoint:
    return TrendPoint(
        visit=visit,
        analysis_id=one.analysis.id,
        take_id=one.analysis.take_id,
        value=row.value,
        ci_lo=row.ci_lo,
        ci_hi=row.ci_hi,
        qc=row.qc,
        reason=row.reason,
        model=analyses.model_of(one.analysis),
        comparable=comparable,
    )


def _events(
    session: Session, caller: Caller, patient_id: UUID, first_day: date
) -> list[TrendEvent]:
    hidden = analyses.is_pseudonymous(caller)

    def told(event: EpisodeEvent) -> TrendEvent:
        return TrendEvent(
            kind=event.kind,
            day=(event.happened_on - first_day).days,
            happened_on=None if hidden else event.happened_on,
            title="" if hidden else event.title,
        )

    return [told(event) for event in repository.events(session, caller, patient_id)]
