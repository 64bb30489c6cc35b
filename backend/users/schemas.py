"""What is sent and answered about users, sessions, tokens and links."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from backend.access import Permission, Role
from backend.db.models import LinkPurpose

MAX_TOKEN_DAYS = 366


def _address(text: str) -> str:
    name, at, host = text.partition("@")
    if not (name and at and host) or "@" in host or any(c.isspace() for c in text):
        raise ValueError("not an e-mail address")
    return text.lower()


Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_address)
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
# What a person types in full; weak ones are refused with a reason by the service.
Password = Annotated[str, StringConstraints(max_length=1000)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=6, max_length=20)]
LinkSecret = Annotated[str, StringConstraints(min_length=20, max_length=100)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Answered(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Step(StrEnum):
    """What is missing before a session may be used."""

    NONE = "none"
    CODE = "code"
    ENROL = "enrol"


class SignIn(_Sent):
    """Who wants in."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]
    password: Password


class SecondFactor(_Sent):
    """A code of the authenticator, or a recovery code."""

    code: Code


class SessionState(BaseModel):
    """Who is signed in in this browser, and what the pages may offer."""

    user_id: UUID
    email: str
    display_name: str
    roles: list[Role]
    permissions: list[Permission]
    team_ids: list[UUID]
    missing_step: Step


class SessionRead(_Answered):
    """One signed-in browser of a user."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    address: str
    current: bool = False


class PasswordChange(_Sent):
    """The new password, and the present one as proof."""

    current: Password
    new: Password


class Proof(_Sent):
    """The password once more, before something that matters."""

    password: Password


class TotpSecret(BaseModel):
    """A secret to put into an authenticator; it counts once a code confirmed it."""

    secret: str
    address: str


class RecoveryCodes(BaseModel):
    """Codes to print; they are shown this once."""

    codes: list[str]


class TokenCreate(_Sent):
    """A token for a program."""

    name: Name
    scopes: Annotated[frozenset[Permission], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=MAX_TOKEN_DAYS)]
    password: Password


class TokenRead(_Answered):
    """A token, without its secret."""

    id: UUID
    name: str
    scopes: list[Permission]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenCreated(TokenRead):
    """A token with its secret, shown this once."""

    token: str


class UserCreate(_Sent):
    """A new user; the password is set through a one-time link."""

    email: Email
    display_name: Name
    roles: frozenset[Role]
    team_ids: frozenset[UUID] = frozenset()


class UserEdit(_Sent):
    """What is to change; what is left out stays."""

    display_name: Name | None = None
    email: Email | None = None
    roles: frozenset[Role] | None = None
    disabled: bool | None = None


class UserRead(BaseModel):
    """A user as administrators see it."""

    id: UUID
    email: str
    display_name: str
    roles: list[Role]
    team_ids: list[UUID]
    has_password: bool
    has_second_factor: bool
    disabled_at: datetime | None
    created_at: datetime
    version: int


class LinkCreate(_Sent):
    """What the link is to reset."""

    purpose: Annotated[LinkPurpose, AfterValidator(lambda p: _resettable(p))]


def _resettable(purpose: LinkPurpose) -> LinkPurpose:
    if purpose is LinkPurpose.SETUP:
        raise ValueError("a set-up link is printed by the server alone")
    return purpose


class LinkCreated(BaseModel):
    """A link to hand to its user, shown this once."""

    url: str
    expires_at: datetime


class LinkInspect(_Sent):
    """The secret part of a link."""

    secret: LinkSecret


class LinkRead(BaseModel):
    """What a link is good for; `email` is whose, None for the set-up."""

    purpose: LinkPurpose
    email: str | None
    expires_at: datetime


class LinkUse(_Sent):
    """What the link's user enters: a new password, or the present one to drop the second factor.

    The set-up link needs `email` and `display_name` too.
    """

    secret: LinkSecret
    password: Password
    email: Email | None = None
    display_name: Name | None = None
