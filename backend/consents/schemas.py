"""What the API says and hears about consents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.db.models import Purpose

Signatory = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConsentRecord(_Body):
    """A consent as it stands on the signed paper.

    `signatory` says who signed, when it was not the patient. `attachment_upload_id` is an upload
    of the kind `consent` with the scan; it may be added later.
    """

    purpose: Purpose
    signed_on: date
    signatory: Signatory | None = None
    attachment_upload_id: UUID | None = None


class Withdrawal(_Body):
    """A consent taken back; the patient need not give a reason."""

    reason: Reason | None = None


class Attachment(_Body):
    """The accepted upload with the scan of the signed paper."""

    upload_id: UUID


class ConsentRead(BaseModel):
    """A consent; it stands until it is withdrawn."""

    id: UUID
    patient_id: UUID
    purpose: Purpose
    stands: Annotated[bool, Field(description="Whether it is in force.")]
    signed_on: date
    signatory: str | None
    has_attachment: bool
    withdrawn_at: datetime | None
    withdrawn_by_id: UUID | None
    withdrawal_reason: str | None
    created_at: datetime
    created_by_id: UUID | None
