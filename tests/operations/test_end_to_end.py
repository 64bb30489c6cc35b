"""Three films sent in are measured as the command line measures them, on both kinds of site."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from composed import ENVIRONMENT, Host, services
from moto.server import ThreadedMotoServer
from running_service import Up, until

from cli import demo
from cli.client import LocalClient
from cli.site import read_settings
from models.data.synthetic.session import Session

MOVEMENT = "full_smile"
# On a busy machine the last printed digit was seen to differ between two processes.
LAST_DIGITS = 0.001
WHERE = ("pseudonym", "visit", "take", "notice")


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short film of a virtual patient by three cameras, small, with their calibration."""
    folder = tmp_path_factory.mktemp("film")
    session = Session(demo.drawn(demo.PEOPLE[0].seed), (960, 540))
    session.write_description(folder)
    session.write_take(folder, MOVEMENT, seconds=2.0)
    return folder


@pytest.fixture(scope="module")
def expected(
    filmed: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """What `sfpfr reconstruct` measures in it, alone and with the subject file of the first."""
    folder = tmp_path_factory.mktemp("result")
    alone = reconstructed(filmed, folder / "alone")
    known = reconstructed(filmed, folder / "known", "--subject", str(folder / "alone/subject.json"))
    return alone, known


def reconstructed(filmed: Path, out: Path, *more: str) -> list[tuple[str, ...]]:
    views = ("left", "center", "right")
    words = [
        word for view in views for word in (f"--{view}", str(filmed / MOVEMENT / f"{view}.mp4"))
    ]
    side = demo.drawn(demo.PEOPLE[0].seed).palsy.side
    subprocess.run(
        [
            *(sys.executable, "-m", "cli", "reconstruct", *words, "--movement", MOVEMENT),
            *("--affected-side", side, "--out", str(out), "--no-overlay"),
            *("--calibration", str(filmed / "calibration.json"), *more),
        ],
        check=True,
        capture_output=True,
    )
    return rows((out / "measures.csv").read_text(encoding="utf-8"))


def rows(text: str) -> list[tuple[str, ...]]:
    """The table without what only a site knows; the order of its rows means nothing."""
    return sorted(
        tuple(value for name, value in row.items() if name not in WHERE)
        for row in csv.DictReader(io.StringIO(text))
    )


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Callable[[], tuple[str, dict[str, str]]]]:
    up = Up(tmp_path / "data")
    yield lambda: (up.wait(), {"SFPFR_DATA_DIR": str(up.data_dir)})
    up.process.terminate()
    up.process.wait()


@pytest.fixture
def bucket() -> Iterator[dict[str, str]]:
    """The settings of an empty bucket in an S3-compatible store on this machine."""
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    made = urllib.request.Request(f"{endpoint}/clinic", method="PUT")
    urllib.request.urlopen(made).close()
    yield {
        "SFPFR_STORAGE_URL": "s3://clinic/site",
        "SFPFR_STORAGE_ENDPOINT": endpoint,
        "SFPFR_STORAGE_ACCESS_KEY": "key",
        "SFPFR_STORAGE_SECRET_KEY": "secret",
    }
    store.stop()


@pytest.fixture
def production(host: Host, bucket: dict[str, str]) -> Callable[[], tuple[str, dict[str, str]]]:
    """The composed services on PostgreSQL, Redis and a bucket."""

    def start() -> tuple[str, dict[str, str]]:
        host.services = services(ENVIRONMENT | bucket)
        host.start_redis()
        assert host.start("migrate").wait(60) == 0
        del host.processes["migrate"]
        for name in ("api", "worker-cpu"):
            host.start(name)
        until(lambda: host.healthy("api"))
        environment = host.environment("api")
        assert environment["SFPFR_STORAGE_URL"] == bucket["SFPFR_STORAGE_URL"]
        given = {name: environment[name] for name in environment if name.startswith("SFPFR_")}
        return f"http://127.0.0.1:{host.api_port}", given

    return start


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["embedded", "production"])
def test_the_service_measures_what_the_command_line_measures(
    kind: str,
    filmed: Path,
    expected: tuple[list[tuple[str, ...]], list[tuple[str, ...]]],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, environment = request.getfixturevalue(kind)()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    demo.make_team(settings)
    person = demo.PEOPLE[0]
    with demo.allowed(settings) as token:
        client = LocalClient(url, token)
        side = demo.drawn(person.seed).palsy.side
        patient_id, episode_id = demo.admit(client, person, side)
        sitting = demo.Sitting(0, "Visit", 0.0)
        visit_id = demo.visit(client, patient_id, episode_id, sitting)
        # The first take of the visit fixes its subject file, and the second is measured with it.
        for of_the_program in expected:
            analysis = analysed(client, demo.send(client, filmed, visit_id, MOVEMENT))
            assert (analysis["subject_file_id"] is None) == (of_the_program is expected[0])
            path = f"{url}/api/v1/analyses/{analysis['id']}/measures.csv"
            asked = urllib.request.Request(path, headers={"Authorization": f"Bearer {token}"})
            with urllib.request.urlopen(asked) as answer:
                refuse_differences(rows(answer.read().decode("utf-8-sig")), of_the_program)


def analysed(client: LocalClient, take_id: str) -> Any:
    """The analysis of a take, once it is there."""

    def found() -> Any:
        jobs = client.get("/jobs", take_id=take_id, kind="analyze_take")["items"]
        assert not jobs or jobs[0]["state"] in ("queued", "running", "succeeded"), jobs[0]
        return client.get(f"/takes/{take_id}")["analysis"]

    return client.get(f"/analyses/{until(found)['id']}")


def refuse_differences(measured: list[tuple[str, ...]], expected: list[tuple[str, ...]]) -> None:
    assert len(measured) > 20
    assert [row[:5] for row in measured] == [row[:5] for row in expected]
    for ours, theirs in zip(measured, expected, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one == other or abs(float(one) - float(other)) <= LAST_DIGITS, (ours, theirs)
