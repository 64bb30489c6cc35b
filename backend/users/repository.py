"""Queries of users, their sessions, tokens and rights; users are no patient's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, String, func, literal, or_, type_coerce, union_all
from sqlalchemy.orm import Session

from backend.access import Role
from backend.db.models import (
    ApiToken,
    BreakGlass,
    Invitation,
    LinkPurpose,
    Membership,
    OneTimeLink,
    RecoveryCode,
    SignInAttempt,
    Team,
    User,
    UserSession,
)
from backend.scope import unscoped, unscoped_delete, unscoped_update

_SIGNING_IN = "nobody is known before they are signed in"
_OWN = "the user's own"
_ADMIN = "administrators look after all users"


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
    teams = (
        unscoped(Membership, because=_OWN)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id == user_id, Team.archived_at.is_(None))
        .with_only_columns(literal("team"), Membership.team_id)
    )
    invitations = (
        unscoped(Invitation, because=_OWN)
        .where(
            Invitation.user_id == user_id,
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > at,
        )
        .with_only_columns(literal("invitation"), Invitation.patient_id)
    )
    glass = (
        unscoped(BreakGlass, because=_OWN)
        .where(BreakGlass.user_id == user_id, BreakGlass.expires_at > at)
        .with_only_columns(literal("glass"), BreakGlass.patient_id)
    )
    found: dict[str, set[UUID]] = {"team": set(), "invitation": set(), "glass": set()}
    for kind, target in session.execute(union_all(teams, invitations, glass)):
        found[kind].add(target)
    return Rights(*(frozenset(found[kind]) for kind in ("team", "invitation", "glass")))


def touch_session(session: Session, session_id: UUID, at: datetime) -> None:
    """Note that a session was used."""
    session.execute(
        unscoped_update(UserSession, because=_OWN)
        .where(UserSession.id == session_id)
        .values(last_seen_at=at)
    )


def touch_token(session: Session, token_id: UUID, at: datetime) -> None:
    """Note that a token was used."""
    session.execute(
        unscoped_update(ApiToken, because=_OWN)
        .where(ApiToken.id == token_id)
        .values(last_used_at=at)
    )


def by_email(session: Session, email: str) -> User | None:
    """A user by the address, in any case."""
    statement = unscoped(User, because=_SIGNING_IN).where(User.email == email.strip().lower())
    return session.scalars(statement).one_or_none()


def user(session: Session, user_id: UUID, *, lock: bool = False) -> User | None:
    """One user; `lock` for a change that depends on what is read."""
    statement = unscoped(User, because=_ADMIN).where(User.id == user_id)
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def users(
    session: Session, sought: str, *, active: bool | None, limit: int, offset: int
) -> tuple[Sequence[User], int]:
    """A page of users by name, and how many there are."""
    statement = unscoped(User, because=_ADMIN)
    if sought:
        like = f"%{_escaped(sought.lower())}%"
        statement = statement.where(
            or_(
                User.email.like(like, escape="\\"),
                func.lower(User.display_name).like(like, escape="\\"),
            )
        )
    if active is not None:
        statement = statement.where(User.disabled_at.is_(None) == active)
    total = session.scalar(statement.with_only_columns(func.count())) or 0
    ordered = statement.order_by(User.display_name, User.id).limit(limit).offset(offset)
    return session.scalars(ordered).all(), total


def teams_of(session: Session, user_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The teams of each of these users."""
    statement = (
        unscoped(Membership, because=_ADMIN)
        .where(Membership.user_id.in_(user_ids))
        .order_by(Membership.created_at)
    )
    found: dict[UUID, list[UUID]] = {}
    for membership in session.scalars(statement):
        found.setdefault(membership.user_id, []).append(membership.team_id)
    return found


def lock_active_admins(session: Session) -> list[User]:
    """Users who can administer now; locked, so that two can't step down at the same time."""
    return list(session.scalars(_active_admins().with_for_update()))


def any_admin(session: Session) -> bool:
    """Whether somebody administers the site."""
    return session.scalar(_active_admins().limit(1)) is not None


def _active_admins() -> Select[User]:
    return unscoped(User, because=_ADMIN).where(
        User.disabled_at.is_(None), type_coerce(User.roles, String).contains(Role.ADMIN.value)
    )


def own_session(session: Session, user_id: UUID, session_id: UUID) -> UserSession | None:
    """A session of this user."""
    statement = unscoped(UserSession, because=_OWN)
    return session.scalars(
        statement.where(UserSession.id == session_id, UserSession.user_id == user_id)
    ).one_or_none()


