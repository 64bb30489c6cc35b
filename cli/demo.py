"""`sfpfr demo`: two virtual patients with two visits each, filmed, sent in and really processed.

The films go the way of every recording: through the API, by uploads and jobs. What is there already
stays, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.client import LocalClient
from cli.progress import Report, one_bar
from cli.site import opened, read_settings

if TYPE_CHECKING:
    from backend.settings import Settings
    from models.data.synthetic.patient import Patient

TEAM = "Demonstration"
USER = "demonstration@sfpfr.invalid"
MOVEMENTS = ("full_smile", "gentle_closure", "brow_raise")
SECONDS = 4.0
SIZE = (1920, 1080)
LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Person:
    """A virtual patient. `seed` is used by no calibration or evaluation."""

    pseudonym: str
    seed: int
    birth_year: int
    cause: str
    recovery: float


@dataclass(frozen=True)
class Sitting:
    """A visit `days_ago`, with the share of the palsy that is gone by then."""

    days_ago: int
    title: str
    recovered: float


PEOPLE = (
    Person("DEMO-1", 501, 1968, "Bell's palsy", 0.6),
    Person("DEMO-2", 507, 1983, "Facial palsy after parotid surgery", 0.35),
)
ONSET_DAYS_AGO = 120


@dataclass
class _Progress:
    """What is on its way: takes by id, and how many are filmed and analysed."""

    total: int
    report: Report
    filmed: int = 0
    waiting: dict[str, str] = field(default_factory=dict)
    finished: int = 0
    failed: int = 0

    def show(self, what: str) -> None:
        # Filming is about half of the work.
        self.report(what, (self.filmed + self.finished + self.failed) / (2 * self.total))


def demo(
    server: Annotated[
        str, typer.Option(help="The running service on this machine.")
    ] = "http://127.0.0.1:8000",
) -> None:
    """Fill the running service with two virtual patients, and wait for their analyses."""
    settings = read_settings()
    make_team(settings)
    with (
        allowed(settings) as token,
        tempfile.TemporaryDirectory(prefix="sfpfr-demo-") as scratch,
        one_bar("Demo") as report,
    ):
        progress = _fill(LocalClient(server, token), Path(scratch), report)
    typer.echo(f"The demo is complete: {progress.finished} of {progress.total} takes analysed.")
    if progress.failed:
        raise typer.Exit(1)


def make_team(settings: Settings) -> None:
    """The care team of the demo, there before the first user is, who then joins it."""
    from backend.teams import repository, service

    with opened(settings) as database, database.unit_of_work() as session:
        if repository.named(session, TEAM) is None:
            service.create(session, None, TEAM)


@contextmanager
def allowed(settings: Settings) -> Iterator[str]:
    """An API token of a user without a password, who can't sign in; it ends with the block."""
    from backend.access import Caller, Permission, Role
    from backend.teams import repository as teams
    from backend.teams import service as team_service
    from backend.users import account, repository
    from backend.users.schemas import TokenCreate
    from backend.users.service import add_user

    with opened(settings) as database:
        with database.unit_of_work() as session:
            user = repository.by_email(session, USER)
            if user is None:
                roles = {Role.CLINICIAN}
                user = add_user(session, None, email=USER, display_name=TEAM, roles=roles)
                session.flush()
                team = teams.named(session, TEAM)
                assert team is not None
                team_service.join(session, None, team.id, user.id)
            caller = Caller(user.id, user.roles, "demo", "session")
            wanted = TokenCreate.model_construct(name=TEAM, scopes=frozenset(Permission), days=1)
            token, secret = account.create_token(session, caller, wanted)
        try:
            yield secret
        finally:
            with database.unit_of_work() as session:
                account.revoke_token(session, caller, token.id)


def _fill(client: LocalClient, scratch: Path, report: Report) -> _Progress:
    progress = _Progress(total=2 * len(PEOPLE) * len(MOVEMENTS), report=report)
    for person in PEOPLE:
        first = drawn(person.seed)
        patient_id, episode_id = admit(client, person, first.palsy.side)
        for sitting in (
            Sitting(90, "First visit", 0.0),
            Sitting(1, "After three months", person.recovery),
        ):
            visit_id = visit(client, patient_id, episode_id, sitting)
            name = f"{person.pseudonym}, {sitting.title.lower()}"
            _film(client, _later(first, sitting.recovered), visit_id, name, scratch, progress)
    while progress.waiting:
        time.sleep(LOOK_EVERY_S)
        _look(client, progress)
    return progress


