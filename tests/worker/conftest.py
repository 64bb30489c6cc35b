"""A site on SQLite with one photographed patient, and a worker station without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import skimage.data
from clinic import Clinic
from PIL import Image
from service_factories import Factory

from backend.db import migrate
from backend.db.session import Database
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


@pytest.fixture
def clinic(site: WorkSite) -> Clinic:
    """Makes patients and jobs in the site."""
    return Clinic(site, Factory(site.database))