def live_sessions(session: Session, user_id: UUID, at: datetime) -> Sequence[UserSession]:
    """Sessions of a user that are not ended, newest first; idle ones are among them."""
    statement = (
        unscoped(UserSession, because=_OWN)
        .where(
            UserSession.user_id == user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > at,
        )
        .order_by(UserSession.id.desc())
    )
    return session.scalars(statement).all()


def revoke_sessions(
    session: Session, user_id: UUID, at: datetime, *, but: UUID | None = None
) -> int:
    """End the sessions of a user, all but one if said; how many there were."""
    ended = (
        unscoped_update(UserSession, because=_OWN)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    if but is not None:
        ended = ended.where(UserSession.id != but)
    done = session.execute(ended.execution_options(synchronize_session=False))
    return done.rowcount  # type: ignore[attr-defined,no-any-return]


def forget_sessions(session: Session, user_id: UUID, before: datetime) -> None:
    """Remove sessions of a user that ended before then; what they did is in the audit log."""
    session.execute(
        unscoped_delete(UserSession, because=_OWN).where(
            UserSession.user_id == user_id, UserSession.expires_at < before
        )
    )


def failures_since(session: Session, account: bytes, since: datetime) -> Sequence[SignInAttempt]:
    """Failed tries of an account since then or since its last success, oldest first."""
    statement = (
        unscoped(SignInAttempt, because=_SIGNING_IN)
        .where(SignInAttempt.account == account, SignInAttempt.at > since)
        .order_by(SignInAttempt.at, SignInAttempt.id)
    )
    failures: list[SignInAttempt] = []
    for attempt in session.scalars(statement):
        failures = [] if attempt.succeeded else [*failures, attempt]
    return failures


def attempt_succeeded(session: Session, attempt_id: UUID) -> None:
    """A try that was written down as failed turned out well."""
    session.execute(
        unscoped_update(SignInAttempt, because=_SIGNING_IN)
        .where(SignInAttempt.id == attempt_id)
        .values(succeeded=True)
    )


def forget_attempts(
    session: Session, *, before: datetime | None = None, account: bytes | None = None
) -> None:
    """Remove tries that no longer count."""
    statement = unscoped_delete(SignInAttempt, because=_SIGNING_IN)
    if before is not None:
        statement = statement.where(SignInAttempt.at < before)
    if account is not None:
        statement = statement.where(SignInAttempt.account == account)
    session.execute(statement)


def recovery_code(session: Session, user_id: UUID, code_hash: bytes) -> RecoveryCode | None:
    """An unused recovery code of a user, locked."""
    statement = (
        unscoped(RecoveryCode, because=_OWN)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .with_for_update()
    )
    return session.scalars(statement).one_or_none()


def remove_recovery_codes(session: Session, user_id: UUID) -> None:
    """Forget the recovery codes of a user."""
    session.execute(
        unscoped_delete(RecoveryCode, because=_OWN).where(RecoveryCode.user_id == user_id)
    )


def tokens(session: Session, user_id: UUID) -> Sequence[ApiToken]:
    """API tokens of a user, newest first."""
    statement = unscoped(ApiToken, because=_OWN).where(ApiToken.user_id == user_id)
    return session.scalars(statement.order_by(ApiToken.id.desc())).all()


def own_token(session: Session, user_id: UUID, token_id: UUID) -> ApiToken | None:
    """An API token of this user."""
    statement = unscoped(ApiToken, because=_OWN)
    return session.scalars(
        statement.where(ApiToken.id == token_id, ApiToken.user_id == user_id)
    ).one_or_none()


def link(
    session: Session, token_hash: bytes, at: datetime, *, lock: bool = False
) -> OneTimeLink | None:
    """A link that still works; `lock` to use it up."""
    statement = unscoped(OneTimeLink, because=_SIGNING_IN).where(
        OneTimeLink.token_hash == token_hash,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > at,
    )
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def use_up_links(
    session: Session, user_id: UUID | None, purpose: LinkPurpose, at: datetime
) -> None:
    """Make earlier links of this purpose worthless."""
    session.execute(
        unscoped_update(OneTimeLink, because=_ADMIN)
        .where(
            OneTimeLink.user_id == user_id,
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
        )
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )


def all_teams(session: Session) -> Sequence[Team]:
    """All teams in use, for the first user, who joins them."""
    statement = unscoped(Team, because="the first user looks after the whole site")
    return session.scalars(statement.where(Team.archived_at.is_(None))).all()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
