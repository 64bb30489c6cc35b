"""A PostgreSQL and the composed services for the tests of operation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from composed import Host
from postgres_server import empty_database, needed, server


@pytest.fixture
def database_url() -> Iterator[str]:
    """An empty database on a real PostgreSQL."""
    with needed(), server() as url, empty_database(url) as own:
        yield own


@pytest.fixture
def host(tmp_path: Path, database_url: str) -> Iterator[Host]:
    found = Host(tmp_path, database_url)
    yield found
    found.stop()
