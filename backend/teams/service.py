"""Looking after care teams; what a team's members may see follows from `backend.scope`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import Membership, Team
from backend.db.session import now
from backend.kit.errors import NotFoundError
from backend.teams import repository
from backend.teams.errors import TeamNameTakenError
from backend.teams.schemas import Colleague, TeamEdit, TeamRead


def listed(session: Session, caller: Caller) -> list[TeamRead]:
    """Teams that the caller may see, with their members."""
    return shown(session, repository.teams(session, caller))


def get(session: Session, caller: Caller, team_id: UUID, *, lock: bool = False) -> Team:
    """One team that the caller may see; raises NotFoundError."""
    team = repository.team(session, caller, team_id, lock=lock)
    if team is None:
        raise NotFoundError("There is no such team that you can see.", "Check the address.")
    return team


def create(session: Session, caller: Caller | None, name: str) -> Team:
    """A new team; raises TeamNameTakenError. caller: None for the program itself."""
    _refuse_taken(session, name)
    by = None if caller is None else caller.user_id
    team = Team(name=name, created_at=now(session), created_by_id=by)
    session.add(team)
    session.flush()
    audit.record(session, caller, "team.create", "team", team.id)
    return team


def edit(session: Session, caller: Caller, team: Team, change: TeamEdit) -> None:
    """Rename a team, archive it (its members lose its patients) or take it back.

    Raises TeamNameTakenError.
    """
    changed = []
    if change.name is not None and change.name != team.name:
        _refuse_taken(session, change.name)
        team.name = change.name
        changed.append("name")
    if change.archived is not None and change.archived != (team.archived_at is not None):
        team.archived_at = now(session) if change.archived else None
        changed.append("archived")
    session.flush()
    if changed:
        audit.record(session, caller, "team.edit", "team", team.id, detail={"changed": changed})


def join(session: Session, caller: Caller | None, team_id: UUID, user_id: UUID) -> None:
    """Put a user into a team; nothing when already there. Raises NotFoundError."""
    if caller is not None:
        get(session, caller, team_id)
    if repository.user(session, user_id) is None:
        raise NotFoundError("There is no such user.", "Check the address.")
    if repository.membership(session, team_id, user_id) is None:
        session.add(Membership(team_id=team_id, user_id=user_id, created_at=now(session)))
        session.flush()
        detail = {"user": str(user_id)}
        audit.record(session, caller, "team.join", "team", team_id, detail=detail)


def leave(session: Session, caller: Caller, team_id: UUID, user_id: UUID) -> None:
    """Take a user out of a team; raises NotFoundError."""
    membership = repository.membership(session, team_id, user_id)
    if membership is None:
        raise NotFoundError("This user is not in the team.", "")
    session.delete(membership)
    session.flush()
    detail = {"user": str(user_id)}
    audit.record(session, caller, "team.leave", "team", team_id, detail=detail)


def colleagues(session: Session) -> list[Colleague]:
    """Everybody who can sign in, for inviting."""
    return [_colleague(user) for user in repository.active_users(session)]


def shown(session: Session, teams: Sequence[Team]) -> list[TeamRead]:
    """Teams with their members."""
    members = repository.members(session, [team.id for team in teams])
    return [
        TeamRead(
            id=team.id,
            name=team.name,
            archived_at=team.archived_at,
            version=team.version,
            members=[_colleague(user) for user in members.get(team.id, [])],
        )
        for team in teams
    ]


def _colleague(user: object) -> Colleague:
    return Colleague.model_validate(user)


def _refuse_taken(session: Session, name: str) -> None:
    if repository.named(session, name) is not None:
        raise TeamNameTakenError
