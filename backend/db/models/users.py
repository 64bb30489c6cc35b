"""Tables of people who use the service, how they prove who they are, and their care teams."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.access import Permission, Role
from backend.db.base import Base, Created, Identified, OfPatient, Versioned
from backend.db.types import Sealed, Words


class LinkPurpose(StrEnum):
    """What a one-time link is good for."""

    SETUP = "setup"
    PASSWORD = "password"  # noqa: S105 - a purpose, not a secret
    TOTP = "totp"


class User(Identified, Versioned, Created, Base):
    """A member of staff. Never removed, only disabled, since records point here.

    `email` is kept in lower case. `totp_secret` counts from `totp_confirmed_at`; `totp_last_step`
    is the last time step that was used, so that a code works once.
    """

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    roles: Mapped[frozenset[Role]] = mapped_column(Words(Role))
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    totp_secret_sealed: Mapped[bytes | None]
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    disabled_at: Mapped[datetime | None]

    totp_secret = Sealed("totp_secret_sealed")


class UserSession(Identified, Base):
    """A signed-in browser; the cookie's SHA-256 alone is kept.

    `second_factor` is False between password and TOTP code: such a session may do nothing else.
    """

    __tablename__ = "user_sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    second_factor: Mapped[bool]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str]
    address: Mapped[str] = mapped_column(String(64))


class RecoveryCode(Identified, Base):
    """One of the codes that stand in for a lost second factor, each once; hashed."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[bytes]
    used_at: Mapped[datetime | None]


class ApiToken(Identified, Base):
    """A token for a program: the user's rights, cut down to `scopes`, for a time; hashed."""

    __tablename__ = "api_tokens"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[frozenset[Permission]] = mapped_column(Words(Permission))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OneTimeLink(Identified, Created, Base):
    """A link that works once: the first set-up (no user yet), a new password, or a new TOTP."""

    __tablename__ = "one_time_links"

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[LinkPurpose]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInAttempt(Identified, Base):
    """One try to sign in, for the lock-out; `account` is a keyed hash, known or unknown alike."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index(None, "account", "at"),)

    account: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(index=True)
    succeeded: Mapped[bool]


class Team(Identified, Versioned, Created, Base):
    """A care team: its members see its patients."""

    __tablename__ = "teams"

    name: Mapped[str] = mapped_column(unique=True)
    archived_at: Mapped[datetime | None]


class Membership(Base):
    """A user in a team."""

    __tablename__ = "memberships"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    created_at: Mapped[datetime]


class Invitation(Identified, Created, OfPatient, Base):
    """A colleague from outside the team, let in to one patient for a stated time."""

    __tablename__ = "invitations"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class BreakGlass(Identified, OfPatient, Base):
    """Emergency access of one user to one foreign patient; an alert until acknowledged."""

    __tablename__ = "break_glass"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    reason_sealed: Mapped[bytes]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))

    reason = Sealed("reason_sealed")


class PatientTeam(Base):
    """A patient of a care team."""

    __tablename__ = "patient_teams"
    __table_args__ = (UniqueConstraint("team_id", "patient_id"),)

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    created_at: Mapped[datetime]
