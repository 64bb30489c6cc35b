"""What is sent and answered about invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

MAX_DAYS = 90


class InvitationCreate(BaseModel):
    """Who is let in, and for how long."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)]


class InvitationRead(BaseModel):
    """An invitation; it is in force while not revoked and not expired."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    patient_id: UUID
    user_id: UUID
    created_by_id: UUID | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
