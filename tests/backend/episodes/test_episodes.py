"""Episodes and what happened in them."""

from __future__ import annotations

from typing import Any

import pytest
from service_factories import Service

from backend.access import Role
from backend.db.models import AffectedSide, Job, JobState, RecordingState

API = "/api/v1"
EPISODE = {"affected_side": "left", "cause": "Bell's palsy", "onset_on": "2029-06-01"}
EVENT = {"kind": "injection", "happened_on": "2029-09-01", "title": "Botulinum toxin"}


def put(client: Any, path: str, version: int, values: dict[str, Any]) -> Any:
    return client.put(f"{API}/{path}", json=values, headers={"If-Match": f'"{version}"'})


def test_anonymous(service: Service) -> None:
    patient = service.make.patient(service.team)
    answer = service.anonymous().post(f"{API}/patients/{patient.id}/episodes", json=EPISODE)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("role", "write", "read"),
    [
        (Role.CLINICIAN, 201, 200),
        (Role.THERAPIST, 403, 200),
        (Role.ADMIN, 403, 200),
        (Role.RESEARCHER, 403, 403),
    ],
)
def test_who_may_write_and_read(service: Service, role: Role, write: int, read: int) -> None:
    patient = service.make.patient(service.team)
    client, path = service.client(role), f"{API}/patients/{patient.id}/episodes"
    assert client.post(path, json=EPISODE).status_code == write
    assert client.get(path).status_code == read


def test_it_is_kept_changed_and_taken_out(service: Service) -> None:
    patient = service.make.patient(service.team)
    client, path = service.client(Role.CLINICIAN), f"{API}/patients/{patient.id}/episodes"
    made = client.post(path, json={**EPISODE, "notes": "Woke up with it."}).json()
    assert client.get(f"{API}/episodes/{made['id']}").json() == made
    changed = put(client, f"episodes/{made['id']}", made["version"], {**EPISODE, "cause": "Zoster"})
    assert (changed.json()["cause"], changed.json()["notes"]) == ("Zoster", None)
    late = put(client, f"episodes/{made['id']}", made["version"], EPISODE)
    assert late.status_code == 412
    client.post(f"{API}/episodes/{made['id']}/void", json={"reason": "Wrong patient."})
    assert client.get(path).json()["total"] == 0
    assert client.get(path, params={"include_void": True}).json()["total"] == 1
    refused = client.post(f"{API}/episodes/{made['id']}/events", json=EVENT)
    assert refused.json()["code"] == "void"
    assert client.post(f"{API}/episodes/{made['id']}/unvoid").json()["voided_at"] is None


@pytest.mark.parametrize(
    "wrong",
    [{"closed_on": "2029-05-01"}, {"onset_on": "2030-02-01"}, {"affected_side": "up"}],
)
def test_what_cannot_be_is_refused(service: Service, wrong: dict[str, str]) -> None:
    patient = service.make.patient(service.team)
    client = service.client(Role.CLINICIAN)
    answer = client.post(f"{API}/patients/{patient.id}/episodes", json={**EPISODE, **wrong})
    assert answer.status_code == 422


def test_events_stand_in_the_order_of_time(service: Service) -> None:
    episode = service.make.episode(service.make.patient(service.team))
    client, path = service.client(Role.CLINICIAN), f"{API}/episodes/{episode.id}/events"
    late = client.post(path, json=EVENT).json()
    early = client.post(path, json={**EVENT, "happened_on": "2029-07-01"}).json()
    assert [e["id"] for e in client.get(path).json()["items"]] == [early["id"], late["id"]]
    moved = put(client, f"events/{early['id']}", 1, {**EVENT, "happened_on": "2029-12-01"})
    assert moved.json()["happened_on"] == "2029-12-01"
    client.post(f"{API}/events/{late['id']}/void", json={"reason": "Did not happen."})
    assert [e["id"] for e in client.get(path).json()["items"]] == [early["id"]]
    client.post(f"{API}/events/{late['id']}/unvoid")
    assert client.get(path).json()["total"] == 2


def test_foreign_and_missing_look_alike(service: Service) -> None:
    foreign = service.make.episode(service.make.patient(service.make.team()))
    client = service.client(Role.CLINICIAN)
    assert client.get(f"{API}/episodes/{foreign.id}").status_code == 404
    assert put(client, f"episodes/{foreign.id}", 1, EPISODE).status_code == 404
    assert client.post(f"{API}/episodes/{foreign.id}/events", json=EVENT).status_code == 404


def test_another_side_measures_the_unsigned_visits_again(service: Service) -> None:
    patient = service.make.patient(service.team)
    episode = service.make.episode(patient, affected_side=AffectedSide.LEFT)
    takes = []
    for signed_at in (None, service.database.clock.now()):
        visit = service.make.visit(patient, episode_id=episode.id, signed_at=signed_at)
        recording = service.make.recording(visit, state=RecordingState.COMPLETE)
        takes.append(service.make.take(visit, recording))
    body = {**EPISODE, "affected_side": "right"}
    changed = put(service.client(Role.CLINICIAN), f"episodes/{episode.id}", 1, body)
    assert changed.json()["remeasured"] == 1
    with service.database.unit_of_work(read_only=True) as session:
        jobs = session.query(Job).filter(Job.state == JobState.QUEUED).all()
        assert [job.take_id for job in jobs] == [takes[0].id]
