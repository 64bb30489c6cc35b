"""Signing in and out, and the sessions of a user; how one proves who one is, is in `proof`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Permission
from backend.audit import service as audit
from backend.db.models import User, UserSession
from backend.db.session import now
from backend.kit.errors import NotFoundError, NotSignedInError
from backend.settings import Settings
from backend.users import repository
from backend.users.errors import SecondFactorStateError
from backend.users.proof import Gate
from backend.users.schemas import SessionState, Step
from backend.users.tokens import hashed, new_secret

_AGENT_LENGTH = 200
_KEEP_ENDED = timedelta(days=30)


def sign_in(
    gate: Gate, email: str, password: str, *, request_id: str, user_agent: str, address: str
) -> tuple[str, Step]:
    """Start a session; its secret for the cookie, and what is still missing.

    Raises WrongCredentialsError, LockedOutError, UnavailableError.
    """
    user = gate.password(email, password)
    step = missing_step(user, gate.settings)
    with gate.database.unit_of_work() as unit:
        secret = _start(
            unit,
            gate.settings,
            user,
            complete=step is Step.NONE,
            user_agent=user_agent,
            address=address,
            request_id=request_id,
        )
    return secret, step


def finish(
    gate: Gate, caller: Caller, code: str, *, user_agent: str, address: str
) -> tuple[str, Step]:
    """Give the second factor: the half-open session ends and a complete one starts.

    A new secret, so that what was seen of the session before is worth nothing.
    Raises WrongCredentialsError, LockedOutError, SecondFactorStateError.
    """
    with gate.database.unit_of_work(read_only=True) as unit:
        user = _known(unit, caller)
    if caller.signed_in_at is not None or missing_step(user, gate.settings) is not Step.CODE:
        raise SecondFactorStateError("This session does not wait for a code.", "")
    gate.code(user, code)
    with gate.database.unit_of_work() as unit:
        return complete(
            unit, gate.settings, caller, user, user_agent=user_agent, address=address
        ), Step.NONE


def complete(
    session: Session,
    settings: Settings,
    caller: Caller,
    user: User,
    *,
    user_agent: str,
    address: str,
) -> str:
    """Replace the caller's half-open session by a complete one; its secret."""
    sign_out(session, caller, quietly=True)
    return _start(
        session,
        settings,
        user,
        complete=True,
        user_agent=user_agent,
        address=address,
        request_id=caller.request_id,
    )


def missing_step(user: User, settings: Settings) -> Step:
    """What a user has to do after the password."""
    if user.totp_confirmed_at is not None:
        return Step.CODE
    return Step.ENROL if settings.require_totp else Step.NONE


def state(session: Session, caller: Caller, settings: Settings) -> SessionState:
    """Who is signed in, for the pages."""
    user = _known(session, caller)
    partly = caller.authenticated_by == "session" and caller.signed_in_at is None
    return SessionState(
        user_id=user.id,
        email=user.email,
        display_name=user.display_name,
        roles=sorted(caller.roles),
        permissions=[permission for permission in Permission if caller.may(permission)],
        team_ids=sorted(caller.team_ids),
        missing_step=missing_step(user, settings) if partly else Step.NONE,
    )


def sign_out(session: Session, caller: Caller, *, quietly: bool = False) -> None:
    """End the caller's session; a token has none to end."""
    if caller.session_id is None:
        return
    own = repository.own_session(session, caller.user_id, caller.session_id)
    if own is not None:
        own.revoked_at = now(session)
    if not quietly:
        audit.record(session, caller, "session.end", "session", caller.session_id)


def listed(session: Session, user_id: UUID, settings: Settings) -> list[UserSession]:
    """Sessions of a user that can still be used."""
    at = now(session)
    idle = timedelta(minutes=settings.session_idle_minutes)
    return [
        one
        for one in repository.live_sessions(session, user_id, at)
        if at - one.last_seen_at < idle
    ]


def revoke(session: Session, caller: Caller, session_id: UUID) -> None:
    """End one of the caller's own sessions; raises NotFoundError."""
    own = repository.own_session(session, caller.user_id, session_id)
    if own is None or own.revoked_at is not None:
        raise NotFoundError
    own.revoked_at = now(session)
    audit.record(session, caller, "session.revoke", "session", session_id)


def _known(session: Session, caller: Caller) -> User:
    user = repository.user(session, caller.user_id)
    if user is None:
        raise NotSignedInError
    return user


def _start(
    session: Session,
    settings: Settings,
    user: User,
    *,
    complete: bool,
    user_agent: str,
    address: str,
    request_id: str,
) -> str:
    secret, at = new_secret(), now(session)
    started = UserSession(
        user_id=user.id,
        token_hash=hashed(secret),
        second_factor=complete,
        created_at=at,
        last_seen_at=at,
        expires_at=at + timedelta(hours=settings.session_hours),
        user_agent="".join(c for c in user_agent if c.isprintable())[:_AGENT_LENGTH],
        address=address,
    )
    repository.forget_sessions(session, user.id, at - _KEEP_ENDED)
    session.add(started)
    actor = Caller(user.id, user.roles, request_id, "session", session_id=started.id)
    audit.record(
        session, actor, "session.start", "session", started.id, detail={"complete": complete}
    )
    return secret
