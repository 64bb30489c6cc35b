"""Visits: when they were, under which protocol, and who may touch them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from service_factories import Service

from backend.access import Role
from backend.db.models import AffectedSide, Patient, RecordingState, Signature, SignatureKind, Visit

API = "/api/v1"


def create(client: Any, patient: Patient, **values: Any) -> Any:
    return client.post(f"{API}/patients/{patient.id}/visits", json=values)


def put(client: Any, visit: dict[str, Any], **changes: Any) -> Any:
    names = ("visited_on", "started_at", "title", "episode_id", "notes")
    body = {**{name: visit[name] for name in names}, **changes}
    headers = {"If-Match": f'"{visit["version"]}"'}
    return client.put(f"{API}/visits/{visit['id']}", json=body, headers=headers)


def test_anonymous(service: Service) -> None:
    assert create(service.anonymous(), service.make.patient(service.team)).status_code == 401


@pytest.mark.parametrize(
    ("role", "write", "read"),
    [
        (Role.CLINICIAN, 201, 200),
        (Role.THERAPIST, 201, 200),
        (Role.ADMIN, 403, 404),
        (Role.RESEARCHER, 403, 403),
    ],
)
def test_who_may_write_and_read(service: Service, role: Role, write: int, read: int) -> None:
    patient = service.make.patient(service.team)
    client = service.client(role)
    assert create(client, patient).status_code == write
    assert client.get(f"{API}/patients/{patient.id}/visits").status_code == read


def test_now_by_default_under_the_protocol_in_force(service: Service) -> None:
    client = service.client(Role.THERAPIST)
    made = create(client, service.make.patient(service.team), notes="Tired.").json()
    assert (made["visited_on"], made["started_at"]) == ("2030-01-01", "2030-01-01T12:00:00Z")
    assert (made["state"], made["protocol_number"], made["notes"]) == ("open", 1, "Tired.")
    assert client.get(f"{API}/visits/{made['id']}").json() == made


def test_the_day_is_the_clinics_and_the_instant_is_told_in_utc(service: Service) -> None:
    client = service.client(Role.CLINICIAN)
    patient = service.make.patient(service.team)
    made = create(client, patient, started_at="2029-08-02T00:30:00+02:00").json()
    assert (made["visited_on"], made["started_at"]) == ("2029-08-02", "2029-08-01T22:30:00Z")
    moved = put(client, made, started_at="2029-08-02T09:00:00+02:00").json()
    assert moved["started_at"] == "2029-08-02T07:00:00Z"
    backdated = create(client, patient, visited_on="2028-03-04").json()
    assert backdated["started_at"] == "2028-03-04T12:00:00Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"visited_on": "2030-01-05"},
        {"started_at": "2030-01-05T12:00:00Z"},
        {"visited_on": "2029-08-01", "started_at": "2029-08-04T12:00:00Z"},
        {"started_at": "2029-08-04T12:00:00"},
        {"started_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_times_that_cannot_be_are_refused(service: Service, wrong: dict[str, str]) -> None:
    client = service.client(Role.CLINICIAN)
    assert create(client, service.make.patient(service.team), **wrong).status_code == 422


def test_newest_first_and_by_episode(service: Service) -> None:
    patient = service.make.patient(service.team)
    episode = service.make.episode(patient)
    client = service.client(Role.CLINICIAN)
    old = create(client, patient, visited_on="2029-01-01", episode_id=str(episode.id)).json()
    new = create(client, patient, visited_on="2029-02-01").json()
    path = f"{API}/patients/{patient.id}/visits"
    assert [v["id"] for v in client.get(path).json()["items"]] == [new["id"], old["id"]]
    of_episode = client.get(path, params={"episode_id": str(episode.id)}).json()["items"]
    assert [v["id"] for v in of_episode] == [old["id"]]


def test_an_episode_of_somebody_else_is_refused(service: Service) -> None:
    client = service.client(Role.CLINICIAN)
    other = service.make.episode(service.make.patient(service.team))
    refused = create(client, service.make.patient(service.team), episode_id=str(other.id))
    assert refused.json()["code"] == "foreign_episode"


def test_an_episode_of_another_side_measures_again(service: Service) -> None:
    patient = service.make.patient(service.team)
    left, right = (
        service.make.episode(patient, affected_side=side)
        for side in (AffectedSide.LEFT, AffectedSide.RIGHT)
    )
    client = service.client(Role.CLINICIAN)
    made = create(client, patient, episode_id=str(left.id)).json()
    with service.database.unit_of_work(read_only=True) as session:
        visit = session.get_one(Visit, UUID(made["id"]))
    service.make.take(visit, service.make.recording(visit, state=RecordingState.COMPLETE))
    assert put(client, made, title="Control").json()["remeasured"] == 0
    made = client.get(f"{API}/visits/{made['id']}").json()
    assert put(client, made, episode_id=str(right.id)).json()["remeasured"] == 1


def test_a_signed_visit_stays_as_it_was_signed(service: Service) -> None:
    patient = service.make.patient(service.team)
    at = service.database.clock.now()
    visit = service.make.visit(patient, signed_at=at)
    client = service.client(Role.CLINICIAN)
    service.make.save(
        Signature(
            visit_id=visit.id,
            patient_id=patient.id,
            kind=SignatureKind.SIGNED,
            signed_by_id=client.user.id,  # type: ignore[attr-defined]
            signed_at=at,
        )
    )
    told = client.get(f"{API}/visits/{visit.id}").json()
    assert told["state"] == "signed"
    assert put(client, told, title="Other").json()["code"] == "visit_signed"
    for path, body in (("void", {"reason": "Wrong."}), ("takes", {"movement": "rest"})):
        answer = client.post(f"{API}/visits/{visit.id}/{path}", json=body)
        assert answer.json()["code"] == "visit_signed"


def test_void_and_back_by_clinicians_alone(service: Service) -> None:
    patient = service.make.patient(service.team)
    visit = service.make.visit(patient)
    path = f"{API}/visits/{visit.id}"
    reason = {"reason": "Patient did not come."}
    assert service.client(Role.THERAPIST).post(f"{path}/void", json=reason).status_code == 403
    client = service.client(Role.CLINICIAN)
    assert client.post(f"{path}/void", json=reason).json()["void_reason"] == reason["reason"]
    assert client.get(f"{API}/patients/{patient.id}/visits").json()["total"] == 0
    assert client.post(f"{path}/takes", json={"movement": "rest"}).json()["code"] == "void"
    assert client.post(f"{path}/unvoid").json()["voided_at"] is None


def test_foreign_and_missing_look_alike(service: Service) -> None:
    foreign = service.make.visit(service.make.patient(service.make.team()))
    client = service.client(Role.CLINICIAN)
    assert client.get(f"{API}/visits/{foreign.id}").status_code == 404
    assert client.get(f"{API}/visits/{service.team.id}").status_code == 404
    assert client.get(f"{API}/visits/{foreign.id}/takes").status_code == 404


def test_a_text_that_cannot_be_kept_is_refused_or_kept_whole(service: Service) -> None:
    client = service.client(Role.CLINICIAN)
    patient = service.make.patient(service.team)
    visit = service.make.visit(patient)
    answer = create(client, patient, title="A\x00B")
    if answer.status_code == 201:
        assert answer.json()["title"] == "A\x00B"
    else:
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    listed = client.get(f"{API}/visits/{visit.id}/takes", params={"movement": "A\x00B"})
    assert listed.status_code in {200, 422}
    searched = client.post(f"{API}/patients/search", json={"q": "A\x00B"})
    assert searched.status_code in {200, 422}
