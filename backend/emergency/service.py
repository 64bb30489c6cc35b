"""Opening one foreign patient's record in an emergency; what it shows follows from the scope."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import BreakGlass, Patient
from backend.db.session import keys_of, now
from backend.emergency import repository
from backend.emergency.schemas import Alert, Opened
from backend.kit.errors import NotAllowedError, NotFoundError
from backend.patients.names import mrn_hash
from backend.settings import Settings


def exists(session: Session, caller: Caller, identifier: str) -> bool:
    """Whether there is a patient of exactly this MRN or pseudonym; the asking is in the log."""
    found = _found(session, identifier) is not None
    audit.record(session, caller, "break_glass.look_up", "patient", detail={"found": found})
    return found


def open_record(
    session: Session, caller: Caller, settings: Settings, identifier: str, reason: str
) -> Opened:
    """Open a record for some hours and raise an alert; raises NotFoundError."""
    patient = _found(session, identifier)
    if patient is None:
        raise NotFoundError(
            "There is no patient with exactly this number or pseudonym.",
            "Check it letter by letter.",
        )
    at = now(session)
    use = BreakGlass(
        patient_id=patient.id,
        user_id=caller.user_id,
        started_at=at,
        expires_at=at + timedelta(hours=settings.break_glass_hours),
    )
    session.add(use)
    use.reason = reason
    audit.record(session, caller, "break_glass.open", "break_glass", use.id, patient_id=patient.id)
    return Opened(patient_id=patient.id, expires_at=use.expires_at)


def alerts(
    session: Session, *, open_only: bool, limit: int, offset: int
) -> tuple[list[Alert], int]:
    """Uses of break-glass, newest first, and how many there are."""
    rows, total = repository.alerts(session, open_only=open_only, limit=limit, offset=offset)
    found = [
        Alert(
            id=use.id,
            user_id=use.user_id,
            user_name=name,
            patient_id=use.patient_id,
            pseudonym=pseudonym,
            reason=use.reason or "",
            started_at=use.started_at,
            expires_at=use.expires_at,
            acknowledged_at=use.acknowledged_at,
            acknowledged_by_id=use.acknowledged_by_id,
        )
        for use, name, pseudonym in map(tuple, rows)
    ]
    return found, total


def acknowledge(session: Session, caller: Caller, use_id: UUID) -> None:
    """Put an alert to rest. Nobody does that for a use of their own.

    Raises NotFoundError, NotAllowedError.
    """
    use = repository.one(session, use_id)
    if use is None or use.acknowledged_at is not None:
        raise NotFoundError("There is no such open alert.", "Load the list again.")
    if use.user_id == caller.user_id:
        raise NotAllowedError(
            "Your own use of break-glass is for somebody else to look at.",
            "Ask another administrator.",
        )
    use.acknowledged_at, use.acknowledged_by_id = now(session), caller.user_id
    audit.record(
        session,
        caller,
        "break_glass.acknowledge",
        "break_glass",
        use_id,
        patient_id=use.patient_id,
    )


def _found(session: Session, identifier: str) -> Patient | None:
    pseudonym = identifier.strip().upper()
    found = repository.exactly(session, pseudonym, mrn_hash(keys_of(session), identifier))
    # Two records of one number are not told apart here: nobody is opened by chance.
    return found[0] if len(found) == 1 else None
