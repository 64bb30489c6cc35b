"""`sfpfr demo` sends what it filmed through the API, and goes on where it was stopped."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from sqlalchemy import func, select

from backend.app import create_app
from backend.db.models import (
    ApiToken,
    Consent,
    Episode,
    Job,
    JobKind,
    JobState,
    Patient,
    RecordingView,
    Take,
    Visit,
)
from backend.db.session import Database
from cli import demo
from cli.main import run
from cli.site import read_settings
from models.data.synthetic.session import Session


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Database]]:
    """The service without a worker, on a real port."""
    for name in ("SFPFR_DATABASE_URL", "SFPFR_KEY_FILE", "SFPFR_STORAGE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SFPFR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SFPFR_BROKER_URL", f"filesystem://{tmp_path / 'broker'}")
    assert run(["migrate"]) == 0
    app = create_app(read_settings())
    served = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=served.run)
    thread.start()
    while not served.started:
        assert thread.is_alive()
        threading.Event().wait(0.02)
    port = served.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", app.state.database
    served.should_exit = True
    thread.join()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little films of one person and one movement, and nobody's patience."""
    monkeypatch.setattr(demo, "MOVEMENTS", ("full_smile",))
    monkeypatch.setattr(demo, "PEOPLE", demo.PEOPLE[:1])
    monkeypatch.setattr(demo, "SIZE", (128, 128))
    monkeypatch.setattr(demo, "LOOK_EVERY_S", 0.02)
    # The figure takes most of the time, and nobody looks at it here.
    frame = np.full((128, 128, 3), 90, dtype=np.uint8)
    monkeypatch.setattr(
        Session, "frames", lambda self, performance, view: iter([frame] * len(performance.time_s))
    )


@pytest.fixture
def worker(server: tuple[str, Database]) -> Iterator[None]:
    """Ends every analysis without a result."""
    _, database = server
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.05):
            with database.unit_of_work() as session:
                jobs = session.scalars(select(Job).where(Job.kind == JobKind.ANALYZE_TAKE))
                for job in jobs:
                    job.state, job.reason = JobState.FAILED, "No worker here."
                    job.finished_at = datetime.now(UTC)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


def counts(database: Database) -> list[int]:
    tables = (Patient, Consent, Episode, Visit, Take, RecordingView)
    with database.unit_of_work(read_only=True) as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


@pytest.mark.usefixtures("small", "worker")
def test_films_go_the_way_of_every_recording(
    server: tuple[str, Database], capsys: pytest.CaptureFixture[str]
) -> None:
    url, database = server
    assert run(["demo", "--server", url]) == 1
    assert "Failed: DEMO-1, first visit, full smile. No worker here." in capsys.readouterr().err
    assert counts(database) == [1, 2, 1, 2, 2, 6]
    with database.unit_of_work(read_only=True) as session:
        token = session.scalars(select(ApiToken)).one()
        assert token.revoked_at is not None
        days = [visit.visited_on for visit in session.scalars(select(Visit))]
    assert (max(days) - min(days)).days == 89
    assert run(["demo", "--server", url]) == 1
    assert counts(database) == [1, 2, 1, 2, 2, 6]


def test_without_a_server_it_says_so(
    server: tuple[str, Database], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "--server", "http://127.0.0.1:1"]) == 2
    assert "sfpfr up" in capsys.readouterr().err
