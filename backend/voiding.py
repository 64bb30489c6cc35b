"""Deleting as marking: who took a row out of use, when and why; and taking that back."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import Episode, EpisodeEvent, Patient, Recording, Take, Visit
from backend.db.session import now
from backend.kit.errors import ConflictError

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1_000)]


class BecauseOf(BaseModel):
    """Why it is done; kept with the record, encrypted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason


class VoidError(ConflictError):
    """409: this was taken out of use."""

    code = "void"
    default_message = "This was taken out of use."
    default_next_step = "Bring it back first, if that was a mistake."


class NotVoidError(ConflictError):
    """409: this is in use, so there is nothing to take back."""

    code = "not_void"
    default_message = "This is in use."
    default_next_step = "Nothing needs to be done."


Voidable = Patient | Episode | EpisodeEvent | Visit | Recording | Take


def require_in_use(row: Voidable) -> None:
    """Raise VoidError for a row that was taken out of use."""
    if row.voided_at is not None:
        raise VoidError


def void(session: Session, caller: Caller, row: Voidable, reason: str) -> None:
    """Take a row out of use; raises VoidError when it is already."""
    require_in_use(row)
    row.voided_at = now(session)
    row.voided_by_id = caller.user_id
    row.void_reason = reason
    session.flush()


def unvoid(session: Session, row: Voidable) -> None:
    """Bring a row back; raises NotVoidError."""
    if row.voided_at is None:
        raise NotVoidError
    row.voided_at = row.voided_by_id = row.void_reason = None
    session.flush()
