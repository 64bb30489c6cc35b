"""What the API says and hears about merges."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from backend.db.models import PatientMerge
from backend.voiding import Reason


class MergeRequest(BaseModel):
    """The record that ends in the one addressed, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    merged_id: UUID
    reason: Reason


class MergeRead(BaseModel):
    """Two records made one; `undone_at` when they were parted again."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kept_id: UUID
    merged_id: UUID
    reason: str | None
    merged_at: datetime
    merged_by_id: UUID
    undone_at: datetime | None
    undone_by_id: UUID | None

    @classmethod
    def of(cls, merge: PatientMerge) -> MergeRead:
        """The row as it is told."""
        return cls.model_validate(merge)
