"""A patient's name and record number go through everything, and stay where they belong."""

from __future__ import annotations

import base64
import contextlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest
import redis
import skimage.data
from PIL import Image
from running_service import Up, until

from backend.dependencies import CSRF_HEADER

NAME, MRN = "Zebulon Quackenbush", "CANARY-700-1"
CANARIES = ("zebulon", "quackenbush", "canary-700-1", "canary7001")
PASSWORD = "seven green bicycles"


def told(text: str | bytes) -> list[str]:
    """The canaries in a text, in any case, also in base64 and as an address writes them."""
    content = text.encode() if isinstance(text, str) else text
    words = [word.encode() for word in CANARIES]
    words += [base64.b64encode(value.encode())[:16].lower() for value in (NAME, MRN)]
    return [word.decode() for word in words if word in content.lower()]


class Witness:
    """Notes everything that is said to the broker, and the arguments of all processes."""

    def __init__(self, up: Up) -> None:
        self.heard: list[str] = []
        self._up = up
        self._stopping = threading.Event()
        self._client = redis.Redis(unix_socket_path=str(up.data_dir / "broker" / "valkey.sock"))
        self._monitor = self._client.monitor()
        self._monitor.__enter__()
        self._threads = [
            threading.Thread(target=watch, daemon=True)
            for watch in (self._hear_broker, self._see_processes)
        ]
        for thread in self._threads:
            thread.start()

    def _hear_broker(self) -> None:
        # It ends with the broker, or when `stop` closes the connection.
        with contextlib.suppress(redis.RedisError, OSError):
            for command in self._monitor.listen():
                self.heard.append(str(command["command"]))
                if self._stopping.is_set():
                    return

    def _see_processes(self) -> None:
        while not self._stopping.wait(0.2):
            # A process may end while it is looked at.
            with contextlib.suppress(psutil.Error):
                self.heard += [" ".join(child.cmdline()) for child in self._up.children()]

    def stop(self) -> list[str]:
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)
        return self.heard


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    started = Up(tmp_path / "data")
    yield started
    started.process.terminate()
    started.process.wait()


def signed_in(up: Up, url: str) -> httpx.Client:
    """The first user's browser."""
    link = re.search(r"link works once\): \S+#(\S+)", up.text)
    assert link is not None
    client = httpx.Client(base_url=f"{url}/api/v1", timeout=30, headers={"Origin": url})
    who = {"email": "ada@clinic.example", "password": PASSWORD}
    made = client.post("/links/use", json={"secret": link[1], "display_name": "Ada", **who})
    assert made.status_code == 204, made.text
    assert client.post("/session", json=who).status_code == 200
    client.headers[CSRF_HEADER] = client.cookies["sfpfr-csrf"]
    return client


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def live(client: httpx.Client) -> tuple[str, str]:
    """A whole patient's life in the service; returns the ids of patient and take."""
    identity = {"name": NAME, "mrn": MRN}
    patient = made(client.post("/patients", json=identity | {"contact": NAME, "notes": MRN}))
    place = f"/patients/{patient['id']}"
    for typed in (NAME, MRN, "quack"):
        found = made(client.post("/patients/search", json={"q": typed}))
        assert [item["id"] for item in found["items"]] == [patient["id"]]
    assert made(client.get(f"{place}/identity"))["name"] == NAME
    assert made(client.post("/break-glass/look-up", json={"identifier": MRN}))["exists"]
    today = time.strftime("%Y-%m-%d", time.gmtime())
    consent = {"purpose": "care", "signed_on": today, "signatory": NAME}
    made(client.post(f"{place}/consents", json=consent))
    episode = {"affected_side": "left", "cause": "palsy", "notes": f"{NAME} {MRN}"}
    made(client.post(f"{place}/episodes", json=episode))
    visit = made(client.post(f"{place}/visits", json={"notes": NAME}))
    return patient["id"], visit["id"]


def blunder(client: httpx.Client) -> None:
    """What people do wrong with a name at hand."""
    assert client.post("/patients", json={"name": NAME, "mrn": MRN}).status_code == 409
    assert client.post("/patients", json={"birth_year": MRN, "name": NAME}).status_code == 422
    assert client.post("/patients", content=f"{{{NAME}".encode()).status_code in (400, 422)
    assert client.get(f"/patients/{MRN}").status_code == 422
    assert client.get(f"/{NAME}/{MRN}", params={"name": NAME}).status_code == 404
    client.post("/session", json={"email": f"{MRN}@x.example", "password": NAME})
    client.get("/patients", headers={"User-Agent": NAME, "Referer": f"https://x/{MRN}"})