def drawn(seed: int) -> Patient:
    from models.data.synthetic.patient import draw_patient
    from models.data.synthetic.session import shared_head

    head, _ = shared_head()
    return draw_patient(head, seed, palsy_share=1.0)


def _later(patient: Patient, share: float) -> Patient:
    from models.data.synthetic.recovery import recovered

    return recovered(patient, share) if share else patient


def admit(client: LocalClient, person: Person, side: str) -> tuple[str, str]:
    """The patient and the episode, made unless they are there."""
    known = client.post("/patients/search", q=person.pseudonym)["items"]
    patient = next((one for one in known if one["pseudonym"] == person.pseudonym), None)
    if patient is None:
        patient = client.post(
            "/patients",
            pseudonym=person.pseudonym,
            name=f"Virtual patient {person.pseudonym[-1]}",
            birth_year=person.birth_year,
            although_similar=True,
        )
    path = f"/patients/{patient['id']}"
    if not client.get(f"{path}/consents")["items"]:
        for purpose in ("care", "research"):
            client.post(f"{path}/consents", purpose=purpose, signed_on=_day(ONSET_DAYS_AGO))
    episodes = client.get(f"{path}/episodes")["items"]
    episode = (
        episodes[0]
        if episodes
        else client.post(
            f"{path}/episodes",
            affected_side=side,
            cause=person.cause,
            onset_on=_day(ONSET_DAYS_AGO),
        )
    )
    return patient["id"], episode["id"]


def visit(client: LocalClient, patient_id: str, episode_id: str, sitting: Sitting) -> str:
    path = f"/patients/{patient_id}/visits"
    for visit in client.get(path)["items"]:
        if visit["title"] == sitting.title:
            return str(visit["id"])
    started_at = datetime.now(UTC) - timedelta(days=sitting.days_ago)
    visit = client.post(
        path, title=sitting.title, started_at=started_at.isoformat(), episode_id=episode_id
    )
    return str(visit["id"])


def _film(
    client: LocalClient,
    patient: Patient,
    visit_id: str,
    name: str,
    scratch: Path,
    progress: _Progress,
) -> None:
    """Film and send what the visit lacks; the server works on one take while the next is filmed."""
    from models.data.synthetic.session import Session

    takes = {take["movement"]: take for take in client.get(f"/visits/{visit_id}/takes")["items"]}
    session = Session(patient, SIZE)
    for movement in MOVEMENTS:
        what = f"{name}, {movement.replace('_', ' ')}"
        if movement in takes:
            progress.waiting[takes[movement]["id"]] = what
        else:
            progress.show(f"Filming {what}")
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                session.write_description(Path(folder))
                session.write_take(Path(folder), movement, seconds=SECONDS)
                progress.waiting[send(client, Path(folder), visit_id, movement)] = what
            typer.echo(f"Filmed and sent: {what}", err=True)
        progress.filmed += 1
        _look(client, progress)


def send(client: LocalClient, folder: Path, visit_id: str, movement: str) -> str:
    """Send one take with its three videos and the calibration; returns its id."""
    views = ["left", "center", "right"]
    recording = client.post(
        f"/visits/{visit_id}/recordings", declared_views=views, device="Virtual cameras"
    )
    take = client.post(f"/visits/{visit_id}/takes", movement=movement, recording_id=recording["id"])
    about = {"recording_id": recording["id"]}
    client.upload(folder / "calibration.json", kind="calibration", **about)
    for view in views:
        client.upload(folder / movement / f"{view}.mp4", kind="view", view=view, **about)
    return str(take["id"])


def _look(client: LocalClient, progress: _Progress) -> None:
    """Note what has come to an end since the last look."""
    for take_id, what in list(progress.waiting.items()):
        if client.get(f"/takes/{take_id}")["analysis"] is not None:
            progress.finished += 1
            del progress.waiting[take_id]
            typer.echo(f"Analysed: {what} ({progress.finished} of {progress.total})", err=True)
            continue
        ended = _ended(client.get("/jobs", take_id=take_id, kind="analyze_take")["items"])
        if ended is not None:
            progress.failed += 1
            del progress.waiting[take_id]
            typer.echo(f"Failed: {what}. {ended['reason']} {ended['next_step']}", err=True)
    under_way = client.get("/jobs", state="running")["items"]
    progress.show(under_way[0]["title"] if under_way else "Waiting")


def _ended(jobs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The newest job, when it ended without a result."""
    if jobs and jobs[0]["state"] in ("failed", "parked", "cancelled"):
        return jobs[0]
    return None


def _day(days_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).date().isoformat()
