"""Brings a database to the schema of this program, and tells how far it is; no schema here."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

# Two programs that start at the same time must not both migrate.
_ADVISORY_LOCK = 5_023_478


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply what is missing; nothing when there is nothing."""
    with engine.connect() as connection:
        _alone(connection)
        command.upgrade(_config(connection), revision)
        connection.commit()


def downgrade(engine: Engine, revision: str) -> None:
    """Take changes back, down to `revision` ("base" for none); data of dropped columns is lost."""
    with engine.connect() as connection:
        _alone(connection)
        command.downgrade(_config(connection), revision)
        connection.commit()


def current(engine: Engine) -> str | None:
    """The revision the database has; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The revision this program needs."""
    head = ScriptDirectory.from_config(_config(None)).get_current_head()
    if head is None:
        raise RuntimeError("the migrations are not installed with the program")
    return head


def write_revision(engine: Engine, revision: str, message: str) -> None:
    """Write the migration from the database's schema to the tables' (for developers)."""
    with engine.connect() as connection:
        config = _config(connection)
        command.revision(config, message=message, autogenerate=True, rev_id=revision)


def _alone(connection: Connection) -> None:
    # SQLite's units begin with the write lock anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