def film(client: httpx.Client, visit_id: str, tmp_path: Path) -> str:
    """A still with a telling name and telling metadata, sent in; returns the take's id."""
    picture = tmp_path / f"{NAME}.jpg"
    image, exif = Image.fromarray(skimage.data.astronaut()), Image.Exif()
    exif[0x010E] = f"{NAME} {MRN}"
    image.save(picture, exif=exif, quality=95)
    recording = made(
        client.post(f"/visits/{visit_id}/recordings", json={"declared_views": ["center"]})
    )
    take = {"movement": "rest", "recording_id": recording["id"]}
    take_id = str(made(client.post(f"/visits/{visit_id}/takes", json=take))["id"])
    content = picture.read_bytes()
    about = {
        "recording_id": recording["id"],
        "view": "center",
        "filename": picture.name,
        "mrn": MRN,
    }
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in about.items())
    tus = {"Tus-Resumable": "1.0.0"}
    announced = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    location = client.post("/uploads", headers=tus | announced).headers["Location"]
    part = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    sent = client.patch(
        httpx.URL(location).path.removeprefix("/api/v1"), headers=tus | part, content=content
    )
    assert sent.status_code == 204, sent.text
    return take_id


def test_nobody_is_named_where_it_does_not_belong(up: Up, tmp_path: Path) -> None:
    url = up.wait()
    witness = Witness(up)
    client = signed_in(up, url)
    _, visit_id = live(client)
    blunder(client)
    take_id = film(client, visit_id, tmp_path)

    def over() -> bool:
        jobs = made(client.get("/jobs", params={"take_id": take_id}))["items"]
        return bool(jobs) and all(job["state"] not in ("queued", "running") for job in jobs)

    until(over)
    assert made(client.get(f"/takes/{take_id}"))["analysis"] is not None
    metrics = httpx.get(f"{url}/metrics").text
    saved = tmp_path / "saved.tar"
    subprocess.run(
        [sys.executable, "-m", "cli", "backup", str(saved)],
        env={"SFPFR_DATA_DIR": str(up.data_dir), "PATH": ""},
        check=True,
        capture_output=True,
    )
    heard = witness.stop()
    assert any("sfpfr.answer_the_door" in base64_decoded(line) for line in heard)
    assert any("worker.child_main" in line for line in heard)

    assert told(metrics) == []
    assert told("\n".join(heard)) == told("\n".join(map(base64_decoded, heard))) == []
    assert told(up.text) == []
    logs = sorted((up.data_dir / "logs").iterdir())
    assert {"server.log", "worker.log", "broker.log"} <= {log.name for log in logs}
    for log in logs:
        assert told(log.read_bytes()) == [], log.name
    assert b"Request answered" in (up.data_dir / "logs" / "server.log").read_bytes()
    for path in up.data_dir.rglob("*"):
        assert told(str(path.relative_to(up.data_dir))) == []
        # Neither in the database, nor in its journal, nor in any stored file.
        if path.is_file():
            assert told(path.read_bytes()) == [], path.name
    assert told(saved.read_bytes()) == []


def base64_decoded(line: str) -> str:
    """What a message to a worker carries inside."""
    words = (word.rstrip("=") for word in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", line))
    # A path may look like a word, of a length that no encoding has: its last letter is left out.
    whole = (word[:-1] if len(word) % 4 == 1 else word for word in words)
    return line + " ".join(
        base64.b64decode(word + "=" * (-len(word) % 4)).decode("utf-8", "replace") for word in whole
    )


def test_the_watch_sees_what_it_is_for() -> None:
    for text in (f"x {NAME.upper()}", f'{{"mrn": "{MRN}"}}', base64.b64encode(NAME.encode())):
        assert told(text)
    hidden = base64.b64encode(f"a message about {NAME}".encode()).decode()
    assert told(base64_decoded(f"/a/path/of/seventeen {hidden}"))
    assert told("nothing of the kind") == []
