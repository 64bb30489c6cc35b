"""What the API says and hears about visits."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.db.models import Signature, SignatureKind, Visit
from backend.kit.clock import Instant

Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]


class VisitState(StrEnum):
    """Where a visit stands; `amending` was signed and is open again for a stated reason."""

    OPEN = "open"
    SIGNED = "signed"
    AMENDING = "amending"
    ENTERED_IN_ERROR = "entered_in_error"


class VisitCreate(BaseModel):
    """A new visit. Without `started_at` it is now; without `visited_on` the day of `started_at`.

    `visited_on` is the day where the clinic is: send `started_at` with the clinic's offset.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    visited_on: date | None = None
    started_at: Instant | None = None
    title: Title = ""
    episode_id: UUID | None = None
    notes: Text | None = None


class VisitBody(BaseModel):
    """What a visit says, complete: it replaces what was there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    visited_on: date
    started_at: Instant
    title: Title
    episode_id: UUID | None
    notes: Text | None


class VisitRead(BaseModel):
    """A visit. `remeasured` counts the takes that a change of the episode sent to analysis."""

    id: UUID
    patient_id: UUID
    episode_id: UUID | None
    visited_on: date
    started_at: datetime
    title: str
    notes: str | None
    protocol_number: int | None
    state: VisitState
    signed_at: datetime | None
    voided_at: datetime | None
    void_reason: str | None
    created_at: datetime
    created_by_id: UUID | None
    version: int
    remeasured: Annotated[int, Field(ge=0)] = 0

    @classmethod
    def of(cls, visit: Visit, newest: Signature | None, remeasured: int = 0) -> VisitRead:
        """The row as it is told, with the newest signature under it."""
        return cls(
            id=visit.id,
            patient_id=visit.patient_id,
            episode_id=visit.episode_id,
            visited_on=visit.visited_on,
            started_at=visit.started_at,
            title=visit.title,
            notes=visit.notes,
            protocol_number=visit.protocol_number,
            state=state_of(newest),
            signed_at=visit.signed_at,
            voided_at=visit.voided_at,
            void_reason=visit.void_reason,
            created_at=visit.created_at,
            created_by_id=visit.created_by_id,
            version=visit.version,
            remeasured=remeasured,
        )


def state_of(newest: Signature | None) -> VisitState:
    """Where a visit with this newest signature stands."""
    if newest is None:
        return VisitState.OPEN
    return {
        SignatureKind.SIGNED: VisitState.SIGNED,
        SignatureKind.AMENDED: VisitState.AMENDING,
        SignatureKind.ENTERED_IN_ERROR: VisitState.ENTERED_IN_ERROR,
    }[newest.kind]
