"""Break-glass: a yes or no, a few hours of reading, an alert that somebody else puts to rest."""

from __future__ import annotations

from typing import Any

import pytest
from service_factories import Service

from backend.access import Role
from backend.app import API
from backend.db.models import Patient
from backend.kit.clock import SettableClock
from backend.patients.names import mrn_hash

REASON = "Unconscious in the emergency room"


@pytest.fixture
def foreign(service: Service) -> Patient:
    """A patient of another team."""
    return service.make.patient(
        service.make.team(),
        pseudonym="P-ABCDE",
        mrn="4711-X",
        mrn_hash=mrn_hash(service.database.keys, "4711-X"),
    )


@pytest.mark.parametrize("identifier", ["4711-X", "P-ABCDE", " p-abcde "])
def test_the_look_up_answers_yes_or_no(service: Service, foreign: Patient, identifier: str) -> None:
    answer = service.client(Role.CLINICIAN).post(
        f"{API}/break-glass/look-up", json={"identifier": identifier}
    )
    assert answer.json() == {"exists": True}


def test_parts_of_a_number_are_no(service: Service, foreign: Patient) -> None:
    browser = service.client(Role.CLINICIAN)
    for identifier in ("4711", "P-", "%"):
        answer = browser.post(f"{API}/break-glass/look-up", json={"identifier": identifier})
        assert answer.json() == {"exists": False}


def test_numbers_are_not_tried_one_by_one(service: Service) -> None:
    browser = service.client(Role.CLINICIAN)
    codes = [
        browser.post(f"{API}/break-glass/look-up", json={"identifier": str(n)}).status_code
        for n in range(20)
    ]
    assert codes[-1] == 429


def test_glass_is_broken_for_some_hours(
    service: Service, foreign: Patient, clock: SettableClock
) -> None:
    browser: Any = service.client(Role.CLINICIAN)
    place = f"{API}/patients/{foreign.id}"
    assert browser.get(place).status_code == 404
    opened = browser.post(f"{API}/break-glass", json={"identifier": "4711-X", "reason": REASON})
    assert opened.json()["patient_id"] == str(foreign.id)
    assert browser.get(place).status_code == 200
    # Reading alone.
    edit = browser.post(
        f"{API}/patients/{foreign.id}/invitations",
        json={
            "user_id": str(browser.user.id),
            "days": 1,
        },
    )
    assert edit.status_code == 404
    clock.advance(hours=service.settings.break_glass_hours)
    renewed = service.client(user=browser.user)
    assert renewed.get(place).status_code == 404


def test_an_alert_is_raised_and_put_to_rest_by_another(service: Service, foreign: Patient) -> None:
    admin: Any = service.client(Role.ADMIN)
    admin.post(f"{API}/break-glass", json={"identifier": "4711-X", "reason": REASON})
    alert = admin.get(f"{API}/break-glass", params={"open_only": True}).json()["items"][0]
    assert alert["reason"] == REASON
    assert alert["pseudonym"] == "P-ABCDE"
    rest = f"{API}/break-glass/{alert['id']}/acknowledgement"
    assert admin.post(rest).status_code == 403
    other = service.client(Role.ADMIN)
    assert other.post(rest).status_code == 204
    assert other.post(rest).status_code == 404
    assert other.get(f"{API}/break-glass", params={"open_only": True}).json()["total"] == 0
    assert other.get(f"{API}/break-glass").json()["total"] == 1


def test_an_unknown_number_opens_nothing(service: Service, foreign: Patient) -> None:
    browser = service.client(Role.CLINICIAN)
    sent = {"identifier": "4712-X", "reason": REASON}
    assert browser.post(f"{API}/break-glass", json=sent).status_code == 404
    short = {"identifier": "4711-X", "reason": "x"}
    assert browser.post(f"{API}/break-glass", json=short).status_code == 422


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.RESEARCHER])
def test_others_have_no_glass_to_break(service: Service, role: Role) -> None:
    answer = service.client(role).post(f"{API}/break-glass/look-up", json={"identifier": "x"})
    assert answer.status_code == 403
