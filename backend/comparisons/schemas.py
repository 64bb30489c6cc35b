"""What comparisons and trends tell; how a change is judged is in `models.measures.comparison`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from backend.analyses.schemas import AnalysisBrief, Word
from backend.db.models import EventKind, RowSide, Verdict
from models.measures.comparison import Phase
from models.measures.comparison import Verdict as ChangeVerdict


class VisitPlace(BaseModel):
    """A visit in time: `day` from the patient's first one; no date for pseudonymous readers."""

    id: UUID
    number: int
    day: int
    visited_on: date | None


class MovementPair(BaseModel):
    """One movement of two visits. `reason` says why it can't be compared.

    same_scale: both lengths were made metric by the same factor, so that its error cancels.
    """

    movement: str
    before: AnalysisBrief | None
    after: AnalysisBrief | None
    comparable: bool
    reason: str
    same_scale: bool


class ComparisonRead(BaseModel):
    """Two visits side by side; the numbers are at `/comparisons/changes`.

    rerun_offered: some movements were analysed with different models and can be analysed again.
    """

    patient_id: UUID
    before: VisitPlace
    after: VisitPlace
    movements: list[MovementPair]
    rerun_offered: bool


class EstimateRead(BaseModel):
    """A number with its 95 % interval; undetermined without a value, then `reason` says why."""

    value: float | None
    ci_lo: float | None
    ci_hi: float | None
    qc: Verdict
    reason: str


class ReferenceLine(BaseModel):
    """A size to hold a change against, in the unit of the measure, and where it is from."""

    value: float
    source: str


class ChangeRead(BaseModel):
    """After minus before with its 95 % interval.

    verdict: whether the change is larger than the measurement error (yes), within it (no) or
    can't be told yet (unknown, with a reason). It never says better or worse.
    """

    movement: str
    measure: str
    side: RowSide
    region: str
    unit: str
    before: EstimateRead
    after: EstimateRead
    difference: float | None
    ci_lo: float | None
    ci_hi: float | None
    verdict: ChangeVerdict
    reason: str
    mdc95: ReferenceLine | None


class ChangeSort(StrEnum):
    """By what changes are sorted."""

    MOVEMENT = "movement"
    MAGNITUDE = "-magnitude"


class AnchorRead(BaseModel):
    """A moment of the movement that both takes have; between two, time runs evenly."""

    phase: Phase
    repetition: int | None
    before_s: float
    after_s: float


class PhaseMapRead(BaseModel):
    """How the time of one take is laid over that of another."""

    before_id: UUID
    after_id: UUID
    anchors: list[AnchorRead]


class RerunRequest(BaseModel):
    """Two visits whose analyses are to be repeated with one model; no movements means all."""

    before: UUID
    after: UUID
    movements: list[Word] = Field(default_factory=list, max_length=50)


class RerunRead(BaseModel):
    """The jobs that repeat the analyses, or did already."""

    job_ids: list[UUID]


class TrendPoint(BaseModel):
    """One visit's value. `comparable`: it comes from the same model as the latest one."""

    visit: VisitPlace
    analysis_id: UUID
    take_id: UUID
    value: float | None
    ci_lo: float | None
    ci_hi: float | None
    qc: Verdict
    reason: str
    model: str
    comparable: bool


class TrendEvent(BaseModel):
    """What happened in between; no date and no words of their own for pseudonymous readers."""

    kind: EventKind
    day: int
    happened_on: date | None
    title: str


class TrendRead(BaseModel):
    """A measure over all visits.

    mdc95: a change that is larger is real. perception: a difference between the sides that is
    larger is noticed by others. Neither is drawn when nobody knows it. change: from the first to
    the last comparable value, None with fewer than two.
    """

    patient_id: UUID
    movement: str
    measure: str
    side: RowSide
    region: str
    unit: str
    points: list[TrendPoint]
    events: list[TrendEvent]
    mdc95: ReferenceLine | None
    perception: ReferenceLine | None
    change: ChangeRead | None
    rerun_offered: bool


class TrendKey(BaseModel):
    """A measure that has a trend, and in how many visits it has a value."""

    movement: str
    measure: str
    side: RowSide
    region: str
    unit: str
    visits: int
