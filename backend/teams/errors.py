"""What can go wrong with care teams."""

from __future__ import annotations

from backend.kit.errors import ServiceError


class TeamNameTakenError(ServiceError):
    """409: another team has this name."""

    status = 409
    code = "team_name_taken"
    title = "Name in use"
    default_message = "There is a team with this name."
    default_next_step = "Take another name."
