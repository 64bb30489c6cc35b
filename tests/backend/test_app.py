"""What every route has from the application: a caller with rights, a transaction, refusals."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from service_factories import Service

from backend.access import Caller, Permission, Role
from backend.app import API
from backend.db.models import Patient, Team
from backend.dependencies import CSRF_HEADER, Reading, SignedIn, Transaction, requires
from backend.kit.errors import ConflictError
from backend.kit.ratelimit import RateLimit
from backend.scope import readable, unscoped, writable


class _Body(BaseModel):
    number: int


@pytest.fixture
def routed(service: Service) -> Service:
    """The service with routes of the tests' own."""
    router = APIRouter()

    @router.get("/me")
    def me(caller: SignedIn) -> str:
        return str(caller.user_id)

    @router.post("/teams")
    def add_team(
        caller: Annotated[Caller, Depends(requires(Permission.TEAMS_MANAGE))],
        unit: Transaction,
        fail: bool = False,
    ) -> None:
        unit.add(Team(name="New", created_at=service.database.clock.now()))
        if fail:
            unit.flush()
            raise ConflictError("No.", "Later.")

    @router.post("/read")
    def write_while_reading(caller: SignedIn, unit: Reading) -> None:
        unit.add(Team(name="New", created_at=service.database.clock.now()))

    @router.get("/readable")
    def seen(
        caller: Annotated[Caller, Depends(requires(Permission.PATIENT_READ))], unit: Reading
    ) -> list[str]:
        return [p.pseudonym for p in unit.scalars(readable(caller, Patient))]

    @router.get("/writable")
    def changeable(
        caller: Annotated[Caller, Depends(requires(Permission.PATIENT_EDIT))], unit: Reading
    ) -> list[str]:
        return [p.pseudonym for p in unit.scalars(writable(caller, Patient))]

    @router.post("/body")
    def body(caller: SignedIn, sent: _Body) -> None:
        pass

    @router.get("/fault")
    def fault(caller: SignedIn) -> None:
        raise RuntimeError("Erika Mustermann")

    service.app.include_router(router, prefix=f"{API}/test")
    return service


def team_names(service: Service) -> set[str]:
    with service.database.unit_of_work(read_only=True) as unit:
        return {team.name for team in unit.scalars(unscoped(Team, because="a test"))}


def problem_of(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


def test_nobody_is_told_to_sign_in(routed: Service) -> None:
    problem_of(routed.anonymous().get(f"{API}/test/me"), 401, "not_signed_in")


def test_a_made_up_cookie_is_nobody(routed: Service) -> None:
    browser = routed.client(Role.ADMIN)
    browser.cookies.set("sfpfr", "x" * 43)
    problem_of(browser.get(f"{API}/test/me"), 401, "not_signed_in")


def test_a_signed_in_user_is_known(routed: Service) -> None:
    browser = routed.client(Role.THERAPIST)
    assert browser.get(f"{API}/test/me").json() == str(browser.user.id)


def test_a_role_without_the_right_is_refused(routed: Service) -> None:
    problem_of(routed.client(Role.CLINICIAN).post(f"{API}/test/teams"), 403, "not_allowed")
    assert team_names(routed) == {"Home"}


def test_a_change_is_kept_when_the_answer_comes(routed: Service) -> None:
    assert routed.client(Role.ADMIN).post(f"{API}/test/teams").status_code == 200
    assert team_names(routed) == {"Home", "New"}


def test_a_refusal_leaves_nothing(routed: Service) -> None:
    answer = routed.client(Role.ADMIN).post(f"{API}/test/teams?fail=true")
    assert problem_of(answer, 409, "conflict")["next_step"] == "Later."
    assert team_names(routed) == {"Home"}


def test_a_fault_of_the_commit_is_told_before_success_is(routed: Service) -> None:
    browser = routed.client(Role.ADMIN)
    assert browser.post(f"{API}/test/teams").status_code == 200
    # The name is taken: the commit fails.
    assert browser.post(f"{API}/test/teams").status_code == 500


def test_reading_cannot_write(routed: Service) -> None:
    browser = routed.client(Role.ADMIN)
    assert browser.post(f"{API}/test/read").status_code >= 500
    assert team_names(routed) == {"Home"}


@pytest.mark.parametrize("headers", [{CSRF_HEADER: "x"}, {"Origin": "https://evil.example"}])
def test_a_change_from_a_foreign_page_is_refused(routed: Service, headers: Any) -> None:
    answer = routed.client(Role.ADMIN).post(f"{API}/test/teams", headers=headers)
    problem_of(answer, 403, "forgery")
    assert team_names(routed) == {"Home"}


def test_teams_decide_what_is_seen_and_changed(routed: Service) -> None:
    other = routed.make.team()
    routed.make.patient(routed.team, pseudonym="own")
    routed.make.patient(other, pseudonym="foreign")
    routed.make.patient(routed.team, pseudonym="void", voided_at=routed.database.clock.now())
    clinician = routed.client(Role.CLINICIAN)
    assert set(clinician.get(f"{API}/test/readable").json()) == {"own", "void"}
    assert clinician.get(f"{API}/test/writable").json() == ["own"]
    admin = routed.client(Role.ADMIN)
    assert set(admin.get(f"{API}/test/readable").json()) == {"own", "foreign", "void"}
    alone = routed.client(Role.CLINICIAN, teams=())
    assert alone.get(f"{API}/test/readable").json() == []
    assert routed.client(Role.RESEARCHER).get(f"{API}/test/readable").status_code == 403


def test_invalid_input_is_told_without_repeating_it(routed: Service) -> None:
    answer = routed.client(Role.ADMIN).post(f"{API}/test/body", json={"number": "Erika Mustermann"})
    problem = problem_of(answer, 422, "invalid")
    assert problem["faults"][0]["place"] == ["body", "number"]
    assert "Erika" not in answer.text


def test_a_fault_of_the_program_tells_no_secret(
    routed: Service, caplog: pytest.LogCaptureFixture
) -> None:
    answer = routed.client(Role.ADMIN).get(f"{API}/test/fault")
    problem_of(answer, 500, "internal_error")
    assert "Erika" not in answer.text
    assert "Erika" not in caplog.text
    assert caplog.records[-1].kind == "RuntimeError"  # type: ignore[attr-defined]


def test_unknown_addresses_and_methods_are_problems(routed: Service) -> None:
    problem_of(routed.anonymous().get(f"{API}/nowhere"), 404, "not_found")
    problem_of(routed.anonymous().put(f"{API}/test/me"), 405, "method_not_allowed")


def test_every_answer_is_strict_with_browsers(routed: Service) -> None:
    answer = routed.anonymous().get(f"{API}/nowhere")
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "://" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_too_many_requests_are_slowed_down(routed: Service) -> None:
    routed.app.state.rate_limit = RateLimit(2)
    browser = routed.client(Role.ADMIN)
    assert [browser.get(f"{API}/test/me").status_code for _ in range(2)] == [200, 200]
    answer = browser.get(f"{API}/test/me")
    problem_of(answer, 429, "too_many_requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 61


def test_guessing_is_slowed_down_by_address(routed: Service) -> None:
    routed.app.state.rate_limit = RateLimit(2)
    stranger = routed.anonymous()
    codes = [stranger.get(f"{API}/test/me").status_code for _ in range(3)]
    assert codes == [401, 401, 429]
    assert routed.client(Role.ADMIN).get(f"{API}/test/me").status_code == 200


def test_refusals_are_declared_as_problems(routed: Service) -> None:
    schema = routed.app.openapi()
    for path in schema["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"]
