"""What administrators see of the site, and that nobody else does."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from backend.access import Role
from backend.db.models import AuditEntry, JobKind
from backend.jobs import leases
from backend.jobs.service import enqueue

API = "/api/v1/admin"
PLACES = ("/storage", "/queue", "/models", "/retention")


@pytest.fixture
def admin(service):
    return service.client(Role.ADMIN, teams=())


def test_only_administrators_come_in(service):
    for path in PLACES:
        assert service.anonymous().get(f"{API}{path}").status_code == 401
        for role in (Role.CLINICIAN, Role.THERAPIST, Role.RESEARCHER):
            assert service.client(role).get(f"{API}{path}").status_code == 403
        assert service.client(Role.ADMIN, teams=()).get(f"{API}{path}").status_code == 200


def test_room_is_told_by_what_it_is_for(clinic_at, admin):
    with clinic_at() as clinic:
        clinic.analysis(clinic.take(clinic.visit(clinic.patient())))
    seen = admin.get(f"{API}/storage").json()
    by_name = {use["name"]: use for use in seen["classes"]}
    assert (by_name["meshes"]["files"], by_name["overlays"]["files"]) == (5, 1)
    assert by_name["other_results"]["files"] == 1
    assert by_name["videos"] == {"name": "videos", "files": 0, "stored_bytes": 0}
    assert sum(use["stored_bytes"] for use in seen["classes"]) == seen["stored_bytes"] > 0
    assert seen["free_bytes"] > 0
    assert seen["quota_bytes"] is None


def test_the_queue_tells_what_waits_runs_and_who_works(service, admin):
    with service.database.unit_of_work() as session:
        for number in range(3):
            enqueue(session, JobKind.PROXY, request={"n": number})
        leases.sign_in(session, "here", ["cpu"], {})
        leases.sign_in(session, "gone", ["cpu"], {})
        leases.sign_out(session, "gone")
        leases.claim(session, "here", ("cpu",), (JobKind.PROXY,), 30)
    seen = admin.get(f"{API}/queue").json()
    assert {(c["state"], c["kind"], c["jobs"]) for c in seen["counts"]} == {
        ("queued", "proxy", 2),
        ("running", "proxy", 1),
    }
    (running,) = seen["running"]
    assert (running["worker"], running["attempt"]) == ("here", 1)
    assert {worker["name"]: worker["alive"] for worker in seen["workers"]} == {
        "here": True,
        "gone": False,
    }
    service.database.clock.advance(minutes=2)
    user = admin.user
    silent = service.client(user=user).get(f"{API}/queue").json()
    assert not any(worker["alive"] for worker in silent["workers"])
    assert "patient" not in admin.get(f"{API}/queue").text


def test_models_in_use_are_counted(clinic_at, admin):
    with clinic_at() as clinic:
        visit = clinic.visit(clinic.patient())
        take = clinic.take(visit, number=1)
        clinic.analysis(take, model_version="0.0.9")
        clinic.analysis(take)
        clinic.analysis(clinic.take(visit, number=2))
    found = {
        m["version"]: (m["analyses"], m["counting"]) for m in admin.get(f"{API}/models").json()
    }
    assert found == {"0.1.0": (2, 2), "0.0.9": (1, 0)}


def test_rules_start_as_for_ever_and_are_changed_once_a_version(service, admin):
    assert {rule["keep_days"] for rule in admin.get(f"{API}/retention").json()} == {None}
    address = f"{API}/retention/videos"
    changed = admin.put(address, json={"keep_days": 90}, headers={"If-Match": '"0"'})
    assert changed.status_code == 200
    assert changed.json()["keep_days"] == 90
    late = admin.put(address, json={"keep_days": 30}, headers={"If-Match": '"0"'})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert admin.put(address, json={"keep_days": 30}).status_code == 428
    tag = changed.headers["etag"]
    again = admin.put(address, json={"keep_days": None}, headers={"If-Match": tag})
    assert again.json()["keep_days"] is None
    assert again.headers["etag"] != tag
    with service.database.unit_of_work() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "retention.change")
        ).all()
    assert [entry.detail for entry in entries] == [
        '{"after":90,"before":null}', '{"after":null,"before":90}',
    ]  # fmt: skip


@pytest.mark.parametrize("wanted", [{"keep_days": 0}, {"keep_days": "long"}, {}])
def test_a_rule_must_make_sense(admin, wanted):
    answer = admin.put(f"{API}/retention/meshes", json=wanted, headers={"If-Match": '"0"'})
    assert answer.status_code == 422
    unknown = admin.put(
        f"{API}/retention/names", json={"keep_days": 1}, headers={"If-Match": '"0"'}
    )
    assert unknown.status_code == 422
