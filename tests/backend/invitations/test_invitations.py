"""Invitations let a colleague in to one patient, for a time."""

from __future__ import annotations

from typing import Any

import pytest
from service_factories import Service

from backend.access import Role
from backend.app import API
from backend.kit.clock import SettableClock


def test_an_invited_colleague_sees_the_patient_for_a_time(
    service: Service, clock: SettableClock
) -> None:
    host: Any = service.client(Role.CLINICIAN)
    guest: Any = service.client(Role.THERAPIST, teams=())
    patient, other = service.make.patient(service.team), service.make.patient(service.team)
    place = f"{API}/patients/{patient.id}"
    assert guest.get(place).status_code == 404
    invited = host.post(f"{place}/invitations", json={"user_id": str(guest.user.id), "days": 2})
    assert invited.status_code == 201, invited.text
    assert guest.get(place).status_code == 200
    assert guest.get(f"{API}/patients/{other.id}").status_code == 404
    assert host.get(f"{place}/invitations").json() == [invited.json()]
    clock.advance(days=2)
    assert service.client(user=guest.user).get(place).status_code == 404


def test_an_invitation_is_revoked(service: Service) -> None:
    host: Any = service.client(Role.CLINICIAN)
    guest: Any = service.client(Role.CLINICIAN, teams=())
    patient = service.make.patient(service.team)
    place = f"{API}/patients/{patient.id}"
    sent = {"user_id": str(guest.user.id), "days": 2}
    invitation = host.post(f"{place}/invitations", json=sent).json()
    stranger = service.client(Role.CLINICIAN, teams=())
    revoke = f"{API}/invitations/{invitation['id']}"
    assert stranger.delete(revoke).status_code == 404
    assert host.delete(revoke).status_code == 204
    assert host.delete(revoke).status_code == 404
    assert guest.get(place).status_code == 404


@pytest.mark.parametrize("roles", [(Role.RESEARCHER,), (Role.ADMIN,), ()])
def test_only_clinical_colleagues_can_be_invited(service: Service, roles: tuple[Role, ...]) -> None:
    host = service.client(Role.CLINICIAN)
    user = service.make.user(*roles)
    patient = service.make.patient(service.team)
    answer = host.post(
        f"{API}/patients/{patient.id}/invitations", json={"user_id": str(user.id), "days": 1}
    )
    assert answer.status_code == 422
