"""What the API says and hears about episodes and their events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from backend.db.models import AffectedSide, Episode, EpisodeEvent, EventKind

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EpisodeBody(_Body):
    """One illness of the face, complete: it replaces what was there.

    `cause` is a diagnosis ("Bell's palsy"), not a story; what identifies belongs into the notes.
    """

    affected_side: AffectedSide
    cause: Line
    onset_on: date | None = None
    closed_on: date | None = None
    notes: Text | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.onset_on and self.closed_on and self.closed_on < self.onset_on:
            raise ValueError("closed_on must not be before onset_on")
        return self


class EventBody(_Body):
    """Something that happened in an episode, complete: it replaces what was there."""

    kind: EventKind
    happened_on: date
    title: Line
    details: Text | None = None


class EpisodeRead(BaseModel):
    """An episode. `remeasured` counts the takes that a change of the side sent to analysis."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    patient_id: UUID
    affected_side: AffectedSide
    cause: str
    onset_on: date | None
    closed_on: date | None
    notes: str | None
    voided_at: datetime | None
    void_reason: str | None
    created_at: datetime
    created_by_id: UUID | None
    version: int
    remeasured: int = 0

    @classmethod
    def of(cls, episode: Episode, remeasured: int = 0) -> EpisodeRead:
        """The row as it is told."""
        read = cls.model_validate(episode)
        return read.model_copy(update={"remeasured": remeasured})


class EventRead(BaseModel):
    """Something that happened in an episode."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    patient_id: UUID
    episode_id: UUID
    kind: EventKind
    happened_on: date
    title: str
    details: str | None
    voided_at: datetime | None
    void_reason: str | None
    created_at: datetime
    created_by_id: UUID | None
    version: int

    @classmethod
    def of(cls, event: EpisodeEvent) -> EventRead:
        """The row as it is told."""
        return cls.model_validate(event)
