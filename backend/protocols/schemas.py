"""What the API says and hears about movement protocols; their rules of form live here, too."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models.movements import MOVEMENTS

MovementId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Line = Annotated[str, Field(min_length=1, max_length=120)]


class ProtocolMovement(BaseModel):
    """One movement as a site records it.

    `measured_as` names the movement of the measures whose target and phase rule it; without one
    the take is recorded and kept, but not measured.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: MovementId
    title: Line
    instruction: Annotated[str, Field(max_length=500)] = ""
    measured_as: str | None
    optional: bool
    repetitions: Annotated[int, Field(ge=1, le=20)]
    rest_before_s: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)]
    movement_s: Annotated[float, Field(ge=0.5, le=300, allow_inf_nan=False)]
    rest_after_s: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)]
    min_fps: Annotated[int, Field(ge=15, le=240)]

    @field_validator("measured_as")
    @classmethod
    def _is_measured(cls, value: str | None) -> str | None:
        if value is not None and value not in MOVEMENTS:
            raise ValueError(f"is not one of the measured movements: {', '.join(MOVEMENTS)}")
        return value


class Protocol(BaseModel):
    """What a site records, in this order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Line
    movements: Annotated[tuple[ProtocolMovement, ...], Field(min_length=1, max_length=40)]

    @model_validator(mode="after")
    def _can_be_measured(self) -> Self:
        ids = [movement.id for movement in self.movements]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"these movements stand in it twice: {', '.join(twice)}")
        # Excursions are counted from rest: a protocol that never records it measures nothing.
        if not any(m.measured_as == "rest" and not m.optional for m in self.movements):
            raise ValueError("one movement that is not optional must be measured as rest")
        return self

    def movement(self, movement_id: str) -> ProtocolMovement | None:
        """The movement of this id, None when the protocol has none."""
        return next((m for m in self.movements if m.id == movement_id), None)


class ProtocolDraft(BaseModel):
    """A protocol to replace the one in force, which `based_on` names by its number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    based_on: int
    comment: Annotated[str, Field(max_length=255)] = ""
    protocol: Protocol


class ProtocolVersionRead(BaseModel):
    """A version of the protocol; versions never change, the highest number is in force.

    `created_at` and `created_by_id` are empty for the one that comes with the software.
    """

    number: int
    in_force: bool
    protocol: Protocol
    comment: str
    created_at: datetime | None
    created_by_id: uuid.UUID | None
