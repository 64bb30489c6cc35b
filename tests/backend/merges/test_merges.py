"""Merging two records of one person, and parting them without a trace."""

from __future__ import annotations

from typing import Any

import pytest
from service_factories import Service
from sqlalchemy import select

from backend.access import Role
from backend.db.base import Base
from backend.db.models import (
    JobState,
    Patient,
    PatientMerge,
    PatientSearchToken,
    Purpose,
    RecordingState,
    Take,
    Visit,
)
from backend.db.references import patient_owned_tables
from backend.merges.repository import FOLLOWERS, ROOTS, STAYING
from backend.patients.names import mrn_hash

API = "/api/v1"


def merge(client: Any, kept: Patient, merged: Patient) -> Any:
    body = {"merged_id": str(merged.id), "reason": "The same person."}
    return client.post(f"{API}/patients/{kept.id}/merges", json=body)


def undo(client: Any, made: Any) -> Any:
    return client.post(f"{API}/merges/{made.json()['id']}/undo")


def furnish(service: Service, patient: Patient) -> Take:
    """A patient with a row in most tables."""
    make = service.make
    episode = make.episode(patient)
    make.event(episode)
    visit = make.visit(patient, episode_id=episode.id)
    recording = make.recording(visit, state=RecordingState.COMPLETE)
    make.view(recording)
    take = make.take(visit, recording)
    make.analysis(take)
    make.job(take, state=JobState.SUCCEEDED)
    make.invitation(patient, make.user(Role.CLINICIAN))
    return take


def owners(service: Service) -> dict[str, list[tuple[Any, ...]]]:
    """Table -> whose each of its rows is."""
    told = {}
    with service.database.unit_of_work(read_only=True) as session:
        for table in patient_owned_tables():
            if table is PatientSearchToken.__table__:
                continue  # The rows of these tests were never indexed.
            columns = [*table.primary_key.columns, table.c.patient_id]
            rows = [tuple(row) for row in session.execute(select(*columns))]
            told[table.name] = sorted(rows, key=str)
    return told


def test_every_table_of_patients_is_thought_of() -> None:
    tables = {table.name for table in patient_owned_tables()}
    moved = {follower.__tablename__ for follower, _, _ in FOLLOWERS} | set(ROOTS)
    assert tables == moved | (tables & set(STAYING))
    assert set(STAYING) <= {table.name for table in Base.metadata.sorted_tables}


def test_anonymous(service: Service) -> None:
    one, other = (service.make.patient(service.team) for _ in range(2))
    assert merge(service.anonymous(), one, other).status_code == 401


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.THERAPIST, Role.RESEARCHER])
def test_administrators_alone(service: Service, role: Role) -> None:
    one, other = (service.make.patient(service.team) for _ in range(2))
    assert merge(service.client(role), one, other).status_code == 403


def test_everything_moves_and_everything_goes_back(service: Service) -> None:
    make, elsewhere = service.make, service.make.team()
    keys = service.database.keys
    kept = make.patient(service.team, name="Anna Neumann", mrn_hash=mrn_hash(keys, "1"))
    merged = make.patient(
        elsewhere, name="Anne Newman", mrn_hash=mrn_hash(keys, "2"), pseudonym="OLD-1"
    )
    for patient in (kept, merged):
        furnish(service, patient)
    admin = service.client(Role.ADMIN)
    theirs = service.client(Role.CLINICIAN, teams=(elsewhere,))
    before = owners(service)

    made = merge(admin, kept, merged)
    assert made.status_code == 201
    left = {name for name, rows in owners(service).items() if any(merged.id in r for r in rows)}
    assert left <= set(STAYING)
    # Everybody who saw one of them finds the kept record, by whatever it was called.
    for typed in ("Newman", "2", "old-1", "Neumann", "1"):
        found = theirs.post(f"{API}/patients/search", json={"q": typed}).json()["items"]
        assert [item["id"] for item in found] == [str(kept.id)], typed
    gone = theirs.get(f"{API}/patients/{merged.id}").json()
    assert (gone["state"], gone["merged_into_id"]) == ("merged", str(kept.id))

    parted = undo(admin, made)
    assert parted.json()["undone_at"] is not None
    assert owners(service) == before
    found = theirs.post(f"{API}/patients/search", json={"q": "newm"}).json()["items"]
    assert [item["id"] for item in found] == [str(merged.id)]
    assert undo(admin, made).json()["code"] == "merge_undone"
    assert theirs.get(f"{API}/patients/{kept.id}").status_code == 404


