"""Looking after users: links, tokens, teams, and that somebody always administers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from service_factories import Service

from backend.access import Role
from backend.app import API
from backend.kit.clock import SettableClock
from backend.users import links

PASSWORD = "seven green bicycles"


def signs_in(service: Service, email: str, password: str = PASSWORD) -> bool:
    sent = {"email": email, "password": password}
    return service.anonymous().post(f"{API}/session", json=sent).status_code == 200


def secret_of(url: str) -> str:
    return url.rpartition("#")[2]


def use(service: Service, url: str, **sent: str) -> Any:
    sent = {"secret": secret_of(url), "password": PASSWORD, **sent}
    return service.anonymous().post(f"{API}/links/use", json=sent)


def new_user(admin: TestClient, **sent: Any) -> dict[str, Any]:
    body = {"email": "bo@clinic.example", "display_name": "Bo", "roles": ["therapist"], **sent}
    answer = admin.post(f"{API}/users", json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def test_the_set_up_link_makes_the_first_administrator_once(service: Service) -> None:
    # Somebody who does not administer, as the one who films the demo, is not in the way.
    service.make.user(Role.CLINICIAN)
    with service.database.unit_of_work() as unit:
        link = links.issue_setup(unit, service.settings)
    assert link is not None
    assert "?" not in link.url
    assert link.url.startswith(f"{service.settings.public_url}/")
    told = service.anonymous().post(f"{API}/links/inspect", json={"secret": secret_of(link.url)})
    assert told.json()["purpose"] == "setup"
    first = {"email": "Ada@clinic.example", "display_name": "Ada"}
    assert use(service, link.url).status_code == 422
    assert use(service, link.url, **first).status_code == 204
    assert use(service, link.url, **first).status_code == 404
    assert signs_in(service, "ada@clinic.example")
    with service.database.unit_of_work() as unit:
        assert links.issue_setup(unit, service.settings) is None
    me = service.anonymous()
    me.post(f"{API}/session", json={"email": "ada@clinic.example", "password": PASSWORD})
    state = me.get(f"{API}/session").json()
    assert state["roles"] == ["admin", "clinician"]
    assert state["team_ids"] == [str(service.team.id)]


def test_a_link_ends_with_its_time_and_with_the_next(
    service: Service, clock: SettableClock
) -> None:
    admin = service.client(Role.ADMIN)
    user = new_user(admin)
    place = f"{API}/users/{user['id']}/links"
    first = admin.post(place, json={"purpose": "password"}).json()["url"]
    second = admin.post(place, json={"purpose": "password"}).json()["url"]
    assert use(service, first).status_code == 404
    clock.advance(hours=service.settings.link_hours)
    assert use(service, second).status_code == 404
    assert use(service, f"#{'x' * 43}").status_code == 404


def test_a_new_user_sets_a_password_through_a_link(service: Service) -> None:
    admin = service.client(Role.ADMIN)
    user = new_user(admin, team_ids=[str(service.team.id)])
    assert user["team_ids"] == [str(service.team.id)]
    assert not user["has_password"]
    assert not signs_in(service, "bo@clinic.example")
    url = admin.post(f"{API}/users/{user['id']}/links", json={"purpose": "password"}).json()["url"]
    assert use(service, url, password="short").json()["code"] == "weak_password"
    assert use(service, url).status_code == 204
    assert signs_in(service, "bo@clinic.example")
    assert admin.get(f"{API}/users/{user['id']}").json()["has_password"]


def test_a_lost_second_factor_is_reset_with_link_and_password(
    service: Service, clock: SettableClock
) -> None:
    admin = service.client(Role.ADMIN)
    user = service.make.user(
        Role.CLINICIAN,
        email="ada@clinic.example",
        password_hash=service.app.state.passwords.hash(PASSWORD),
        totp_confirmed_at=clock.now(),
    )
    url = admin.post(f"{API}/users/{user.id}/links", json={"purpose": "totp"}).json()["url"]
    assert use(service, url, password="not the password").status_code == 401
    assert use(service, url).status_code == 204
    me = service.anonymous()
    sent = {"email": user.email, "password": PASSWORD}
    assert me.post(f"{API}/session", json=sent).json() == "none"


def test_no_set_up_link_through_the_api(service: Service) -> None:
    admin = service.client(Role.ADMIN)
    user = new_user(admin)
    answer = admin.post(f"{API}/users/{user['id']}/links", json={"purpose": "setup"})
    assert answer.status_code == 422


def test_addresses_are_unique_in_any_case(service: Service) -> None:
    admin = service.client(Role.ADMIN)
    new_user(admin)
    sent = {"email": "BO@clinic.example", "display_name": "Bob", "roles": []}
    assert admin.post(f"{API}/users", json=sent).json()["code"] == "email_taken"


def test_a_change_names_its_version(service: Service) -> None:
    admin = service.client(Role.ADMIN)
    user = new_user(admin)
    place = f"{API}/users/{user['id']}"
    change = {"display_name": "Bob"}
    assert admin.patch(place, json=change).status_code == 428
    changed = admin.patch(place, json=change, headers={"If-Match": f'"{user["version"]}"'})
    assert changed.json()["display_name"] == "Bob"
    late = admin.patch(place, json=change, headers={"If-Match": f'"{user["version"]}"'})
    assert late.status_code == 412


def test_who_loses_a_role_is_signed_out(service: Service) -> None:
    admin = service.client(Role.ADMIN)
    bo: Any = service.client(Role.CLINICIAN, Role.RESEARCHER)
    place = f"{API}/users/{bo.user.id}"
    answer = admin.patch(place, json={"roles": ["researcher"]}, headers={"If-Match": '"1"'})
    assert answer.json()["roles"] == ["researcher"]
    assert bo.get(f"{API}/session").status_code == 401
    again = service.client(user=bo.user)
    assert admin.delete(f"{place}/sessions").status_code == 204
    assert again.get(f"{API}/session").status_code == 401


@pytest.mark.parametrize("change", [{"roles": ["clinician"]}, {"disabled": True}])
def test_the_last_administrator_stays(service: Service, change: dict[str, Any]) -> None:
    admin: Any = service.client(Role.ADMIN)
    service.make.user(Role.ADMIN, disabled_at=service.database.clock.now())
    place = f"{API}/users/{admin.user.id}"
    answer = admin.patch(place, json=change, headers={"If-Match": '"1"'})
    assert answer.json()["code"] == "last_admin"
    service.make.user(Role.ADMIN)
    assert admin.patch(place, json=change, headers={"If-Match": '"1"'}).status_code == 200


def test_users_are_found_by_part_of_name_or_address(service: Service) -> None:
    admin = service.client(Role.ADMIN)
    new_user(admin, display_name="100% Bo_")
    for q, total in (("0% b", 1), ("BO@CLI", 1), ("o_", 1), ("nobody", 0), ("%_%_%_%_%_%", 0)):
        assert admin.get(f"{API}/users", params={"q": q}).json()["total"] == total, q


def test_a_token_has_its_scopes_for_its_time(service: Service, clock: SettableClock) -> None:
    stored = service.app.state.passwords.hash(PASSWORD)
    user = service.make.user(Role.ADMIN, password_hash=stored)
    browser = service.client(user=user)
    sent = {"name": "Archive", "scopes": ["audit:read"], "days": 1, "password": PASSWORD}
    assert browser.post(f"{API}/me/tokens", json={**sent, "password": "no"}).status_code == 401
    created = browser.post(f"{API}/me/tokens", json=sent).json()
    program = service.anonymous()
    program.headers["Authorization"] = f"Bearer {created['token']}"
    del program.headers["Origin"]
    assert program.get(f"{API}/audit").status_code == 200
    assert program.get(f"{API}/users").status_code == 403
    assert program.get(f"{API}/me/tokens").status_code == 403
    listed = browser.get(f"{API}/me/tokens").json()
    assert "token" not in listed[0]
    assert listed[0]["last_used_at"] is not None
    clock.advance(days=1)
    assert program.get(f"{API}/audit").status_code == 401


def test_a_revoked_token_is_nobody(service: Service) -> None:
    stored = service.app.state.passwords.hash(PASSWORD)
    user = service.make.user(Role.ADMIN, password_hash=stored)
    browser = service.client(user=user)
    sent = {"name": "Archive", "scopes": ["audit:read"], "days": 1, "password": PASSWORD}
    created = browser.post(f"{API}/me/tokens", json=sent).json()
    place = f"{API}/me/tokens/{created['id']}"
    assert service.client(Role.ADMIN).delete(place).status_code == 404
    assert browser.delete(place).status_code == 204
    program = service.anonymous()
    program.headers["Authorization"] = f"Bearer {created['token']}"
    assert program.get(f"{API}/audit").status_code == 401


def test_teams_are_made_filled_and_archived(service: Service) -> None:
    admin = service.client(Role.ADMIN)
    bo: Any = service.client(Role.CLINICIAN, teams=())
    team = admin.post(f"{API}/teams", json={"name": "Ward"}).json()
    assert admin.post(f"{API}/teams", json={"name": "Ward"}).json()["code"] == "team_name_taken"
    place = f"{API}/teams/{team['id']}"
    assert bo.get(place).status_code == 404
    assert admin.put(f"{place}/members/{uuid4()}").status_code == 404
    assert admin.put(f"{place}/members/{bo.user.id}").status_code == 204
    assert admin.put(f"{place}/members/{bo.user.id}").status_code == 204
    assert [m["id"] for m in bo.get(place).json()["members"]] == [str(bo.user.id)]
    assert [t["id"] for t in bo.get(f"{API}/teams").json()] == [team["id"]]
    archived = admin.patch(place, json={"archived": True}, headers={"If-Match": '"1"'})
    assert archived.json()["archived_at"] is not None
    assert bo.get(place).status_code == 404
    assert admin.delete(f"{place}/members/{bo.user.id}").status_code == 204
    assert admin.delete(f"{place}/members/{bo.user.id}").status_code == 404


def test_colleagues_see_names_and_nothing_else(service: Service) -> None:
    browser = service.client(Role.CLINICIAN)
    for colleague in browser.get(f"{API}/colleagues").json():
        assert set(colleague) == {"id", "display_name", "roles"}
