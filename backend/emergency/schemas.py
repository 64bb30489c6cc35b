"""What is sent and answered about break-glass access."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

Identifier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1000)]


class LookUp(BaseModel):
    """An exact MRN or pseudonym."""

    model_config = ConfigDict(extra="forbid")

    identifier: Identifier


class Found(BaseModel):
    """Whether there is such a patient, and nothing else."""

    exists: bool


class BreakGlassCreate(LookUp):
    """Whose record is opened, and why."""

    reason: Reason


class Opened(BaseModel):
    """The record that is open now, and until when."""

    patient_id: UUID
    expires_at: datetime


class Alert(BaseModel):
    """One use of break-glass, for administrators; open until acknowledged."""

    id: UUID
    user_id: UUID
    user_name: str
    patient_id: UUID
    pseudonym: str
    reason: str
    started_at: datetime
    expires_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by_id: UUID | None
