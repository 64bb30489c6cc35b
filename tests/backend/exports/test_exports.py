"""What may be taken away, by whom, and what is in it."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import numpy as np
import pytest
from sqlalchemy import select, update

from backend.access import Role
from backend.db.models import (
    AuditEntry,
    Blob,
    Consent,
    Export,
    Job,
    JobKind,
    JobState,
    Patient,
    Purpose,
    Sex,
    User,
)
from backend.exports import building
from backend.exports import service as exports
from backend.exports.errors import ConsentChangedError, NothingToExportError
from backend.jobs import leases
from backend.kit.errors import NotSignedInError
from models.measures.table import CSV_HEADER

API = "/api/v1"
BOTH = (Purpose.CARE, Purpose.RESEARCH)


@pytest.fixture
def build(service):
    """Does the next export job, as a worker does."""

    def built(tell=lambda share: None):
        with service.database.unit_of_work() as session:
            lease, job = leases.claim(session, "worker", ("cpu",), (JobKind.EXPORT,), 30)
            (export,) = session.scalars(select(Export).where(Export.job_id == job.id))
        storage, notice = service.app.state.storage, service.settings.notice
        building.build(service.database, storage, lease, export.id, notice, tell)
        with service.database.unit_of_work() as session:
            leases.finish(session, lease)

    return built


@pytest.fixture
def cohort(clinic_at):
    """Three patients: one consented to research with two visits, one did not, one has nothing."""
    with clinic_at() as clinic:
        consented = clinic.patient(*BOTH)
        consented.birth_year, consented.sex = 1931, Sex.FEMALE
        for day, movement in ((0, "full_smile"), (42, "pucker")):
            clinic.analysis(clinic.take(clinic.visit(consented, day), movement))
        other = clinic.patient()
        clinic.analysis(clinic.take(clinic.visit(other)))
        empty = clinic.patient(*BOTH)
        return consented, other, empty


def fetched(client, export):
    answer = client.get(export["href"])
    assert answer.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def table(archive, name):
    return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def test_who_may_ask_for_what(service, cohort):
    patient = cohort[0]
    addresses = ("/research-exports", f"/patients/{patient.id}/exports")
    expected = {
        None: (401, 401),
        Role.RESEARCHER: (202, 403),
        Role.CLINICIAN: (403, 202),
        Role.THERAPIST: (403, 403),
        Role.ADMIN: (403, 403),
    }
    for role, statuses in expected.items():
        client = service.anonymous() if role is None else service.client(role)
        found = tuple(client.post(f"{API}{path}", json={}).status_code for path in addresses)
        assert found == statuses, role
    stranger = service.client(Role.CLINICIAN, teams=())
    assert stranger.post(f"{API}{addresses[1]}", json={}).status_code == 404


def test_a_research_export_holds_whom_consent_allows_and_no_date_or_name(service, cohort, build):
    consented, other, _ = cohort
    client = service.client(Role.RESEARCHER, teams=())
    asked = client.post(f"{API}/research-exports", json={"meshes": True}).json()
    assert (asked["state"], asked["href"], asked["patients"]) == ("queued", None, None)
    shares = []
    build(shares.append)
    assert shares == sorted(shares)
    export = client.get(f"{API}/research-exports/{asked['id']}").json()
    assert (export["state"], export["patients"], export["progress"]) == ("ready", 1, 1.0)
    archive = fetched(client, export)
    (person,) = table(archive, "patients.csv")
    assert person == {
        "pseudonym": consented.pseudonym,
        "sex": "female",
        "age_at_first_visit": "90",
        "affected_side": "",
    }
    assert [row["day"] for row in table(archive, "visits.csv")] == ["0", "42"]
    assert [row["movement"] for row in table(archive, "takes.csv")] == ["full_smile", "pucker"]
    rows = table(archive, "measures.csv")
    assert tuple(rows[0]) == CSV_HEADER
    assert {(row["pseudonym"], row["visit"]) for row in rows} == {
        (consented.pseudonym, "1"),
        (consented.pseudonym, "2"),
    }
    assert service.settings.notice in archive.read("README.txt").decode()
    everything = " ".join(
        [*archive.namelist(), *(archive.read(n).decode() for n in archive.namelist()
                                if not n.endswith(".npz"))]
    )  # fmt: skip
    assert other.pseudonym not in everything
    assert not re.search(r"20\d\d-\d\d", everything)
    with np.load(io.BytesIO(archive.read(
        f"meshes/{consented.pseudonym}/visit2/take1-pucker.npz"
    ))) as arrays:  # fmt: skip
        assert arrays["vertices_mm"].shape[1:] == (5023, 3)
        assert arrays["sigma_mm"].shape == arrays["vertices_mm"].shape[:2]
    assert {member.date_time[0] for member in archive.infolist()} == {1980}


def test_a_patient_export_is_seen_by_the_team_only(service, cohort, build):
    _, other, _ = cohort
    client = service.client(Role.CLINICIAN)
    asked = client.post(f"{API}/patients/{other.id}/exports", json={}).json()
    build()
    listed = service.client(Role.CLINICIAN).get(f"{API}/patients/{other.id}/exports").json()
    (export,) = listed["items"]
    assert export["id"] == asked["id"]
    archive = fetched(service.client(Role.CLINICIAN), export)
    assert not [name for name in archive.namelist() if name.startswith("meshes")]
    stranger = service.client(Role.CLINICIAN, teams=())
    assert stranger.get(export["href"]).status_code == 404
    assert service.client(Role.THERAPIST).get(export["href"]).status_code == 403


def test_only_chosen_movements_go_in(service, cohort, build):
    client = service.client(Role.RESEARCHER)
    asked = client.post(f"{API}/research-exports", json={"movements": ["pucker"]}).json()
    build()
    archive = fetched(client, client.get(f"{API}/research-exports/{asked['id']}").json())
    assert {row["movement"] for row in table(archive, "measures.csv")} == {"pucker"}
    assert {row["visit"] for row in table(archive, "measures.csv")} == {"2"}


def test_withdrawn_consent_stops_a_finished_export(service, cohort, build):
    client = service.client(Role.RESEARCHER)
    asked = client.post(f"{API}/research-exports", json={}).json()
    build()
    export = client.get(f"{API}/research-exports/{asked['id']}").json()
    withdraw(service, cohort[0])
    refused = client.get(export["href"])
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_changed")


def withdraw(service, patient):
    with service.database.unit_of_work() as session:
        session.execute(
            update(Consent)
            .where(Consent.patient_id == patient.id, Consent.purpose == Purpose.RESEARCH)
            .values(withdrawn_at=service.database.clock.now())
        )


def test_consent_withdrawn_while_it_is_made_lets_nothing_out(service, cohort, build):
    client = service.client(Role.RESEARCHER)
    asked = client.post(f"{API}/research-exports", json={}).json()
    with pytest.raises(ConsentChangedError):
        build(lambda _: withdraw(service, cohort[0]))
    assert client.get(f"{API}/research-exports/{asked['id']}").json()["state"] == "queued"
    with service.database.unit_of_work() as session:
        assert session.scalars(select(Export.blob_id)).all() == [None]


def test_nothing_is_made_for_who_may_no_longer_or_of_nothing(service, cohort, build):
    client = service.client(Role.RESEARCHER)
    client.post(f"{API}/research-exports", json={"movements": ["brow_raise"]})
    with pytest.raises(NothingToExportError):
        build()
    fired = service.client(Role.RESEARCHER)
    fired.post(f"{API}/research-exports", json={})
    with service.database.unit_of_work() as session:
        session.execute(
            update(User)
            .where(User.id == fired.user.id)
            .values(disabled_at=service.database.clock.now())
        )
    with pytest.raises(NotSignedInError):
        build()


def test_one_export_at_a_time_and_a_failed_one_says_why(service, cohort):
    client = service.client(Role.RESEARCHER)
    asked = client.post(f"{API}/research-exports", json={}).json()
    again = client.post(f"{API}/research-exports", json={})
    assert (again.status_code, again.json()["code"]) == (409, "export_under_way")
    early = client.get(f"{API}/research-exports/{asked['id']}/file")
    assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")
    with service.database.unit_of_work() as session:
        session.execute(update(Job).values(state=JobState.PARKED, reason="It was tried 3 times."))
    seen = client.get(f"{API}/research-exports/{asked['id']}").json()
    assert (seen["state"], seen["reason"]) == ("failed", "It was tried 3 times.")
    assert client.post(f"{API}/research-exports", json={}).status_code == 202


def test_exports_of_other_researchers_are_not_there(service, cohort):
    asked = service.client(Role.RESEARCHER).post(f"{API}/research-exports", json={}).json()
    other = service.client(Role.RESEARCHER)
    assert other.get(f"{API}/research-exports/{asked['id']}").status_code == 404
    assert other.get(f"{API}/research-exports").json()["items"] == []


def test_archives_go_when_their_time_is_over(service, cohort, build):
    user = service.client(Role.RESEARCHER).user
    asked = service.client(user=user).post(f"{API}/research-exports", json={}).json()
    build()
    service.database.clock.advance(days=7, minutes=1)
    with service.database.unit_of_work() as session:
        exports.expire(session)
    seen = service.client(user=user).get(f"{API}/research-exports/{asked['id']}").json()
    assert (seen["state"], seen["href"], seen["size_bytes"]) == ("expired", None, None)
    with service.database.unit_of_work() as session:
        assert session.scalars(select(Blob).where(Blob.patient_id.is_(None))).all()
        assert session.scalars(select(Export.blob_id)).all() == [None]


def test_asking_making_and_fetching_are_audited(service, cohort, build):
    client = service.client(Role.RESEARCHER)
    asked = client.post(f"{API}/research-exports", json={}).json()
    build()
    client.get(f"{API}/research-exports/{asked['id']}/file")
    with service.database.unit_of_work() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.object_type == "export")
        ).all()
    assert [entry.action for entry in entries] == [
        "export.request", "export.ready", "export.download",
    ]  # fmt: skip
    assert {entry.actor_id for entry in entries} == {client.user.id}


def test_a_second_attempt_of_a_finished_export_changes_nothing(service, cohort, build):
    client = service.client(Role.RESEARCHER)
    asked = client.post(f"{API}/research-exports", json={}).json()
    build()
    before = client.get(f"{API}/research-exports/{asked['id']}/file").content
    with service.database.unit_of_work() as session:
        session.execute(
            update(Job)
            .where(Job.kind == JobKind.EXPORT)
            .values(state=JobState.QUEUED, available_at=service.database.clock.now())
        )
    build()
    assert client.get(f"{API}/research-exports/{asked['id']}/file").content == before
    with service.database.unit_of_work() as session:
        assert len(session.scalars(select(Patient)).all()) == 3
