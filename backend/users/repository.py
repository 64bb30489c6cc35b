"""Queries of users, their sessions, tokens and rights; users are no patient's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import literal, select, union_all, update
from sqlalchemy.orm import Session

from backend.db.models import (
    ApiToken,
    BreakGlass,
    Invitation,
    Membership,
    Team,
    User,
    UserSession,
)
from backend.scope import unscoped

_SIGNING_IN = "nobody is known before they are signed in"


@dataclass(frozen=True)
class Rights:
    """What extends a user's reach at one moment."""

    team_ids: frozenset[UUID]
    invited_patient_ids: frozenset[UUID]
    glass_patient_ids: frozenset[UUID]


def session_of(session: Session, token_hash: bytes) -> tuple[UserSession, User] | None:
    """The session of a cookie with its user."""
    statement = (
        unscoped(UserSession, because=_SIGNING_IN)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == token_hash)
        .add_columns(User)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


def token_of(session: Session, token_hash: bytes) -> tuple[ApiToken, User] | None:
    """An API token with its user."""
    statement = (
        unscoped(ApiToken, because=_SIGNING_IN)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.token_hash == token_hash)
        .add_columns(User)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


def rights_of(session: Session, user_id: UUID, at: datetime) -> Rights:
    """Teams, invitations and broken glass that are in force, in one query."""
    unscoped(Membership, because="the user's own")
    teams = (
        select(literal("team"), Membership.team_id)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id == user_id, Team.archived_at.is_(None))
    )
    invitations = select(literal("invitation"), Invitation.patient_id).where(
        Invitation.user_id == user_id,
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > at,
    )
    glass = select(literal("glass"), BreakGlass.patient_id).where(
        BreakGlass.user_id == user_id, BreakGlass.expires_at > at
    )
    found: dict[str, set[UUID]] = {"team": set(), "invitation": set(), "glass": set()}
    for kind, target in session.execute(union_all(teams, invitations, glass)):
        found[kind].add(target)
    return Rights(*(frozenset(found[kind]) for kind in ("team", "invitation", "glass")))


def touch_session(session: Session, session_id: UUID, at: datetime) -> None:
    """Note that a session was used."""
    unscoped(UserSession, because="the caller's own")
    session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=at))


def touch_token(session: Session, token_id: UUID, at: datetime) -> None:
    """Note that a token was used."""
    unscoped(ApiToken, because="the caller's own")
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=at))
