"""The site that the settings name, opened for a command; what a command does is not here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from models.errors import UnusableInputError

if TYPE_CHECKING:
    from backend.db.session import Database
    from backend.settings import Settings


def read_settings() -> Settings:
    """The settings in force; raises UnusableInputError, naming the one that is wrong."""
    from pydantic import ValidationError

    from backend.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in fault["loc"]).upper()
        raise UnusableInputError(
            f"The setting SFPFR_{name} is not valid: {fault['msg']}.",
            "Correct it in the environment; docs/operations.md lists the settings.",
        ) from error


@contextmanager
def opened(settings: Settings, *, new_keys: bool = False) -> Iterator[Database]:
    """The site's database with its keys; `new_keys` makes them where there are none.

    Raises ServiceError when it cannot be opened.
    """
    from backend.audit.service import HEAD_FILE
    from backend.db.session import Database
    from backend.kit.clock import SystemClock
    from backend.site import create_keys, open_keys

    keys = create_keys(settings) if new_keys else open_keys(settings)
    extras = {HEAD_FILE: settings.audit_head}
    database = Database(settings.database, keys, SystemClock(), pool=2, extras=extras)
    try:
        yield database
    finally:
        database.close()


def check(settings: Settings) -> None:
    """Refuse to serve a database that is not prepared, or with the keys of another site.

    Raises UnusableInputError, and ServiceError when keys or database cannot be reached.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from backend.db.migrate import current, newest
    from backend.kit.errors import UnavailableError
    from backend.site import check_keys

    with opened(settings) as database:
        try:
            revision = current(database.engine)
        except SQLAlchemyError as error:
            raise UnavailableError(
                "The database does not answer.", "Check SFPFR_DATABASE_URL, and that it runs."
            ) from error
        if revision != newest():
            raise UnusableInputError(
                f"The database is at revision {revision}, and this release needs {newest()}.",
                "Run `sfpfr migrate`.",
            )
        with database.unit_of_work() as session:
            check_keys(session)
