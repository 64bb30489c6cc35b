"""Routes for administrators who look after users."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status

from backend.access import Caller, Permission
from backend.dependencies import (
    Reading,
    SettingsInForce,
    Transaction,
    requires,
)
from backend.kit.errors import (
    NotFoundError,
    PreconditionFailedError,
    declares,
)
from backend.kit.pagination import Page, PageRequest
from backend.kit.revisions import BasedOn, PreconditionRequiredError, expect, tag
from backend.teams import service as teams
from backend.users import links, service
from backend.users.errors import EmailTakenError, LastAdminError
from backend.users.schemas import LinkCreate, LinkCreated, UserCreate, UserEdit, UserRead

router = APIRouter(prefix="/users", tags=["users"])

_administration = requires(Permission.USERS_MANAGE)
Administrator = Annotated[Caller, Depends(_administration)]


@router.get("", dependencies=[Depends(_administration)])
def list_users(
    unit: Reading,
    page: PageRequest,
    q: Annotated[str, Query(max_length=100)] = "",
    active: bool | None = None,
) -> Page[UserRead]:
    """Users by name; `q` is a part of name or address."""
    found, total = service.page(unit, q, active=active, limit=page.limit, offset=page.offset)
    return page.page(found, total)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=declares(EmailTakenError, NotFoundError),
)
def create_user(
    sent: UserCreate, unit: Transaction, caller: Administrator, response: Response
) -> UserRead:
    """A new user without a password; a link of purpose `password` lets them set one."""
    user = service.add_user(
        unit, caller, email=sent.email, display_name=sent.display_name, roles=sent.roles
    )
    unit.flush()
    for team_id in sorted(sent.team_ids):
        teams.join(unit, caller, team_id, user.id)
    unit.flush()
    tag(response, user.version)
    return service.shown(unit, [user])[0]


@router.get(
    "/{user_id}", dependencies=[Depends(_administration)], responses=declares(NotFoundError)
)
def get_user(user_id: UUID, unit: Reading, response: Response) -> UserRead:
    """One user."""
    user = service.get(unit, user_id)
    tag(response, user.version)
    return service.shown(unit, [user])[0]


@router.patch(
    "/{user_id}",
    responses=declares(
        NotFoundError,
        EmailTakenError,
        LastAdminError,
        PreconditionFailedError,
        PreconditionRequiredError,
    ),
)
def edit_user(
    user_id: UUID,
    sent: UserEdit,
    unit: Transaction,
    caller: Administrator,
    based_on: BasedOn,
    response: Response,
) -> UserRead:
    """Change name, address, roles, or whether the user is disabled."""
    user = service.get(unit, user_id, lock=True)
    expect(user.version, based_on)
    service.edit(unit, caller, user, sent)
    unit.flush()
    tag(response, user.version)
    return service.shown(unit, [user])[0]


@router.post(
    "/{user_id}/links",
    status_code=status.HTTP_201_CREATED,
    responses=declares(NotFoundError),
)
def create_link(
    user_id: UUID,
    sent: LinkCreate,
    unit: Transaction,
    caller: Administrator,
    settings: SettingsInForce,
) -> LinkCreated:
    """A one-time link to hand to the user: a new password, or a lost second factor."""
    user = service.get(unit, user_id)
    return links.issue(unit, settings, caller, sent.purpose, user)


@router.delete(
    "/{user_id}/sessions",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(NotFoundError),
)
def sign_out_everywhere(user_id: UUID, unit: Transaction, caller: Administrator) -> None:
    """End all sessions of a user."""
    service.sign_out_everywhere(unit, caller, service.get(unit, user_id))
