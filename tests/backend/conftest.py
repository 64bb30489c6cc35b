"""Databases for the tests of the service: every test that asks for one runs on both kinds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgres_server import empty_database, needed, server
from pydantic import SecretStr
from service_factories import Factory, Service
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from backend.access import Role
from backend.app import create_app
from backend.db import migrate
from backend.db.base import Base
from backend.db.session import Database, open_engine
from backend.kit.clock import SettableClock
from backend.kit.keys import LocalKeyFile
from backend.settings import Settings

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running PostgreSQL; skipped without one, but never where it's required."""
    with needed(), server() as url:
        yield url


@contextmanager
def postgres_database(server_url: str) -> Iterator[str]:
    """The address of a migrated database of its own, dropped at the end."""
    with empty_database(server_url) as url:
        engine = open_engine(url)
        migrate.upgrade(engine)
        engine.dispose()
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """A database for this test process; each test empties it behind itself."""
    with postgres_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def separate_postgres(postgres_server: str) -> Iterator[str]:
    """A database for one module, which nobody empties in between."""
    with postgres_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that tests copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    migrate.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database without rows, for one test."""
    if request.param == "sqlite":
        path = tmp_path / "sfpfr.sqlite"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    url: str = request.getfixturevalue("migrated_postgres")
    yield url
    engine = open_engine(url)
    _empty(engine)
    engine.dispose()


def _empty(engine: Engine) -> None:
    tables = ("DELETE FROM " + table.name for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        # Foreign keys and triggers are not asked: the tables are emptied as one.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("; ".join(tables)))


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands still until the test moves it."""
    return SettableClock()


@pytest.fixture(scope="session")
def site_keys() -> LocalKeyFile:
    """The keys of the tested site."""
    return LocalKeyFile.generate()


@pytest.fixture
def database(
    database_url: str, site_keys: LocalKeyFile, clock: SettableClock
) -> Iterator[Database]:
    """A database without rows, as the service opens it."""
    opened = Database(database_url, site_keys, clock)
    yield opened
    opened.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One unit of work; nothing of it is kept."""
    with database.unit_of_work() as unit:
        yield unit
        unit.rollback()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of the tested service."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url=SecretStr(database_url),
        # Cheap on purpose: what is tested is not how long it takes.
        password_memory_kib=8,
        sign_ins_a_minute=1000,
    )


@pytest.fixture
def service(settings: Settings, site_keys: LocalKeyFile, clock: SettableClock) -> Iterator[Service]:
    """The whole service on an empty database, with one care team."""
    app = create_app(settings, keys=site_keys, clock=clock)
    database: Database = app.state.database
    make = Factory(database)
    yield Service(app, settings, database, make, make.team(name="Home"))
    database.close()


@pytest.fixture
def make(database: Database) -> Factory:
    """Makes rows in a database that no application serves."""
    return Factory(database)


@pytest.fixture(scope="module", params=KINDS)
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    site_keys: LocalKeyFile,
) -> Iterator[Service]:
    """One service for all cases of a module, each with rows of its own."""
    folder = tmp_path_factory.mktemp("site")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "sfpfr.sqlite")
        url = f"sqlite:///{folder / 'sfpfr.sqlite'}"
    else:
        url = request.getfixturevalue("separate_postgres")
    settings = Settings(
        data_dir=folder,
        database_url=SecretStr(url),
        password_memory_kib=8,
        requests_a_minute=10**6,
        sign_ins_a_minute=10**6,
        look_ups_a_minute=10**6,
        reserve_bytes=0,
    )
    app = create_app(settings, keys=site_keys, clock=SettableClock())
    make = Factory(app.state.database)
    service = Service(app, settings, app.state.database, make, make.team(name="Home"))
    # Somebody always administers, whoever else is changed.
    make.user(Role.ADMIN)
    yield service
    app.state.database.close()
