"""The movement protocol: what comes with the software, and how a site changes it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from service_factories import Service

from backend.access import Role
from backend.protocols.service import default_protocol
from models.movements import MOVEMENTS

URL = "/api/v1/protocol"


def replace(client: Any, protocol: Any, based_on: int = 1) -> Any:
    return client.post(
        f"{URL}/versions",
        json={"based_on": based_on, "comment": "For children", "protocol": protocol},
    )


def test_anonymous(service: Service) -> None:
    assert service.anonymous().get(URL).status_code == 401


def test_the_default_has_every_measured_movement(service: Service) -> None:
    standard = [m for m in default_protocol().movements if not m.optional]
    assert [m.measured_as for m in standard] == list(MOVEMENTS)
    read = service.client(Role.RESEARCHER).get(URL).json()
    assert (read["number"], read["in_force"], read["created_at"]) == (1, True, None)
    assert read["protocol"] == default_protocol().model_dump(mode="json")


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.THERAPIST, Role.RESEARCHER])
def test_only_administrators_change_it(service: Service, role: Role) -> None:
    client = service.client(role)
    assert replace(client, client.get(URL).json()["protocol"]).status_code == 403


def test_a_new_version_is_in_force_and_the_old_one_stays(service: Service) -> None:
    client = service.client(Role.ADMIN)
    former = client.get(URL).json()["protocol"]
    shorter = copy.deepcopy(former)
    shorter["movements"] = shorter["movements"][:3]
    assert replace(client, shorter).status_code == 201
    assert client.get(URL).json()["protocol"] == shorter
    assert client.get(f"{URL}/versions/1").json()["protocol"] == former
    listed = client.get(f"{URL}/versions").json()
    assert [(v["number"], v["in_force"]) for v in listed["items"]] == [(2, True), (1, False)]
    assert replace(client, former).json()["code"] == "protocol_changed"
    assert client.get(f"{URL}/versions/3").status_code == 404


def test_a_protocol_that_can_not_be_measured_is_refused(service: Service) -> None:
    client = service.client(Role.ADMIN)
    protocol = client.get(URL).json()["protocol"]
    rest, *others = protocol["movements"]
    for movements in (
        [],
        others,
        [rest, *others, rest],
        [{**rest, "measured_as": "frown"}, rest],
        [{**rest, "optional": True}, *others],
        [{**rest, "repetitions": 0}, *others],
    ):
        assert replace(client, {**protocol, "movements": movements}).status_code == 422
