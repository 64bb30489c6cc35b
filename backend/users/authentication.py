"""From a cookie or a token to the caller with all rights in force; signing in is not here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import User, UserSession
from backend.db.session import Database, now
from backend.kit.errors import NotSignedInError, StorageFullError, UnavailableError
from backend.kit.logs import log
from backend.users import repository
from backend.users.tokens import hashed

# A session's last use is written at most this often.
_TOUCH_EVERY = timedelta(minutes=1)
_log = log(__name__)


def by_session(
    database: Database, secret: str, request_id: str, *, idle: timedelta
) -> tuple[Caller, UserSession]:
    """The caller of a session cookie; raises NotSignedInError.

    A session that still waits for its second factor is returned too; the caller has no role then.
    """
    with database.unit_of_work(read_only=True) as unit:
        found = repository.session_of(unit, hashed(secret))
        at = now(unit)
        if found is None or not _alive(found[0], found[1], at, idle):
            raise NotSignedInError
        session, user = found
        caller = _caller(unit, user, request_id, session=session)
    if at - session.last_seen_at >= _TOUCH_EVERY:
        _note_use(database, lambda unit: repository.touch_session(unit, session.id, at))
    return caller, session


def by_token(database: Database, secret: str, request_id: str) -> Caller:
    """The caller of an API token; raises NotSignedInError."""
    with database.unit_of_work(read_only=True) as unit:
        found = repository.token_of(unit, hashed(secret))
        at = now(unit)
        if found is None:
            raise NotSignedInError
        token, user = found
        ended = token.revoked_at is not None or token.expires_at <= at
        if ended or user.disabled_at is not None:
            raise NotSignedInError
        rights = repository.rights_of(unit, user.id, at)
        caller = Caller(
            user_id=user.id,
            roles=user.roles,
            request_id=request_id,
            authenticated_by="token",
            team_ids=rights.team_ids,
            invited_patient_ids=rights.invited_patient_ids,
            glass_patient_ids=rights.glass_patient_ids,
            scopes=token.scopes,
        )
    if token.last_used_at is None or at - token.last_used_at >= _TOUCH_EVERY:
        _note_use(database, lambda unit: repository.touch_token(unit, token.id, at))
    return caller


def on_behalf_of(unit: Session, user_id: UUID, request_id: str) -> Caller:
    """The user as a worker acts for, with the rights of now; raises NotSignedInError."""
    user = repository.user(unit, user_id)
    if user is None or user.disabled_at is not None:
        raise NotSignedInError("The user who asked for this may no longer use the service.", "")
    rights = repository.rights_of(unit, user.id, now(unit))
    return Caller(
        user_id=user.id,
        roles=user.roles,
        request_id=request_id,
        authenticated_by="work",
        team_ids=rights.team_ids,
        invited_patient_ids=rights.invited_patient_ids,
        glass_patient_ids=rights.glass_patient_ids,
    )


def _note_use(database: Database, note: Callable[[Session], None]) -> None:
    """Write down a use. It is no reason to refuse: who only reads can do so on a full disk."""
    try:
        with database.unit_of_work() as unit:
            note(unit)
    except (StorageFullError, UnavailableError) as error:
        _log.warning("A use could not be written down", code=error.code)


def _alive(session: UserSession, user: User, at: datetime, idle: timedelta) -> bool:
    return (
        session.revoked_at is None
        and at < session.expires_at
        and at - session.last_seen_at < idle
        and user.disabled_at is None
    )


def _caller(unit: Session, user: User, request_id: str, *, session: UserSession) -> Caller:
    if not session.second_factor:
        return Caller(
            user_id=user.id,
            roles=frozenset(),
            request_id=request_id,
            authenticated_by="session",
            session_id=session.id,
        )
    rights = repository.rights_of(unit, user.id, now(unit))
    return Caller(
        user_id=user.id,
        roles=user.roles,
        request_id=request_id,
        authenticated_by="session",
        team_ids=rights.team_ids,
        invited_patient_ids=rights.invited_patient_ids,
        glass_patient_ids=rights.glass_patient_ids,
        session_id=session.id,
        signed_in_at=session.created_at,
    )
