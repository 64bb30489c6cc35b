"""`sfpfr migrate`: the database as this release needs it, and the keys of a new site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.site import opened, read_settings

if TYPE_CHECKING:
    from backend.settings import Settings


def migrate() -> None:
    """Create or update the database's tables; a new site also gets its key file."""
    settings = read_settings()
    new = not settings.keys.exists()
    revision = prepare(settings)
    typer.echo(f"The database is at revision {revision}.")
    if new:
        typer.echo(
            f"The keys of the site are in {settings.keys}. Keep a copy in another place: without "
            "them neither the database nor a backup can be read."
        )


def prepare(settings: Settings) -> str:
    """Make keys and tables where they lack; returns the revision. Raises ServiceError."""
    from sqlalchemy.exc import SQLAlchemyError

    from backend.db.migrate import newest, upgrade
    from backend.kit.errors import UnavailableError
    from backend.site import check_keys

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with opened(settings, new_keys=True) as database:
        try:
            upgrade(database.engine)
        except SQLAlchemyError as error:
            raise UnavailableError(
                f"The database cannot be prepared ({type(error).__name__}).",
                "Check SFPFR_DATABASE_URL, and that the database server runs.",
            ) from error
        with database.unit_of_work() as session:
            check_keys(session)
    return newest()
