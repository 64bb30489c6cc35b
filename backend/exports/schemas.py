"""What is asked of exports and told of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.analyses.schemas import Word
from backend.db.models import ExportState


class ExportKind(StrEnum):
    """For whom: all patients with consent to research, or one patient of the caller's."""

    RESEARCH = "research"
    PATIENT = "patient"


class ExportRequest(BaseModel):
    """What goes into the archive besides the measures; no movements means all."""

    model_config = ConfigDict(extra="forbid")

    meshes: bool = False
    movements: Annotated[list[Word], Field(max_length=50)] = []


class ExportRead(BaseModel):
    """An export as it stands. `reason` says why it failed; a failed one can be retried as a job.

    patients: how many are in it, None until it is ready.
    """

    id: UUID
    kind: ExportKind
    patient_id: UUID | None
    state: ExportState
    wanted: ExportRequest
    job_id: UUID | None
    progress: float
    reason: str | None
    patients: int | None
    size_bytes: int | None
    created_at: datetime
    expires_at: datetime
    href: str | None
