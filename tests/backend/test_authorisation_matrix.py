"""Every route of the API with every role on every kind of row; a route without a line fails."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from patient_rows import FOREIGN, GLASS, MISSING, OWN, RESEARCH, ROWS, TEAM, rows_of
from route_rights import OPEN, RIGHTS, SELF, Right
from service_factories import Service

from backend.access import Role
from backend.app import API

NOT_SEEN = 404


@pytest.fixture(scope="module")
def people(site: Service) -> dict[Role, Any]:
    """A browser of somebody of each role."""
    return {role: site.client(role) for role in Role}


@pytest.fixture(scope="module")
def lasting(site: Service, people: dict[Role, Any]) -> dict[tuple[Role, str], dict[str, str]]:
    """Rows of each kind for each of them, which no test changes."""
    return {
        (role, row): rows_of(site, browser.user, row)
        for role, browser in people.items()
        for row in ROWS
    }


def routes(service: Service) -> set[str]:
    """All routes of the API as `GET /patients/{patient_id}`."""
    return {
        f"{method.upper()} {path.removeprefix(API)}"
        for path, methods in service.app.openapi()["paths"].items()
        if path.startswith(API)
        for method in methods
    }


def test_every_route_has_a_line_and_every_line_a_route(site: Service) -> None:
    assert routes(site) == set(RIGHTS) | OPEN | SELF


def filled(template: Any, names: dict[str, str]) -> Any:
    if isinstance(template, str):
        return template.format(**names) if "{" in template else template
    if isinstance(template, dict):
        return {key: filled(value, names) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, names) for value in template]
    return template


def allowed(right: Right, role: Role, row: str) -> bool:
    if role in right.everywhere:
        return True
    by_row = {OWN: right.own, TEAM: right.own, GLASS: right.glass, RESEARCH: right.research}
    return role in by_row.get(row, frozenset())


def concerns_a_row(route: str, right: Right) -> bool:
    asked = f"{route} {right.query} {right.body} {right.headers}"
    rowless = ("{home_team_id}", "{topology_id}", "{data_class}")
    for name in rowless:
        asked = asked.replace(name, "")
    return "_id}" in asked or "{pseudonym}" in asked or "{upload_metadata}" in asked


@pytest.mark.parametrize("route", sorted(RIGHTS))
def test_each_role_may_exactly_what_the_table_says(
    site: Service, people: dict[Role, Any], lasting: dict[tuple[Role, str], Any], route: str
) -> None:
    right = RIGHTS[route]
    method, _, path = route.partition(" ")
    path = path.replace("research-exports/{export_id}", "research-exports/{archive_id}")

    def ask(browser: Any, names: dict[str, str]) -> Any:
        return browser.request(
            method,
            API + filled(path, names),
            params=filled(right.query, names),
            json=filled(right.body, names),
            headers={"If-Match": '"1"', **filled(right.headers, names)},
        )

    somewhere = dict.fromkeys(lasting[Role.ADMIN, MISSING], str(uuid4()))
    assert ask(site.anonymous(), somewhere).status_code == 401
    for role in Role:
        browser: Any = people[role]
        if right.endless and role in right.roles:
            continue
        for row in ROWS:
            # What is only looked at is the same afterwards.
            kept = lasting[role, row] if method in ("GET", "HEAD") else None
            answer = ask(browser, kept or rows_of(site, browser.user, row))
            told = f"{role} {row}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code < 500, told
            if role not in right.roles:
                assert answer.status_code == 403, told
                assert method == "HEAD" or answer.json()["code"] == "not_allowed", told
            elif not concerns_a_row(route, right):
                assert answer.status_code not in (401, 403), told
                break
            elif row == MISSING or not allowed(right, role, row):
                assert answer.status_code == NOT_SEEN, told
            else:
                refused = (401, 403) if right.lacks else (401, 403, 404)
                assert answer.status_code not in refused, told


@pytest.mark.parametrize("route", sorted(SELF))
def test_everybody_has_an_account_of_their_own(site: Service, route: str) -> None:
    method, _, path = route.partition(" ")
    address = API + filled(path, {"session_id": str(uuid4()), "token_id": str(uuid4())})
    assert site.anonymous().request(method, address).status_code == 401
    for role in Role:
        assert site.client(role).request(method, address).status_code not in (401, 403)


@pytest.mark.parametrize("route", sorted(OPEN))
def test_the_door_is_open(site: Service, route: str) -> None:
    method, _, path = route.partition(" ")
    assert site.anonymous().request(method, API + path).status_code not in (401, 403)


@pytest.mark.parametrize("route", sorted(r for r in RIGHTS if "patient_id}" in r))
def test_foreign_and_missing_rows_look_alike(site: Service, route: str) -> None:
    right = RIGHTS[route]
    method, _, path = route.partition(" ")
    roles = right.own - right.everywhere
    if not roles:
        return
    browser: Any = site.client(min(roles))
    answers = []
    for row in (FOREIGN, MISSING):
        names = rows_of(site, browser.user, row)
        answer = browser.request(
            method,
            API + filled(path, names),
            params=filled(right.query, names),
            json=filled(right.body, names),
            headers={"If-Match": '"1"'},
        )
        body = answer.json()
        del body["request_id"]
        answers.append((answer.status_code, body))
    assert answers[0] == answers[1]
