"""Takes: which movement lies where, what counts, and what is measured."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_factories import Service

from backend.access import Role
from backend.db.models import Job, JobKind, Recording, RecordingState, Take, Visit
from backend.takes.errors import OverlapError
from backend.takes.service import _refuse_overlap

API = "/api/v1"
REASON = {"reason": "Blinked all the time."}


def create(client: Any, visit: Visit, movement: str = "full_smile", **values: Any) -> Any:
    return client.post(f"{API}/visits/{visit.id}/takes", json={"movement": movement, **values})


def put(client: Any, take: dict[str, Any], **changes: Any) -> Any:
    names = ("movement", "recording_id", "start_s", "end_s")
    body = {**{name: take[name] for name in names}, **changes}
    headers = {"If-Match": f'"{take["version"]}"'}
    return client.put(f"{API}/takes/{take['id']}", json=body, headers=headers)


def measured(service: Service) -> list[UUID | None]:
    with service.database.unit_of_work(read_only=True) as session:
        jobs = session.query(Job).filter(Job.kind == JobKind.ANALYZE_TAKE).order_by(Job.id)
        return [job.take_id for job in jobs]


def complete(service: Service, visit: Visit, seconds: float | None = 30.0) -> Recording:
    recording = service.make.recording(visit, state=RecordingState.COMPLETE)
    service.make.view(recording, duration_s=seconds)
    return recording


def test_anonymous(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    assert create(service.anonymous(), visit).status_code == 401


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.CLINICIAN, 201), (Role.THERAPIST, 201), (Role.ADMIN, 403), (Role.RESEARCHER, 403)],
)
def test_who_may_write(service: Service, role: Role, status: int) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    assert create(service.client(role), visit).status_code == status


def test_takes_are_counted_by_visit_and_by_movement(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    client = service.client(Role.THERAPIST)
    for movement in ("rest", "full_smile", "full_smile"):
        create(client, visit, movement)
    takes = client.get(f"{API}/visits/{visit.id}/takes").json()["items"]
    counted = [(take["number"], take["title"], take["repetition"]) for take in takes]
    assert counted == [(1, "Rest", 1), (2, "Full smile (teeth)", 1), (3, "Full smile (teeth)", 2)]
    only = client.get(f"{API}/visits/{visit.id}/takes", params={"movement": "rest"}).json()
    assert only["total"] == 1
    assert client.get(f"{API}/takes/{takes[2]['id']}").json() == takes[2]


def test_a_movement_that_the_protocol_has_not_is_refused(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    refused = create(service.client(Role.CLINICIAN), visit, "frown")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_movement")


def test_a_take_of_a_complete_recording_is_measured(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    waiting = service.make.recording(visit)
    client = service.client(Role.THERAPIST)
    create(client, visit, recording_id=str(waiting.id))
    assert measured(service) == []
    recording = str(complete(service, visit).id)
    smile = create(client, visit, recording_id=recording, start_s=0, end_s=8).json()
    create(client, visit, "cheek_puff", recording_id=recording, start_s=8, end_s=16)
    assert measured(service) == [UUID(smile["id"])]
    moved = put(client, smile, end_s=7.5)
    assert moved.json()["end_s"] == 7.5
    assert measured(service) == [UUID(smile["id"])] * 2


def test_nothing_is_measured_without_consent(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team, consents=()))
    recording = complete(service, visit)
    refused = create(service.client(Role.CLINICIAN), visit, recording_id=str(recording.id))
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_missing")
    assert measured(service) == []


def test_takes_of_a_recording_follow_each_other(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    client = service.client(Role.CLINICIAN)
    recording = str(complete(service, visit).id)
    first = create(client, visit, recording_id=recording, start_s=2, end_s=8).json()
    for span in ({"start_s": 7, "end_s": 9}, {"start_s": 0, "end_s": 30}, {}):
        refused = create(client, visit, recording_id=recording, **span)
        assert refused.json()["code"] == "takes_overlap"
        assert refused.json()["take_id"] == first["id"]
    second = create(client, visit, recording_id=recording, start_s=8, end_s=12).json()
    assert put(client, second, start_s=7).json()["code"] == "takes_overlap"


@given(st.tuples(*[st.integers(0, 20)] * 4))
def test_overlap_is_a_shared_moment_whoever_comes_first(times: tuple[int, ...]) -> None:
    (a, b), (c, d) = sorted(times[:2]), sorted(times[2:])
    if a == b or c == d:
        return
    takes = [Take(start_s=float(s), end_s=float(e)) for s, e in ((a, b), (c, d))]

    def overlap(one: Take, other: Take) -> bool:
        try:
            _refuse_overlap(one, other)
        except OverlapError:
            return True
        return False

    shared = bool(set(range(a, b)) & set(range(c, d)))
    assert overlap(*takes) == overlap(*reversed(takes)) == shared


@pytest.mark.parametrize(
    "span",
    [{"start_s": 3}, {"start_s": 4, "end_s": 3}, {"start_s": 25, "end_s": 31}, {"end_s": -1}],
)
def test_spans_that_cannot_be_are_refused(service: Service, span: dict[str, float]) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    recording = complete(service, visit)
    refused = create(service.client(Role.CLINICIAN), visit, recording_id=str(recording.id), **span)
    assert refused.status_code == 422


def test_recordings_of_other_visits_are_refused(service: Service) -> None:
    patient = service.make.patient(service.team)
    recording = complete(service, service.make.visit(patient))
    client = service.client(Role.CLINICIAN)
    refused = create(client, service.make.visit(patient), recording_id=str(recording.id))
    assert refused.json()["code"] == "foreign_recording"


def test_recorded_again(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    client = service.client(Role.CLINICIAN)
    former = create(client, visit, recording_id=str(complete(service, visit).id)).json()
    other = create(client, visit, "rest", replaces_take_id=former["id"])
    assert other.json()["code"] == "not_replaceable"
    again = create(client, visit, replaces_take_id=former["id"]).json()
    told = client.get(f"{API}/takes/{former['id']}").json()
    assert (told["replaced_by_id"], told["repetition"], again["repetition"]) == (
        again["id"],
        None,
        1,
    )
    assert put(client, told, movement="rest").json()["code"] == "take_replaced"
    twice = create(client, visit, replaces_take_id=former["id"])
    assert twice.json()["code"] == "not_replaceable"
    client.post(f"{API}/takes/{again['id']}/void", json=REASON)
    assert client.get(f"{API}/takes/{former['id']}").json()["replaced_by_id"] is None


def test_excluded_and_counting_again(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    client = service.client(Role.THERAPIST)
    take = create(client, visit, recording_id=str(complete(service, visit).id)).json()
    path = f"{API}/takes/{take['id']}"
    excluded = client.post(f"{path}/exclude", json=REASON).json()
    assert excluded["exclusion_reason"] == REASON["reason"]
    assert client.post(f"{path}/exclude", json=REASON).json()["code"] == "exclusion"
    included = client.post(f"{path}/include").json()
    assert (included["excluded_at"], included["exclusion_reason"]) == (None, None)
    assert client.post(f"{path}/include").json()["code"] == "exclusion"


def test_void_and_back_by_clinicians_alone(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    recording = str(complete(service, visit).id)
    client = service.client(Role.CLINICIAN)
    take = create(client, visit, recording_id=recording).json()
    path = f"{API}/takes/{take['id']}"
    assert service.client(Role.THERAPIST).post(f"{path}/void", json=REASON).status_code == 403
    assert client.post(f"{path}/void", json=REASON).json()["voided_at"] is not None
    assert client.get(f"{API}/visits/{visit.id}/takes").json()["total"] == 0
    other = create(client, visit, recording_id=recording).json()
    assert client.post(f"{path}/unvoid").json()["code"] == "takes_overlap"
    client.post(f"{API}/takes/{other['id']}/void", json=REASON)
    assert client.post(f"{path}/unvoid").json()["voided_at"] is None


def test_foreign_and_missing_look_alike(service: Service) -> None:
    visit = service.make.visit(service.make.patient(service.make.team()))
    take = service.make.take(visit)
    client = service.client(Role.CLINICIAN)
    assert create(client, visit).status_code == 404
    assert client.get(f"{API}/takes/{take.id}").status_code == 404
    assert client.post(f"{API}/takes/{take.id}/exclude", json=REASON).status_code == 404
