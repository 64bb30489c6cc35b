"""Corrections: made, proposed, decided, and what they set in motion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.access import Role
from backend.db.models import Purpose, Take

API = "/api/v1"
CORRECTIONS = {
    "excluded_frames": [{"first": 10, "last": 12, "reason": "Hand before the mouth."}],
    "rest_frames": [3],
    "landmarks": [{"view": "center", "frame": 40, "points": {"61": [410.5, 702.0]}}],
}


def correct(client: Any, take: Take, kind: str = "reviews", **values: Any) -> Any:
    body = {"base_version": 1, "corrections": CORRECTIONS, **values}
    return client.post(f"{API}/takes/{take.id}/{kind}", json=body)


def decide(client: Any, review: dict[str, Any], how: str) -> Any:
    body = {} if how == "withdraw" else {"json": {"note": "Seen."}}
    return client.post(f"{API}/reviews/{review['id']}/{how}", **body)


def test_anonymous(service: Any, measured: Any) -> None:
    assert correct(service.anonymous(), measured.takes[0]).status_code == 401


@pytest.mark.parametrize(
    ("role", "review", "proposal"),
    [
        (Role.CLINICIAN, 201, 403),
        (Role.THERAPIST, 403, 201),
        (Role.ADMIN, 403, 403),
        (Role.RESEARCHER, 403, 403),
    ],
)
def test_who_may(service: Any, measured: Any, role: Role, review: int, proposal: int) -> None:
    client, take = service.client(role), measured.takes[0]
    assert correct(client, take).status_code == review
    assert correct(client, take, "proposals").status_code == proposal


def test_a_clinicians_corrections_make_a_new_analysis(service: Any, measured: Any) -> None:
    client, take = service.client(Role.CLINICIAN), measured.takes[0]
    made = correct(client, take, note="Hand.").json()
    assert (made["state"], made["note"]) == ("accepted", "Hand.")
    assert made["corrections"]["landmarks"][0]["points"] == {"61": [410.5, 702.0]}
    assert [job.request["review_id"] for job in measured.queued()] == [made["id"]]
    assert measured.states() == [(1, "preliminary")]
    measured.publish(take)
    late = correct(client, take)
    assert (late.json()["code"], late.json()["version_number"]) == ("review_outdated", 2)
    # A correction while the analysis of an earlier one runs is not taken for the earlier one.
    again = correct(client, take, base_version=2).json()
    other = correct(client, take, base_version=2, corrections={}).json()
    asked = [job.request["review_id"] for job in measured.queued()]
    assert asked == [again["id"], other["id"]]


def test_a_proposal_waits_for_a_clinician(service: Any, measured: Any) -> None:
    therapist, clinician = service.client(Role.THERAPIST), service.client(Role.CLINICIAN)
    made = correct(therapist, measured.takes[0], "proposals").json()
    assert made["state"] == "proposed"
    assert measured.queued() == []
    waiting = clinician.get(f"{API}/reviews", params={"state": "proposed"}).json()
    assert [review["id"] for review in waiting["items"]] == [made["id"]]
    assert decide(therapist, made, "accept").status_code == 403
    accepted = decide(clinician, made, "accept").json()
    assert (accepted["state"], accepted["decision_note"]) == ("accepted", "Seen.")
    assert accepted["decided_by_id"] == str(clinician.user.id)
    assert len(measured.queued()) == 1
    for how in ("accept", "refuse"):
        assert decide(clinician, made, how).json()["code"] == "review_decided"
    listed = therapist.get(f"{API}/takes/{measured.takes[0].id}/reviews").json()["items"]
    assert listed == [accepted]
    assert therapist.get(f"{API}/reviews/{made['id']}").json() == accepted


def test_refused_and_withdrawn_proposals_change_nothing(service: Any, measured: Any) -> None:
    author, other = service.client(Role.THERAPIST), service.client(Role.THERAPIST)
    first, second = (correct(author, measured.takes[0], "proposals").json() for _ in range(2))
    assert decide(service.client(Role.CLINICIAN), first, "refuse").json()["state"] == "refused"
    assert decide(other, second, "withdraw").status_code == 404
    assert decide(author, second, "withdraw").json()["state"] == "withdrawn"
    assert measured.queued() == []


def test_a_proposal_does_not_undo_newer_corrections(service: Any, measured: Any) -> None:
    clinician, clock = service.client(Role.CLINICIAN), service.database.clock
    made = correct(service.client(Role.THERAPIST), measured.takes[0], "proposals").json()
    clock.advance(minutes=1)
    correct(clinician, measured.takes[0])
    assert decide(clinician, made, "accept").json()["code"] == "review_outdated"
    assert decide(clinician, made, "refuse").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"excluded_frames": [{"first": 100, "last": 120}]},
        {"excluded_frames": [{"first": 5, "last": 4}]},
        {"rest_frames": [1, 2]},
        {"landmarks": [{"view": "left", "frame": 1, "points": {"1": [1, 1]}}]},
        {"landmarks": [{"view": "center", "frame": 1, "points": {"478": [1, 1]}}]},
        {"excluded": []},
    ],
)
def test_corrections_that_do_not_fit_are_refused(service: Any, measured: Any, wrong: Any) -> None:
    client = service.client(Role.CLINICIAN)
    assert correct(client, measured.takes[0], corrections=wrong).status_code == 422


def test_frames_of_a_span_count_from_the_recordings_beginning(service: Any, measured: Any) -> None:
    take = measured.add_take("rest", start_s=1.0, end_s=3.0)
    client = service.client(Role.CLINICIAN)
    inside, outside = ({"rest_frames": [frame]} for frame in (60, 10))
    assert correct(client, take, corrections=outside).json()["frames"] == [30, 90]
    assert correct(client, take, corrections=inside).status_code == 201


def test_excluded_takes_have_nothing_to_correct(service: Any, measured: Any) -> None:
    client, take = service.client(Role.CLINICIAN), measured.takes[0]
    client.post(f"{API}/takes/{take.id}/exclude", json={"reason": "Blurred."})
    assert correct(client, take).json()["code"] == "nothing_to_review"


def test_foreign_and_missing_look_alike(service: Any, measured_for: Callable[..., Any]) -> None:
    foreign = measured_for(service.make.team())
    client = service.client(Role.CLINICIAN)
    assert correct(client, foreign.takes[0]).status_code == 404
    assert client.get(f"{API}/takes/{foreign.takes[0].id}/reviews").status_code == 404
    assert client.get(f"{API}/reviews").json()["total"] == 0


def test_a_withdrawn_consent_hides_them(service: Any, measured: Any) -> None:
    client, take = service.client(Role.CLINICIAN), measured.takes[0]
    correct(client, take)
    path = f"{API}/patients/{take.patient_id}/consents"
    care = next(c for c in client.get(path).json()["items"] if c["purpose"] == Purpose.CARE)
    client.post(f"{API}/consents/{care['id']}/withdraw", json={})
    assert client.get(f"{API}/takes/{take.id}/reviews").status_code == 404
    assert correct(client, take).status_code == 404
    assert measured.queued() == []
