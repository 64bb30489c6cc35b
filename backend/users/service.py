"""Looking after users: who there is, their roles, ending their access; for administrators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Role
from backend.audit import service as audit
from backend.db.models import User
from backend.db.session import now
from backend.kit.errors import NotFoundError
from backend.users import repository
from backend.users.errors import EmailTakenError, LastAdminError
from backend.users.schemas import UserEdit, UserRead


def add_user(
    session: Session,
    caller: Caller | None,
    *,
    email: str,
    display_name: str,
    roles: Collection[Role],
) -> User:
    """A new user without a password; raises EmailTakenError. caller: None for the program."""
    if repository.by_email(session, email) is not None:
        raise EmailTakenError
    user = User(
        email=email.strip().lower(),
        display_name=display_name,
        roles=frozenset(roles),
        created_at=now(session),
        created_by_id=None if caller is None else caller.user_id,
    )
    session.add(user)
    audit.record(
        session, caller, "user.create", "user", user.id, detail={"roles": sorted(user.roles)}
    )
    return user


def get(session: Session, user_id: UUID, *, lock: bool = False) -> User:
    """One user; raises NotFoundError."""
    user = repository.user(session, user_id, lock=lock)
    if user is None:
        raise NotFoundError("There is no such user.", "Check the address.")
    return user


def page(
    session: Session, sought: str, *, active: bool | None, limit: int, offset: int
) -> tuple[list[UserRead], int]:
    """Users by name, and how many there are."""
    users, total = repository.users(session, sought, active=active, limit=limit, offset=offset)
    return shown(session, users), total


def edit(session: Session, caller: Caller, user: User, change: UserEdit) -> None:
    """Change what is given. Who loses a role or is disabled is signed out everywhere.

    Raises EmailTakenError, LastAdminError.
    """
    before = (user.roles, user.disabled_at)
    changed = []
    if change.email is not None and change.email != user.email:
        if repository.by_email(session, change.email) is not None:
            raise EmailTakenError
        user.email = change.email
        changed.append("email")
    if change.display_name is not None and change.display_name != user.display_name:
        user.display_name = change.display_name
        changed.append("display_name")
    if change.roles is not None and change.roles != user.roles:
        _keep_an_admin(session, user, stays=Role.ADMIN in change.roles)
        user.roles = change.roles
        changed.append("roles")
    if change.disabled is not None and change.disabled != (user.disabled_at is not None):
        _keep_an_admin(session, user, stays=not change.disabled)
        user.disabled_at = now(session) if change.disabled else None
        changed.append("disabled")
    if (user.roles, user.disabled_at) != before:
        repository.revoke_sessions(session, user.id, now(session))
    if changed:
        detail = {"changed": changed, "roles": sorted(user.roles)}
        audit.record(session, caller, "user.edit", "user", user.id, detail=detail)


def sign_out_everywhere(session: Session, caller: Caller, user: User) -> int:
    """End all sessions of a user; how many there were."""
    ended = repository.revoke_sessions(session, user.id, now(session))
    audit.record(session, caller, "user.sign_out", "user", user.id, detail={"sessions": ended})
    return ended


def shown(session: Session, users: Sequence[User]) -> list[UserRead]:
    """What administrators see of these users."""
    teams = repository.teams_of(session, [user.id for user in users])
    return [
        UserRead(
            id=user.id,
            email=user.email,
            display_name=user.display_name,
            roles=sorted(user.roles),
            team_ids=teams.get(user.id, []),
            has_password=user.password_hash is not None,
            has_second_factor=user.totp_confirmed_at is not None,
            disabled_at=user.disabled_at,
            created_at=user.created_at,
            version=user.version,
        )
        for user in users
    ]


def _keep_an_admin(session: Session, user: User, *, stays: bool) -> None:
    if stays or Role.ADMIN not in user.roles or user.disabled_at is not None:
        return
    if all(admin.id == user.id for admin in repository.lock_active_admins(session)):
        raise LastAdminError
