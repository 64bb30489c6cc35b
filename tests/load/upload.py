"""Measures how fast a large file is taken in, and what memory that costs; run by hand.

    .venv/bin/python tests/load/upload.py [--mib 2048]

Starts the service on loopback with an empty site, sends a film with padding in parts of 16 MiB and
waits until it is checked, looked into and sealed. Sends to 127.0.0.1 alone and stops by itself.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import io
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import psutil

PART_BYTES = 16 * 2**20
MIB = 2**20


def film(size: int) -> tuple[bytes, int]:
    """The beginning of a film of `size` bytes, and how much padding follows in its last box."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(30):
            image = np.full((240, 320, 3), 8 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode())
    start = buffer.getvalue()
    box = size - len(start)
    return start + struct.pack(">I4s", box, b"free"), box - 8


def serve(data_dir: Path, port: int) -> None:
    """The service with one clinician, whose token and recording it prints, until it is ended."""
    import uvicorn
    from service_factories import Factory

    from backend.access import Permission, Role
    from backend.app import create_app
    from backend.db import migrate
    from backend.db.models import ApiToken
    from backend.settings import Settings
    from backend.site import create_keys
    from backend.users.tokens import hashed, new_secret

    settings = Settings(data_dir=data_dir, public_url=f"http://127.0.0.1:{port}")
    app = create_app(settings, keys=create_keys(settings))
    migrate.upgrade(app.state.database.engine)
    make = Factory(app.state.database)
    team = make.team()
    user = make.user(Role.CLINICIAN, teams=(team,))
    recording = make.recording(make.visit(make.patient(team)), declared_views=["center", "left"])
    secret = new_secret()
    at = app.state.database.clock.now()
    make.save(
        ApiToken(
            user_id=user.id,
            name="load",
            token_hash=hashed(secret),
            scopes=frozenset({Permission.VISIT_WRITE}),
            created_at=at,
            expires_at=at + timedelta(hours=1),
        )
    )
    sys.stdout.write(json.dumps({"token": secret, "recording_id": str(recording.id)}) + "\n")
    sys.stdout.flush()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


class Memory(threading.Thread):
    """Watches how much the service and its children hold."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.before = self._process.memory_info().rss
        self.peak, self.children_peak = self.before, 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.02):
            self.peak = max(self.peak, self._process.memory_info().rss)
            try:
                children = sum(c.memory_info().rss for c in self._process.children(recursive=True))
            except psutil.NoSuchProcess:
                continue
            self.children_peak = max(self.children_peak, children)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--serve", nargs=2, metavar=("FOLDER", "PORT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(Path(asked.serve[0]), int(asked.serve[1]))
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--serve", folder, str(port)]
        root = Path(__file__).resolve().parents[2]
        paths = os.pathsep.join([str(root), str(root / "tests/support")])
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
        )
        try:
            assert server.stdout is not None
            site = json.loads(server.stdout.readline())
            wait_for(port)
            measure(server.pid, port, site, asked.mib * MIB)
        finally:
            server.terminate()
            server.wait()


def wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the service did not come up")


def measure(pid: int, port: int, site: dict[str, str], size: int) -> None:
    start, padding = film(size)
    part = os.urandom(PART_BYTES)
    sha256 = hashlib.sha256(start)
    for at in range(0, padding, PART_BYTES):
        sha256.update(part[: min(PART_BYTES, padding - at)])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    known = {"Authorization": f"Bearer {site['token']}", "Tus-Resumable": "1.0.0"}
    said = {"recording_id": site["recording_id"], "view": "center", "sha256": sha256.hexdigest()}
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
    connection.request(
        "POST",
        "/api/v1/uploads",
        headers={**known, "Upload-Length": str(size), "Upload-Metadata": metadata},
    )
    place = answered(connection, 201).headers["Location"]
    memory, process = Memory(pid), psutil.Process(pid)
    memory.start()
    cpu_s, began, offset = used_s(process), time.perf_counter(), 0
    received_s = received_cpu_s = 0.0
    while offset < size:
        body = start if offset == 0 else part[: min(PART_BYTES, size - offset)]
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        connection.request("PATCH", place, body, known | headers)
        offset = int(answered(connection, 204).headers["Upload-Offset"])
        if offset < size:
            received_s = time.perf_counter() - began
            received_cpu_s = used_s(process) - cpu_s
    took_s = time.perf_counter() - began
    memory.done.set()
    memory.join()
    cpu_s = used_s(process) - cpu_s
    figures = {
        "mib": size // MIB,
        "seconds": round(took_s, 2),
        "mib_a_second": round(size / MIB / took_s, 1),
        "mib_a_second_received": round(size / MIB / received_s, 1),
        "service_cpu_seconds": round(cpu_s, 2),
        "service_cpu_seconds_receiving": round(received_cpu_s, 2),
        "mib_a_cpu_second": round(size / MIB / cpu_s, 1),
        "memory_growth_mib": round((memory.peak - memory.before) / MIB, 1),
        "looking_into_child_mib": round(memory.children_peak / MIB, 1),
    }
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


def used_s(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def answered(connection: http.client.HTTPConnection, status: int) -> http.client.HTTPResponse:
    response = connection.getresponse()
    body = response.read()
    if response.status != status:
        raise SystemExit(f"{response.status}: {body.decode(errors='replace')}")
    return response


if __name__ == "__main__":
    main()
