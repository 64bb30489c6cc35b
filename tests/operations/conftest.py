"""A PostgreSQL and the composed services for the tests of operation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from composed import Host
from postgres_server import REQUIRED_VARIABLES, NoPostgresError, new_name, server
from sqlalchemy import create_engine, make_url, text


@pytest.fixture
def database_url() -> Iterator[str]:
    """An empty database on a real PostgreSQL."""
    try:
        with server() as url:
            admin = create_engine(url, isolation_level="AUTOCOMMIT")
            name = new_name()
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
            admin.dispose()
    except NoPostgresError as error:
        if any(os.environ.get(name) for name in REQUIRED_VARIABLES):
            raise
        pytest.skip(str(error))


@pytest.fixture
def host(tmp_path: Path, database_url: str) -> Iterator[Host]:
    found = Host(tmp_path, database_url)
    yield found
    found.stop()
