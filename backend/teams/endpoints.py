"""Routes of care teams; changing them is for administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status

from backend.access import Caller, Permission
from backend.dependencies import (
    Reading,
    Transaction,
    requires,
)
from backend.kit.errors import (
    NotFoundError,
    PreconditionFailedError,
    declares,
)
from backend.kit.revisions import BasedOn, PreconditionRequiredError, expect, tag
from backend.teams import service
from backend.teams.errors import TeamNameTakenError
from backend.teams.schemas import Colleague, TeamCreate, TeamEdit, TeamRead

router = APIRouter(tags=["teams"])

Reader = Annotated[Caller, Depends(requires(Permission.TEAMS_READ))]
Administrator = Annotated[Caller, Depends(requires(Permission.TEAMS_MANAGE))]


@router.get("/colleagues", dependencies=[Depends(requires(Permission.TEAMS_READ))])
def list_colleagues(unit: Reading) -> list[Colleague]:
    """Everybody who can sign in, by name."""
    return service.colleagues(unit)


@router.get("/teams")
def list_teams(unit: Reading, caller: Reader) -> list[TeamRead]:
    """Teams with their members: all for administrators, their own for the others."""
    return service.listed(unit, caller)


@router.post(
    "/teams",
    status_code=status.HTTP_201_CREATED,
    responses=declares(TeamNameTakenError),
)
def create_team(
    sent: TeamCreate, unit: Transaction, caller: Administrator, response: Response
) -> TeamRead:
    """A new team."""
    team = service.create(unit, caller, sent.name)
    tag(response, team.version)
    return service.shown(unit, [team])[0]


@router.get("/teams/{team_id}", responses=declares(NotFoundError))
def get_team(team_id: UUID, unit: Reading, caller: Reader, response: Response) -> TeamRead:
    """One team."""
    team = service.get(unit, caller, team_id)
    tag(response, team.version)
    return service.shown(unit, [team])[0]


@router.patch(
    "/teams/{team_id}",
    responses=declares(
        NotFoundError,
        TeamNameTakenError,
        PreconditionFailedError,
        PreconditionRequiredError,
    ),
)
def edit_team(
    team_id: UUID,
    sent: TeamEdit,
    unit: Transaction,
    caller: Administrator,
    based_on: BasedOn,
    response: Response,
) -> TeamRead:
    """Rename a team, archive it or take it back."""
    team = service.get(unit, caller, team_id, lock=True)
    expect(team.version, based_on)
    service.edit(unit, caller, team, sent)
    tag(response, team.version)
    return service.shown(unit, [team])[0]


@router.put(
    "/teams/{team_id}/members/{user_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(NotFoundError),
)
def join_team(team_id: UUID, user_id: UUID, unit: Transaction, caller: Administrator) -> None:
    """Put a user into a team."""
    service.join(unit, caller, team_id, user_id)


@router.delete(
    "/teams/{team_id}/members/{user_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(NotFoundError),
)
def leave_team(team_id: UUID, user_id: UUID, unit: Transaction, caller: Administrator) -> None:
    """Take a user out of a team."""
    service.leave(unit, caller, team_id, user_id)
