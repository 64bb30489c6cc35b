"""A running `sfpfr up` for tests: real processes on data of their own."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from cli.client import local_context

PATIENCE_S = 300.0


def until(condition: Callable[[], Any]) -> Any:
    give_up = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < give_up, "waited in vain"
        threading.Event().wait(0.1)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(url: str, body: dict[str, Any] | None = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10, context=local_context(url)) as found:
        return json.loads(found.read() or b"null")


class Up:
    """A running `sfpfr up` on data of its own."""

    def __init__(self, data_dir: Path, *options: str, **settings: str) -> None:
        self.data_dir = data_dir
        self.words = data_dir.with_suffix(".out")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SFPFR_")}
        with self.words.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", "up", "--port", str(free_port()), *options],
                env=environment | {"SFPFR_DATA_DIR": str(data_dir)} | settings,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        return self.words.read_text()

    def wait(self) -> str:
        """The address, once it is up."""

        def up() -> re.Match[str] | None:
            assert self.process.poll() is None, self.text
            return re.search(r"SFPFR is up: (\S+)", self.text)

        return str(until(up)[1])

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def named(self, word: str) -> list[psutil.Process]:
        found = []
        for child in self.children():
            with contextlib.suppress(psutil.Error):
                if word in " ".join(child.cmdline()):
                    found.append(child)
        return found
