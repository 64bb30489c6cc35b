"""What is answered about the audit log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from backend.audit.repository import Filter
from backend.db.models import AuditEntry


class AuditRead(BaseModel):
    """One entry; `hash` covers it and all before it."""

    sequence: int
    at: datetime
    actor_id: UUID | None
    action: str
    object_type: str
    object_id: str | None
    patient_id: UUID | None
    request_id: str
    detail: dict[str, Any]
    hash: str

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditRead:
        """The entry as it is shown."""
        return cls(
            sequence=entry.sequence,
            at=entry.at,
            actor_id=entry.actor_id,
            action=entry.action,
            object_type=entry.object_type,
            object_id=entry.object_id,
            patient_id=entry.patient_id,
            request_id=entry.request_id,
            detail=json.loads(entry.detail),
            hash=entry.hash.hex(),
        )


def wanted(
    actor_id: UUID | None = None,
    patient_id: UUID | None = None,
    action: Annotated[str | None, Query(max_length=64)] = None,
    object_type: Annotated[str | None, Query(max_length=64)] = None,
    object_id: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[datetime | None, Query(description="From then on.")] = None,
    until: Annotated[datetime | None, Query(description="Before then.")] = None,
) -> Filter:
    """The filter of a request."""
    return Filter(
        actor_id, patient_id, action, object_type, object_id, _aware(since), _aware(until)
    )


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)
