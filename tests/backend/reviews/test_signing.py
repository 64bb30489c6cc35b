"""Signing a visit: what it needs, what it fixes, and how it is opened again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.access import Role
from backend.db.models import Visit

API = "/api/v1"
REASON = {"reason": "The wrong side was written down."}


def readiness(client: Any, visit: Visit) -> Any:
    return client.get(f"{API}/visits/{visit.id}/readiness").json()


def sign(client: Any, visit: Visit) -> Any:
    ids = [analysis["id"] for analysis in readiness(client, visit)["analyses"]]
    return client.post(f"{API}/visits/{visit.id}/sign", json={"analysis_ids": ids})


def act(client: Any, visit: Visit, how: str) -> Any:
    return client.post(f"{API}/visits/{visit.id}/{how}", json=REASON)


def obstacles(client: Any, visit: Visit) -> list[str]:
    return [obstacle["kind"] for obstacle in readiness(client, visit)["obstacles"]]


def state(client: Any, visit: Visit) -> str:
    return str(client.get(f"{API}/visits/{visit.id}").json()["state"])


def test_anonymous(service: Any, measured: Any) -> None:
    assert act(service.anonymous(), measured.visit, "amend").status_code == 401


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.ADMIN, Role.RESEARCHER])
def test_clinicians_alone_sign(service: Any, measured: Any, role: Role) -> None:
    client = service.client(role)
    body = {"analysis_ids": [str(measured.takes[0].id)]}
    assert client.post(f"{API}/visits/{measured.visit.id}/sign", json=body).status_code == 403
    for how in ("amend", "entered-in-error"):
        assert act(client, measured.visit, how).status_code == 403


def test_the_newest_analyses_become_final_and_nothing_changes_any_more(
    service: Any, measured: Any
) -> None:
    measured.publish(measured.takes[0])
    client, take = service.client(Role.CLINICIAN), measured.takes[0]
    signed = sign(client, measured.visit).json()
    assert (signed["kind"], signed["signed_by_id"]) == ("signed", str(client.user.id))
    assert [a["version_number"] for a in signed["analyses"]] == [2]
    assert measured.states() == [(1, "preliminary"), (2, "final")]
    assert state(client, measured.visit) == "signed"
    listed = client.get(f"{API}/visits/{measured.visit.id}/signatures").json()
    assert listed == [signed]
    body = {"base_version": 2, "corrections": {}}
    for path, sent in (
        (f"visits/{measured.visit.id}/sign", {"analysis_ids": [signed["analyses"][0]["id"]]}),
        (f"takes/{take.id}/reviews", body),
        (f"takes/{take.id}/exclude", REASON),
        (f"takes/{take.id}/void", REASON),
    ):
        assert client.post(f"{API}/{path}", json=sent).json()["code"] == "visit_signed", path


def test_only_what_was_looked_at_is_signed(service: Any, measured: Any) -> None:
    client = service.client(Role.CLINICIAN)
    seen = readiness(client, measured.visit)["analyses"][0]["id"]
    measured.publish(measured.takes[0])
    answer = client.post(f"{API}/visits/{measured.visit.id}/sign", json={"analysis_ids": [seen]})
    assert answer.json()["code"] == "results_changed"
    assert state(client, measured.visit) == "open"


def test_what_is_not_finished_stands_against_it(service: Any, measured: Any) -> None:
    client, make = service.client(Role.CLINICIAN), service.make
    visit = measured.visit
    assert obstacles(client, visit) == []
    planned = make.take(visit, movement="rest")
    assert obstacles(client, visit) == ["not_recorded"]
    client.post(f"{API}/takes/{planned.id}/void", json=REASON)
    make.take(visit, movement="cheek_puff")
    assert obstacles(client, visit) == []
    body = {"base_version": 1, "corrections": {}}
    take = measured.takes[0]
    service.client(Role.THERAPIST).post(f"{API}/takes/{take.id}/proposals", json=body)
    assert obstacles(client, visit) == ["proposal_undecided"]
    client.post(f"{API}/takes/{take.id}/reviews", json=body)
    assert sorted(obstacles(client, visit)) == ["analysis_running", "proposal_undecided"]
    refused = sign(client, visit)
    assert refused.json()["code"] == "not_ready_to_sign"
    assert len(refused.json()["obstacles"]) == 2
    client.post(f"{API}/takes/{take.id}/exclude", json=REASON)


def test_an_empty_visit_is_not_signed(service: Any) -> None:
    visit = service.make.visit(service.make.patient(service.team))
    assert obstacles(service.client(Role.CLINICIAN), visit) == ["nothing_measured"]


def test_amended_with_a_reason_and_signed_anew(service: Any, measured: Any) -> None:
    client, visit = service.client(Role.CLINICIAN), measured.visit
    other = measured.add_take("rest")
    assert act(client, visit, "amend").json()["code"] == "not_signed"
    sign(client, visit)
    service.database.clock.advance(minutes=10)
    amended = act(client, visit, "amend").json()
    assert (amended["kind"], amended["reason"]) == ("amended", REASON["reason"])
    assert state(client, visit) == "amending"
    assert measured.states() == [(1, "final")]
    body = {"base_version": 1, "corrections": {"rest_frames": [7]}}
    client.post(f"{API}/takes/{measured.takes[0].id}/reviews", json=body)
    measured.publish(measured.takes[0])
    service.database.clock.advance(minutes=10)
    signed = sign(client, visit).json()
    # What changed is amended; what did not is as final as before.
    by_take = {a["take_id"]: a["state"] for a in signed["analyses"]}
    assert by_take == {str(measured.takes[0].id): "amended", str(other.id): "final"}
    assert measured.states() == [(1, "final"), (2, "amended")]
    kinds = [s["kind"] for s in client.get(f"{API}/visits/{visit.id}/signatures").json()]
    assert kinds == ["signed", "amended", "signed"]


def test_a_signed_take_that_counts_no_more_was_an_error(service: Any, measured: Any) -> None:
    client, visit = service.client(Role.CLINICIAN), measured.visit
    measured.add_take("rest")
    sign(client, visit)
    service.database.clock.advance(minutes=10)
    act(client, visit, "amend")
    client.post(f"{API}/takes/{measured.takes[0].id}/exclude", json=REASON)
    assert sign(client, visit).status_code == 200
    assert measured.states() == [(1, "entered_in_error")]


def test_entered_in_error_is_for_good(service: Any, measured: Any) -> None:
    client, visit = service.client(Role.CLINICIAN), measured.visit
    body = {"base_version": 1, "corrections": {}}
    take = measured.takes[0]
    made = service.client(Role.THERAPIST).post(f"{API}/takes/{take.id}/proposals", json=body)
    client.post(f"{API}/takes/{take.id}/reviews", json=body)
    declared = act(client, visit, "entered-in-error").json()
    assert declared["kind"] == "entered_in_error"
    assert measured.states() == [(1, "entered_in_error")]
    assert measured.queued() == []
    assert client.get(f"{API}/reviews/{made.json()['id']}").json()["state"] == "refused"
    assert state(client, visit) == "entered_in_error"
    for how in ("amend", "entered-in-error"):
        assert act(client, visit, how).json()["code"] == "entered_in_error"
    refused = client.post(f"{API}/visits/{visit.id}/takes", json={"movement": "rest"})
    assert refused.json()["code"] == "visit_signed"


def test_not_without_consent(service: Any) -> None:
    visit = service.make.visit(service.make.patient(service.team, consents=()))
    body = {"analysis_ids": [str(visit.id)]}
    client = service.client(Role.CLINICIAN)
    answer = client.post(f"{API}/visits/{visit.id}/sign", json=body)
    assert answer.json()["code"] == "consent_missing"


def test_foreign_and_missing_look_alike(service: Any, measured_for: Callable[..., Any]) -> None:
    foreign = measured_for(service.make.team()).visit
    client = service.client(Role.CLINICIAN)
    for how in ("amend", "entered-in-error"):
        assert act(client, foreign, how).status_code == 404
    assert client.get(f"{API}/visits/{foreign.id}/readiness").status_code == 404
    assert client.get(f"{API}/visits/{foreign.id}/signatures").status_code == 404
