"""`sfpfr up` brings everything up, keeps it up, tells how to begin, and takes all of it down."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from running_service import PATIENCE_S, Up, answer, free_port, until

from cli.client import local_context


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start_one(name: str, *options: str) -> Up:
        started.append(Up(tmp_path / name, *options))
        return started[-1]

    yield start_one
    for up in started:
        left = up.children() if up.process.poll() is None else []
        up.process.kill()
        up.process.wait()
        for child in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()


def test_it_comes_up_stays_up_and_leaves_nothing(start: Callable[..., Up]) -> None:
    up = start("data")
    url = up.wait()
    assert answer(f"{url}/readyz")["status"] == "ok"
    link = re.search(r"link works once\): (\S+)#(\S+)", up.text)
    assert link is not None
    told = answer(f"{url}/api/v1/links/inspect", {"secret": link[2]})
    assert told["purpose"] == "setup"

    second = subprocess.run(
        [sys.executable, "-m", "cli", "up", "--port", str(free_port())],
        env=os.environ | {"SFPFR_DATA_DIR": str(up.data_dir)},
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (second.returncode, b"already runs" in second.stderr) == (2, True)

    for part in ("valkey-server", "cli serve", "cli worker"):
        (first,) = until(lambda part=part: up.named(part))
        first.send_signal(signal.SIGKILL)
        first.wait(PATIENCE_S)
        until(lambda part=part: up.named(part))
    until(lambda: ready(url))

    children = up.children()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(PATIENCE_S) == 0
    assert not psutil.wait_procs(children, timeout=PATIENCE_S)[1]
    logs = "".join(file.read_text() for file in (up.data_dir / "logs").iterdir())
    assert link[2] not in logs


def test_it_serves_tls_of_its_own(start: Callable[..., Up]) -> None:
    up = start("data", "--host", "127.0.0.2", "--tls-self-signed")
    url = up.wait()
    assert url.startswith("https://127.0.0.2:")
    assert answer(f"{url}/readyz")["status"] == "ok"
    fingerprint = re.search(r"Fingerprint \(SHA-256\): (\S+)", up.text)
    assert fingerprint is not None
    with urllib.request.urlopen(f"{url}/trust", context=local_context(url)) as page:
        assert fingerprint[1] in page.read().decode()


def ready(url: str) -> bool:
    with contextlib.suppress(OSError):
        return bool(answer(f"{url}/readyz")["status"] == "ok")
    return False
