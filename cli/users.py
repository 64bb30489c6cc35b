"""`sfpfr users`: people of the site, for whoever has its terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.site import opened, read_settings
from models.errors import UnusableInputError

users = typer.Typer(help="People who use the service.", no_args_is_help=True)


@users.callback()
def _group() -> None:
    """Keeps `create` a command of its own while it is the only one."""


@users.command()
def create(
    email: Annotated[str, typer.Argument(help="Address to sign in with.")],
    name: Annotated[str, typer.Option(help="Name that colleagues see.")],
    role: Annotated[
        list[str], typer.Option(help="admin, clinician, therapist or researcher; may be repeated.")
    ],
    team: Annotated[
        list[str] | None, typer.Option(help="Care team to join; may be repeated.")
    ] = None,
) -> None:
    """Make a user, and print the one-time link where the user chooses a password."""
    from backend.access import Role
    from backend.db.models import LinkPurpose
    from backend.teams import repository as teams
    from backend.teams import service as team_service
    from backend.users import links
    from backend.users.service import add_user

    if unknown := [word for word in role if word not in set(Role)]:
        raise UnusableInputError(
            f"There is no role called {unknown[0]!r}.", f"Choose from {', '.join(Role)}."
        )
    settings = read_settings()
    with opened(settings) as database, database.unit_of_work() as session:
        roles = {Role(word) for word in role}
        user = add_user(session, None, email=email, display_name=name, roles=roles)
        session.flush()
        for wanted in team or []:
            found = teams.named(session, wanted)
            if found is None:
                found = team_service.create(session, None, wanted)
                session.flush()
            team_service.join(session, None, found.id, user.id)
        link = links.issue(session, settings, None, LinkPurpose.PASSWORD, user)
    typer.echo(f"The user exists. The password is chosen here, once: {link.url}")