def test_what_was_added_to_a_moved_visit_goes_back_with_it(service: Service) -> None:
    make = service.make
    kept, merged = (make.patient(service.team) for _ in range(2))
    visit = make.visit(merged)
    admin, client = service.client(Role.ADMIN), service.client(Role.CLINICIAN)
    made = merge(admin, kept, merged)
    added = client.post(f"{API}/visits/{visit.id}/takes", json={"movement": "rest"}).json()
    assert added["patient_id"] == str(kept.id)
    own = client.post(f"{API}/patients/{kept.id}/visits", json={}).json()
    undo(admin, made)
    assert client.get(f"{API}/takes/{added['id']}").json()["patient_id"] == str(merged.id)
    assert client.get(f"{API}/visits/{own['id']}").json()["patient_id"] == str(kept.id)


def test_a_later_withdrawal_counts_for_both(service: Service) -> None:
    make, clock = service.make, service.database.clock
    kept = make.patient(service.team, consents=(Purpose.CARE, Purpose.RESEARCH))
    merged = make.patient(service.team, consents=())
    clock.advance(minutes=5)
    make.consent(merged, Purpose.RESEARCH, withdrawn_at=clock.now())
    admin = service.client(Role.ADMIN)

    def standing() -> set[str]:
        listed = admin.get(f"{API}/patients/{kept.id}/consents").json()["items"]
        return {consent["purpose"] for consent in listed if consent["stands"]}

    made = merge(admin, kept, merged)
    assert standing() == {"care"}
    undo(admin, made)
    assert standing() == {"care", "research"}


def test_a_chain_is_parted_from_its_end(service: Service) -> None:
    first, second, third = (
        service.make.patient(service.team, name=name) for name in ("Uno", "Due", "Tre")
    )
    visit = service.make.visit(first)
    admin = service.client(Role.ADMIN)
    inner, outer = merge(admin, second, first), merge(admin, third, second)
    found = admin.post(f"{API}/patients/search", json={"q": "Uno"}).json()["items"]
    assert [item["id"] for item in found] == [str(third.id)]
    assert undo(admin, inner).json()["code"] == "patient_not_in_use"
    assert undo(admin, outer).status_code == 200
    assert undo(admin, inner).status_code == 200
    with service.database.unit_of_work(read_only=True) as session:
        assert session.get_one(Visit, visit.id).patient_id == first.id


def test_what_cannot_be_merged_is_refused(service: Service) -> None:
    make = service.make
    one, other, busy = (make.patient(service.team) for _ in range(3))
    gone = make.patient(service.team, voided_at=service.database.clock.now())
    make.job(make.take(make.visit(busy)), state=JobState.QUEUED)
    admin = service.client(Role.ADMIN)
    assert merge(admin, one, one).json()["code"] == "same_record"
    assert merge(admin, one, gone).json()["code"] == "patient_not_in_use"
    assert merge(admin, one, busy).json()["code"] == "work_under_way"
    assert merge(admin, one, Patient(id=service.team.id)).status_code == 404
    assert merge(admin, one, other).status_code == 201
    assert merge(admin, other, busy).json()["code"] == "patient_not_in_use"


def test_both_histories_tell_of_it(service: Service) -> None:
    one, other = (service.make.patient(service.team) for _ in range(2))
    admin = service.client(Role.ADMIN)
    undo(admin, merge(admin, one, other))
    for patient in (one, other):
        history = admin.get(f"{API}/patients/{patient.id}/history").json()["items"]
        assert [change["action"] for change in history] == ["patient.unmerge", "patient.merge"]
    with service.database.unit_of_work(read_only=True) as session:
        row = session.scalars(select(PatientMerge)).one()
        assert row.reason == "The same person."
