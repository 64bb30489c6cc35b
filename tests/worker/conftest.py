"""A site on SQLite with one photographed patient, and a worker station without a broker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from service_factories import Factory
from sqlalchemy import select

from backend.blobs import service as blobs
from backend.db import migrate
from backend.db.models import Job, JobKind, Recording, RecordingState, Take, View
from backend.db.session import Database
from backend.jobs.service import enqueue
from backend.kit.clock import SystemClock
from backend.kit.keys import LocalKeyFile
from backend.kit.storage.blobs import Storage
from backend.kit.storage.local import LocalObjects
from backend.settings import Settings
from worker.app import PRELOAD, TASKS
from worker.site import WorkSite
from worker.station import Station


@pytest.fixture(scope="session")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of a real face; as a recording of one frame it is analysed in seconds."""
    path = tmp_path_factory.mktemp("photograph") / "center.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WorkSite]:
    """An empty site."""
    settings = Settings(data_dir=tmp_path / "data")
    settings.data_dir.mkdir()
    keys = LocalKeyFile.create(settings.keys)
    database = Database(settings.database, keys, SystemClock())
    migrate.upgrade(database.engine)
    opened = WorkSite(settings, database, Storage(LocalObjects(tmp_path / "objects"), keys))
    yield opened
    opened.close()


@pytest.fixture
def station(site: WorkSite) -> Iterator[Station]:
    """A worker process's station, started."""
    made = Station(site, ["cpu"], TASKS, PRELOAD)
    made.start()
    yield made
    made.end()


@dataclass
class Clinic:
    """Puts recordings into a site and jobs into its queue."""

    site: WorkSite
    make: Factory

    def take(
        self, *files: Path, views: tuple[View, ...] = (View.CENTER,), **values: object
    ) -> Take:
        """A take of a new recording with these files, in a new visit of a new patient."""
        visit = values.pop("visit", None) or self.make.visit(self.make.patient())
        recording = self.recording(visit, *files, views=views)
        return self.make.take(visit, recording, **{"movement": "rest", **values})

    def recording(self, visit: object, *files: Path, views: tuple[View, ...]) -> Recording:
        """A complete recording of a visit."""
        recording = self.make.recording(
            visit, declared_views=list(views), state=RecordingState.COMPLETE
        )
        for view, file in zip(views, files, strict=True):
            stored = self.site.storage.put(
                [file.read_bytes()], blobs.context_of(recording.patient_id)
            )
            with self.site.database.unit_of_work() as session:
                blob = blobs.keep(
                    session,
                    stored,
                    patient_id=recording.patient_id,
                    media_type="application/octet-stream",
                )
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            self.make.view(recording, view, blob_id=blob.id, sha256=digest)
        return recording

    def enqueue(self, kind: JobKind, take: Take, **how: object) -> Job:
        """Queue a job about a take and its recording."""
        about = {
            "patient_id": take.patient_id,
            "visit_id": take.visit_id,
            "recording_id": take.recording_id,
        }
        if kind in (JobKind.ANALYZE_TAKE, JobKind.OVERLAY, JobKind.PREVIEW):
            about["take_id"] = take.id
        with self.site.database.unit_of_work() as session:
            return enqueue(session, kind, **about, **how)

    def rows(self, entity: type, **values: object) -> list:
        """All rows of a table with these values."""
        with self.site.database.unit_of_work(read_only=True) as session:
            return list(session.scalars(select(entity).filter_by(**values)))

    def job(self, job: Job) -> Job:
        """A job as it is now."""
        with self.site.database.unit_of_work(read_only=True) as session:
            return session.get_one(Job, job.id)


@pytest.fixture
def clinic(site: WorkSite) -> Clinic:
    """Makes patients and jobs in the site."""
    return Clinic(site, Factory(site.database))
