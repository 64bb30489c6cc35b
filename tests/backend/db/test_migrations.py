"""The migrations make what the tables say, on both databases, and can be taken back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from postgres_server import empty_database
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from backend.db import migrate
from backend.db.base import Base
from backend.db.session import Database, open_engine


def described(engine: Engine) -> dict[str, Any]:
    """Everything the database tells of its schema, in an order that does not depend on history."""
    inspector = inspect(engine)
    schema: dict[str, Any] = {}
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        schema[table] = {
            "columns": {
                c["name"]: (str(c["type"]), c["nullable"], bool(c.get("autoincrement")))
                for c in inspector.get_columns(table)
            },
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(
                (k["constrained_columns"], k["referred_table"], k["referred_columns"])
                for k in inspector.get_foreign_keys(table)
            ),
            "unique": sorted(u["column_names"] for u in inspector.get_unique_constraints(table)),
            "indexes": sorted(
                (i["name"], i["column_names"], bool(i["unique"]))
                for i in inspector.get_indexes(table)
            ),
            "checks": sorted(
                (c["name"], re.sub(r"\s+", " ", c["sqltext"]))
                for c in inspector.get_check_constraints(table)
            ),
        }
    return schema


@pytest.fixture(params=["sqlite", "postgresql"])
def two_engines(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Two empty databases of one kind."""
    if request.param == "sqlite":
        engines = [open_engine(f"sqlite:///{tmp_path / name}") for name in "ab"]
        yield engines
        for engine in engines:
            engine.dispose()
        return
    server = request.getfixturevalue("postgres_server")
    with empty_database(server) as one, empty_database(server) as other:
        engines = [open_engine(one), open_engine(other)]
        yield engines
        for engine in engines:
            engine.dispose()


def test_migrating_makes_the_schema_of_the_tables(two_engines: list[Engine]) -> None:
    migrated, declared = two_engines
    migrate.upgrade(migrated)
    Base.metadata.create_all(declared)
    expected, found = described(declared), described(migrated)
    assert set(found) == set(expected)
    for table, schema in expected.items():
        assert found[table] == schema, table
    assert migrate.current(migrated) == migrate.newest()


def test_migrations_can_be_repeated_and_taken_back(two_engines: list[Engine]) -> None:
    engine, _ = two_engines
    assert migrate.current(engine) is None
    migrate.upgrade(engine)
    before = described(engine)
    migrate.upgrade(engine)
    assert described(engine) == before
    migrate.downgrade(engine, "base")
    assert described(engine) == {}
    migrate.upgrade(engine)
    assert described(engine) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET action = 'other'",
        "UPDATE audit_entries SET hash = previous_hash",
        "DELETE FROM audit_entries",
    ],
)
def test_the_database_refuses_to_change_the_audit_log(database: Database, statement: str) -> None:
    row = {"h": b"0" * 32, "at": "2030-01-01 00:00:00+00:00"}
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_entries (sequence, at, action, object_type, request_id, detail, "
                "previous_hash, hash) VALUES (1, :at, 'a', 'b', 'r', '{}', :h, :h)"
            ),
            row,
        )
    with pytest.raises(DBAPIError, match="immutable"), database.engine.begin() as connection:
        connection.execute(text(statement))
