"""What the API says and hears about takes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.db.models import AnalysisState, Verdict

Seconds = Annotated[float, Field(ge=0, le=36_000, allow_inf_nan=False)]
MovementId = Annotated[str, Field(min_length=1, max_length=64)]


class TakeBody(BaseModel):
    """Which movement lies where, complete: it replaces what was there.

    Start and end are seconds of the recording's common clock; without them the take is the whole
    recording. A take without a recording is a plan.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    movement: MovementId
    recording_id: UUID | None = None
    start_s: Seconds | None = None
    end_s: Seconds | None = None

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if (self.start_s is None) != (self.end_s is None):
            raise ValueError("start_s and end_s go together")
        if self.start_s is not None and self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("end_s must be after start_s")
        return self


class TakeCreate(TakeBody):
    """A new take; with `replaces_take_id` it is that one recorded again."""

    replaces_take_id: UUID | None = None


class TakeAnalysis(BaseModel):
    """The newest analysis of a take."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version_number: int
    state: AnalysisState
    verdict: Verdict
    published_at: datetime


class TakeRead(BaseModel):
    """A take. `repetition` counts the takes of the same movement that stand in the visit.

    `measured_as` is empty for movements that are recorded but not measured. `first_qc` is the
    early word of quality control.
    """

    id: UUID
    patient_id: UUID
    visit_id: UUID
    recording_id: UUID | None
    number: int
    movement: str
    title: str
    measured_as: str | None
    repetition: int | None
    start_s: float | None
    end_s: float | None
    replaced_by_id: UUID | None
    excluded_at: datetime | None
    excluded_by_id: UUID | None
    exclusion_reason: str | None
    voided_at: datetime | None
    void_reason: str | None
    first_verdict: Verdict | None
    first_qc: dict[str, Any] | None
    analysis: TakeAnalysis | None
    created_at: datetime
    created_by_id: UUID | None
    version: int
