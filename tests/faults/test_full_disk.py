"""A disk that is really full: 507, nothing half-published, and all goes on when there is room.

Database, storage, partial uploads and scratch lie on it, as with the embedded default. It is a
small file system in memory, which only root can make; elsewhere the tests with `full_disk` in
their names say what each part does.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from plant import Reader, wait_until
from sqlalchemy import update

from backend.db.models import (
    Analysis,
    AnalysisFile,
    ApiToken,
    Job,
    JobKind,
    JobState,
    Measure,
    RecordingView,
    Upload,
    UploadState,
)

SIZE_MIB = 400
LEFT_BYTES = 48 * 2**20
TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
FULL = 507

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="a small disk needs root to be made"
)


@pytest.fixture(autouse=True)
def disk(plant, tmp_path):
    """A small disk with all that the plant keeps."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = f"size={SIZE_MIB}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    plant.environment["SFPFR_DATA_DIR"] = str(folder / "data")
    plant.environment["SFPFR_RESERVE_BYTES"] = "0"
    yield folder
    plant.stop()
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Leave not a single byte free; what holds them all may be filled further."""
    ballast = folder / "ballast"

    def write_until_full(file, size):
        while True:
            file.write(bytes(size))

    with ballast.open("ab", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with pytest.raises(OSError, match="No space left"):
                write_until_full(file, size)
    return ballast


class Sender:
    """A program with a token that sends a file."""

    def __init__(self, plant, token):
        self._server = f"http://127.0.0.1:{plant.api_port}"
        self._token = token

    def send(self, method, path, content=b"", **headers):
        """Status and headers of the answer."""
        known = {"Authorization": f"Bearer {self._token}", **headers}
        request = urllib.request.Request(self._server + path, content, known, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.headers

    def announce(self, recording, content):
        about = {"recording_id": str(recording.id), "view": "center"}
        words = (f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in about.items())
        announced = {"Upload-Length": str(len(content)), "Upload-Metadata": ",".join(words)}
        return self.send("POST", "/api/v1/uploads", **TUS, **announced)


def test_work_and_uploads_wait_for_room(plant, clinic, photograph, disk):
    team = clinic.make.team()
    visit = clinic.make.visit(clinic.make.patient(team))
    worked, filled = clinic.take(photograph, visit=visit), clinic.make.recording(visit)
    token, content = clinic.token(team), photograph.read_bytes()
    sender = Sender(plant, token)
    plant.start_broker()
    plant.start_worker()
    plant.start_api()
    with Reader(plant.api_port, token) as reader:
        status, headers = sender.announce(filled, content)
        assert status == 201
        # What is left is filled in a moment, however short the job is.
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - LEFT_BYTES))
        job = clinic.enqueue(JobKind.ANALYZE_TAKE, worked)
        wait_until(lambda: clinic.job(job).state is JobState.RUNNING, "the job runs")
        forget_use(clinic)
        ballast = fill(disk)
        wait_until(lambda: met_the_full_disk(clinic, plant, job), "the worker met the full disk")
        # What the attempt had written is gone, and there is room for an instant.
        fill(disk)
        assert sender.send("PATCH", headers["Location"], content, **PART)[0] == FULL
        assert sender.announce(filled, content)[0] == FULL
        for table in (Analysis, AnalysisFile, Measure):
            assert clinic.rows(table) == []
        assert clinic.rows(RecordingView, recording_id=filled.id) == []

        ballast.unlink()
        assert sender.send("PATCH", headers["Location"], content, **PART)[0] == 204
        wait_until(lambda: clinic.job(job).state is JobState.SUCCEEDED, "the job is done")
    assert set(reader.answers) == {200}
    assert [row.state for row in clinic.rows(Upload)] == [UploadState.ACCEPTED]
    assert len(clinic.rows(RecordingView, recording_id=filled.id)) == 1
    assert len(clinic.rows(Analysis, take_id=worked.id)) == 1
    assert clinic.job(job).attempt <= 2
    wait_until(lambda: not working(clinic), "the new recording is worked on, too")
    plant.stop()
    clinic.check_nothing_is_left_over()


def met_the_full_disk(clinic, plant, job):
    return "room" in (clinic.job(job).reason or "") or "StorageFull" in plant.output("worker")


def forget_use(clinic):
    """Let the token's next use be one that is written down."""
    with clinic.site.database.unit_of_work() as session:
        long_ago = clinic.site.database.clock.now() - timedelta(hours=1)
        session.execute(update(ApiToken).values(last_used_at=long_ago))


def working(clinic):
    return [row for row in clinic.rows(Job) if row.state in (JobState.QUEUED, JobState.RUNNING)]
