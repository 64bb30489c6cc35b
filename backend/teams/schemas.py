"""What is sent and answered about care teams and colleagues."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from backend.access import Role

TeamName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class TeamCreate(BaseModel):
    """A new team."""

    model_config = ConfigDict(extra="forbid")

    name: TeamName


class TeamEdit(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: TeamName | None = None
    archived: bool | None = None


class Colleague(BaseModel):
    """A user as colleagues see each other."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    display_name: str
    roles: list[Role]


class TeamRead(BaseModel):
    """A team with its members."""

    id: UUID
    name: str
    archived_at: datetime | None
    version: int
    members: list[Colleague]
