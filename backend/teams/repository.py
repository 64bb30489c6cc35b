"""Queries of care teams and their members."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Reach
from backend.db.models import Membership, Team, User
from backend.scope import unscoped

_REACH = "teams are limited by the caller's memberships, not by patients"


def teams(session: Session, caller: Caller) -> Sequence[Team]:
    """Teams that the caller may see, by name: all, or the caller's own."""
    statement = unscoped(Team, because=_REACH).order_by(Team.name)
    if Reach.ALL not in caller.reach:
        statement = statement.where(Team.id.in_(caller.team_ids))
    return session.scalars(statement).all()


def team(session: Session, caller: Caller, team_id: UUID, *, lock: bool = False) -> Team | None:
    """One team that the caller may see."""
    statement = unscoped(Team, because=_REACH).where(Team.id == team_id)
    if Reach.ALL not in caller.reach:
        statement = statement.where(Team.id.in_(caller.team_ids))
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def named(session: Session, name: str) -> Team | None:
    """The team with this name."""
    return session.scalars(unscoped(Team, because=_REACH).where(Team.name == name)).one_or_none()


def members(session: Session, team_ids: Collection[UUID]) -> dict[UUID, list[User]]:
    """Active members of these teams, by name."""
    statement = (
        unscoped(User, because=_REACH)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.team_id.in_(team_ids), User.disabled_at.is_(None))
        .order_by(User.display_name, User.id)
        .add_columns(Membership.team_id)
    )
    found: dict[UUID, list[User]] = {}
    for user, team_id in session.execute(statement):
        found.setdefault(team_id, []).append(user)
    return found


def membership(session: Session, team_id: UUID, user_id: UUID) -> Membership | None:
    """Whether and since when a user is in a team."""
    statement = unscoped(Membership, because=_REACH).where(
        Membership.team_id == team_id, Membership.user_id == user_id
    )
    return session.scalars(statement).one_or_none()


def user(session: Session, user_id: UUID) -> User | None:
    """A user who can be put into a team."""
    return session.scalars(unscoped(User, because=_REACH).where(User.id == user_id)).one_or_none()


def active_users(session: Session) -> Sequence[User]:
    """All users who can sign in, by name."""
    statement = unscoped(User, because="colleagues know each other's names")
    return session.scalars(
        statement.where(User.disabled_at.is_(None)).order_by(User.display_name, User.id)
    ).all()
