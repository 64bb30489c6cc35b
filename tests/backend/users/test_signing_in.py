"""Signing in: passwords, lock-out, second factor, sessions that end."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from service_factories import Service

from backend.access import Role
from backend.app import API
from backend.db.models import User
from backend.dependencies import CSRF_HEADER
from backend.kit.clock import SettableClock
from backend.kit.errors import StorageFullError
from backend.users import totp

PASSWORD = "seven green bicycles"


@pytest.fixture
def ada(service: Service) -> User:
    """A clinician with a password."""
    stored = service.app.state.passwords.hash(PASSWORD)
    return service.make.user(
        Role.CLINICIAN,
        teams=(service.team,),
        email="ada@clinic.example",
        display_name="Ada",
        password_hash=stored,
    )


def sign_in(
    browser: TestClient, email: str = "ada@clinic.example", password: str = PASSWORD
) -> Any:
    answer = browser.post(f"{API}/session", json={"email": email, "password": password})
    take_csrf(browser)
    return answer


def take_csrf(browser: TestClient) -> None:
    """What the page's script does."""
    token = browser.cookies.get("sfpfr-csrf")
    if token:
        browser.headers[CSRF_HEADER] = token


def enrol(browser: TestClient, clock: SettableClock) -> tuple[str, list[str]]:
    begun = browser.post(f"{API}/me/totp", json={"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    assert begun.json()["address"].startswith("otpauth://totp/")
    confirmed = browser.post(f"{API}/me/totp/confirm", json={"code": code_at(secret, clock)})
    assert confirmed.status_code == 200, confirmed.text
    take_csrf(browser)
    return secret, confirmed.json()["codes"]


def code_at(secret: str, clock: SettableClock) -> str:
    return totp._totp(secret).generate(int(clock.now().timestamp())).decode()


def test_a_user_signs_in_and_out(service: Service, ada: User) -> None:
    browser = service.anonymous()
    answer = sign_in(browser, "  ADA@clinic.example ")
    assert answer.json() == "none"
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("sfpfr="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    me = browser.get(f"{API}/session").json()
    assert me["email"] == "ada@clinic.example"
    assert me["roles"] == ["clinician"]
    assert me["team_ids"] == [str(service.team.id)]
    assert "visit:sign" in me["permissions"]
    assert "users:manage" not in me["permissions"]
    assert browser.delete(f"{API}/session").status_code == 204
    assert browser.get(f"{API}/session").status_code == 401


def test_through_tls_the_cookies_are_bound_to_the_host(service: Service, ada: User) -> None:
    from backend.app import create_app

    settings = service.settings.model_copy(update={"public_url": "https://clinic.example"})
    app = create_app(settings, keys=service.database.keys, clock=service.database.clock)
    with TestClient(app, base_url="https://clinic.example") as browser:
        answer = sign_in(browser)
        cookies = answer.headers.get_list("set-cookie")
        assert all(c.startswith("__Host-sfpfr") and "Secure" in c for c in cookies)
        assert "strict-transport-security" in answer.headers


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@clinic.example", "seven green bicycle"), ("nobody@clinic.example", PASSWORD), ("", "")],
)
def test_wrong_credentials_look_alike(
    service: Service, ada: User, email: str, password: str
) -> None:
    answer = sign_in(service.anonymous(), email, password)
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong_credentials"
    assert "set-cookie" not in answer.headers


def test_a_disabled_user_is_nobody(service: Service, clock: SettableClock) -> None:
    service.make.user(
        Role.CLINICIAN,
        email="ada@clinic.example",
        password_hash=service.app.state.passwords.hash(PASSWORD),
        disabled_at=clock.now(),
    )
    assert sign_in(service.anonymous()).json()["code"] == "wrong_credentials"


def test_signing_in_from_a_foreign_page_is_refused(service: Service, ada: User) -> None:
    browser = service.anonymous()
    browser.headers["Origin"] = "https://evil.example"
    assert sign_in(browser).json()["code"] == "forgery"


def test_wrong_tries_lock_and_time_unlocks(
    service: Service, ada: User, clock: SettableClock
) -> None:
    browser = service.anonymous()
    for _ in range(service.settings.lockout_failures):
        assert sign_in(browser, password="wrong wrong wrong").status_code == 401
    locked = sign_in(browser)
    assert locked.status_code == 429
    assert locked.json()["code"] == "locked_out"
    clock.advance(seconds=int(locked.headers["retry-after"]) + 1)
    assert sign_in(browser).status_code == 200


def test_a_success_forgives_earlier_tries(service: Service, ada: User) -> None:
    browser = service.anonymous()
    for _ in range(3):
        for _ in range(service.settings.lockout_failures - 1):
            sign_in(browser, password="wrong wrong wrong")
        assert sign_in(browser).status_code == 200


def test_unknown_addresses_are_locked_like_known_ones(service: Service) -> None:
    for _ in range(service.settings.lockout_failures):
        sign_in(service.anonymous(), "nobody@clinic.example")
    assert sign_in(service.anonymous(), "nobody@clinic.example").status_code == 429


def test_tries_from_one_address_are_limited(service: Service) -> None:
    from backend.kit.ratelimit import RateLimit

    service.app.state.sign_in_limit = RateLimit(2)
    codes = [sign_in(service.anonymous(), f"{i}@x.example").json()["code"] for i in range(3)]
    assert codes == ["wrong_credentials", "wrong_credentials", "too_many_requests"]


def test_an_idle_session_ends(service: Service, ada: User, clock: SettableClock) -> None:
    browser = service.anonymous()
    sign_in(browser)
    for _ in range(3):
        clock.advance(minutes=service.settings.session_idle_minutes - 1)
        assert browser.get(f"{API}/session").status_code == 200
    clock.advance(minutes=service.settings.session_idle_minutes)
    assert browser.get(f"{API}/session").status_code == 401


def test_on_a_full_disk_one_can_still_read(
    service: Service, ada: User, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = service.client(user=ada)
    clock.advance(minutes=5)

    def full(*_: object) -> None:
        raise StorageFullError

    monkeypatch.setattr("backend.users.repository.touch_session", full)
    assert browser.get(f"{API}/patients").status_code == 200
    monkeypatch.undo()
    assert browser.get(f"{API}/patients").status_code == 200
    clock.advance(minutes=service.settings.session_idle_minutes - 1)
    assert browser.get(f"{API}/patients").status_code == 200


def test_no_session_outlives_its_day(service: Service, ada: User, clock: SettableClock) -> None:
    browser = service.anonymous()
    sign_in(browser)
    minutes = 0
    while browser.get(f"{API}/session").status_code == 200:
        clock.advance(minutes=15)
        minutes += 15
    assert minutes == service.settings.session_hours * 60


def test_the_second_factor_is_asked_for(service: Service, ada: User, clock: SettableClock) -> None:
    first = service.anonymous()
    sign_in(first)
    secret, _ = enrol(first, clock)
    clock.advance(seconds=60)
    browser = service.anonymous()
    assert sign_in(browser).json() == "code"
    half = browser.cookies.get("sfpfr")
    assert browser.get(f"{API}/session").json()["missing_step"] == "code"
    assert browser.get(f"{API}/session").json()["permissions"] == []
    assert browser.get(f"{API}/me/sessions").json()["code"] == "second_factor_needed"
    assert browser.post(f"{API}/session/second-factor", json={"code": "000000"}).status_code == 401
    answer = browser.post(f"{API}/session/second-factor", json={"code": code_at(secret, clock)})
    assert answer.json() == "none"
    assert browser.cookies.get("sfpfr") != half
    take_csrf(browser)
    assert browser.get(f"{API}/me/sessions").status_code == 200
    old = service.anonymous()
    old.cookies.set("sfpfr", str(half))
    assert old.get(f"{API}/session").status_code == 401


def test_a_code_works_once(service: Service, ada: User, clock: SettableClock) -> None:
    first = service.anonymous()
    sign_in(first)
    secret, _ = enrol(first, clock)
    clock.advance(seconds=60)
    code = code_at(secret, clock)
    for expected in (200, 401):
        browser = service.anonymous()
        sign_in(browser)
        answer = browser.post(f"{API}/session/second-factor", json={"code": code})
        assert answer.status_code == expected


def test_a_recovery_code_stands_in_once(service: Service, ada: User, clock: SettableClock) -> None:
    first = service.anonymous()
    sign_in(first)
    _, codes = enrol(first, clock)
    assert len(set(codes)) == totp.RECOVERY_CODES
    for expected in (200, 401):
        browser = service.anonymous()
        sign_in(browser)
        answer = browser.post(
            f"{API}/session/second-factor", json={"code": codes[0].lower().replace("-", " ")}
        )
        assert answer.status_code == expected


def test_who_has_the_password_cannot_try_codes_for_ever(
    service: Service, ada: User, clock: SettableClock
) -> None:
    first = service.anonymous()
    sign_in(first)
    enrol(first, clock)
    statuses = []
    for _ in range(service.settings.lockout_failures + 1):
        browser = service.anonymous()
        assert sign_in(browser).status_code == 200
        answer = browser.post(f"{API}/session/second-factor", json={"code": "000000"})
        statuses.append(answer.status_code)
    assert statuses[-1] == 429


def test_where_it_is_required_the_second_factor_is_set_up_first(
    service: Service, ada: User, clock: SettableClock
) -> None:
    required = service.settings.model_copy(update={"require_totp": True})
    service.app.state.settings = required
    browser = service.anonymous()
    assert sign_in(browser).json() == "enrol"
    assert browser.get(f"{API}/me/sessions").status_code == 403
    enrol(browser, clock)
    assert browser.get(f"{API}/me/sessions").status_code == 200


def test_a_session_is_listed_and_ended_from_elsewhere(service: Service, ada: User) -> None:
    here, there = service.anonymous(), service.anonymous()
    sign_in(here)
    sign_in(there)
    listed = here.get(f"{API}/me/sessions").json()
    assert [one["current"] for one in listed].count(True) == 1
    other = next(one["id"] for one in listed if not one["current"])
    assert here.delete(f"{API}/me/sessions/{other}").status_code == 204
    assert there.get(f"{API}/session").status_code == 401
    assert here.delete(f"{API}/me/sessions/{other}").status_code == 404
    stranger = service.client(Role.ADMIN)
    own = next(one["id"] for one in listed if one["current"])
    assert stranger.delete(f"{API}/me/sessions/{own}").status_code == 404


def test_a_new_password_signs_the_others_out(service: Service, ada: User) -> None:
    here, there = service.anonymous(), service.anonymous()
    sign_in(here)
    sign_in(there)
    new = "eight purple umbrellas"
    wrong = here.post(f"{API}/me/password", json={"current": "no no no no", "new": new})
    assert wrong.status_code == 401
    weak = here.post(f"{API}/me/password", json={"current": PASSWORD, "new": "Ada@clinic123"})
    assert weak.json()["code"] == "weak_password"
    assert (
        here.post(f"{API}/me/password", json={"current": PASSWORD, "new": new}).status_code == 204
    )
    assert here.get(f"{API}/session").status_code == 200
    assert there.get(f"{API}/session").status_code == 401
    assert sign_in(service.anonymous(), password=new).status_code == 200
    assert sign_in(service.anonymous()).status_code == 401


def test_no_secret_is_stored_as_it_is(service: Service, ada: User, clock: SettableClock) -> None:
    browser = service.anonymous()
    sign_in(browser)
    secret, codes = enrol(browser, clock)
    cookie = str(browser.cookies.get("sfpfr"))
    with service.database.engine.connect() as connection:
        dump = repr(
            [
                connection.exec_driver_sql(f"SELECT * FROM {table}").all()
                for table in ("users", "user_sessions", "recovery_codes", "audit_entries")
            ]
        )
    for word in (PASSWORD, secret, cookie, *codes):
        assert word not in dump


def test_the_stated_password_rules() -> None:
    from backend.users.errors import WeakPasswordError
    from backend.users.passwords import refuse_weak

    refuse_weak(PASSWORD, "ada@clinic.example", "Ada")
    for weak in ("short", "aaaaaaaaaaaaaaa", "x" * 300, "ada@clinic.example"):
        with pytest.raises(WeakPasswordError):
            refuse_weak(weak, "ada@clinic.example", "Ada")


def test_sessions_that_ended_long_ago_are_forgotten(
    service: Service, ada: User, clock: SettableClock
) -> None:
    def rows() -> int:
        with service.database.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM user_sessions").scalar())

    sign_in(service.anonymous())
    clock.advance(days=10)
    sign_in(service.anonymous())
    assert rows() == 2
    clock.advance(days=25)
    sign_in(service.anonymous())
    assert rows() == 2


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, "6.6.6.6", "testclient"),
        (1, None, "testclient"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "testclient"),
    ],
)
def test_only_trusted_proxies_say_where_somebody_is(
    service: Service, ada: User, trusted: int, forwarded: str | None, address: str
) -> None:
    service.app.state.settings = service.settings.model_copy(update={"trusted_proxies": trusted})
    browser = service.anonymous()
    if forwarded is not None:
        browser.headers["X-Forwarded-For"] = forwarded
    sign_in(browser)
    assert browser.get(f"{API}/me/sessions").json()[0]["address"] == address
