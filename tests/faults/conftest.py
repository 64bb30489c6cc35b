"""A plant of real processes and the clinic whose takes it works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import skimage.data
from clinic import Clinic
from PIL import Image
from plant import Plant
from service_factories import Factory

from backend.db import migrate
from backend.settings import Settings
from backend.site import check_keys, create_keys
from worker.site import WorkSite


@pytest.fixture(scope="session")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of one frame, analysed in seconds."""
    path = tmp_path_factory.mktemp("photograph") / "center.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    """A plant whose processes are started by the test and all ended after it."""
    made = Plant(tmp_path)
    made.environment = {
        "SFPFR_DATA_DIR": str(tmp_path / "data"),
        "SFPFR_BROKER_URL": made.broker_url,
    }
    if "SFPFR_FAULT_RUNS" not in os.environ:
        # The short version does not wait for what a site would wait for.
        made.environment["SFPFR_JOB_LEASE_SECONDS"] = "10"
    yield made
    made.stop()
    # Shown when the test fails.
    for log in sorted(tmp_path.glob("*.log")):
        print(f"--- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


@pytest.fixture
def clinic(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """The site that the plant works for, opened by the test beside it."""
    for name, value in plant.environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    settings.data_dir.mkdir()
    create_keys(settings)
    site = WorkSite.open(settings)
    migrate.upgrade(site.database.engine)
    with site.database.unit_of_work() as session:
        check_keys(session)
    yield Clinic(site, Factory(site.database))
    site.close()
