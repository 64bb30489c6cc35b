"""Jobs over HTTP: signed in only, one's own patients only, and a stream that replays."""

import json

import pytest

from backend.access import Role
from backend.db.models import JobKind
from backend.jobs import leases
from backend.jobs.service import enqueue

CLINICIAN = Role.CLINICIAN


@pytest.fixture
def take(service):
    visit = service.make.visit(service.make.patient(service.team))
    return service.make.take(visit, service.make.recording(visit))


@pytest.fixture
def job(service, take):
    with service.database.unit_of_work() as session:
        return enqueue(
            session,
            JobKind.ANALYZE_TAKE,
            patient_id=take.patient_id,
            visit_id=take.visit_id,
            recording_id=take.recording_id,
            take_id=take.id,
        )


def claim(service):
    with service.database.unit_of_work() as session:
        lease, _ = leases.claim(session, "w", ["cpu"], list(JobKind), 30.0)
    return lease


def act(service, step, *arguments):
    with service.database.unit_of_work() as session:
        step(session, *arguments)


def events(text):
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines.get("id"), lines["event"], json.loads(lines["data"])))
    return found


@pytest.mark.parametrize("path", ["/jobs", "/jobs/events", "/jobs/{id}", "/jobs/{id}/events"])
def test_nobody_reads_jobs_without_signing_in(service, job, path):
    answer = service.anonymous().get(f"/api/v1{path}".format(id=job.id))
    assert answer.status_code == 401


def test_a_clinician_sees_the_jobs_of_the_teams_patients(service, job, take):
    browser = service.client(CLINICIAN)
    listed = browser.get("/api/v1/jobs", params={"take_id": str(take.id)}).json()
    assert listed["total"] == 1
    assert listed["items"][0]["id"] == str(job.id)
    assert listed["items"][0]["state"] == "queued"
    assert browser.get(f"/api/v1/jobs/{job.id}").json()["title"] == "Analysis of a take"
    assert browser.get("/api/v1/jobs", params={"state": "failed"}).json()["total"] == 0


def test_foreign_jobs_look_like_missing_ones(service, job):
    stranger = service.client(CLINICIAN, teams=(service.make.team(),))
    assert stranger.get("/api/v1/jobs").json()["total"] == 0
    for method, path in (
        ("GET", ""),
        ("GET", "/events"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("GET", "/preview/mesh"),
    ):
        assert stranger.request(method, f"/api/v1/jobs/{job.id}{path}").status_code == 404


def test_cancel_and_retry(service, job):
    browser = service.client(CLINICIAN)
    path = f"/api/v1/jobs/{job.id}"
    assert browser.post(f"{path}/retry").json()["code"] == "job_runs"
    assert browser.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert browser.post(f"{path}/cancel").json()["code"] == "job_ended"
    assert browser.post(f"{path}/retry").json()["state"] == "queued"


def test_the_stream_of_a_job_tells_all_and_replays_what_was_missed(service, job):
    lease = claim(service)
    act(service, leases.note, lease, "verdict", {"verdict": "ok"})
    act(service, leases.finish, lease)
    browser = service.client(CLINICIAN)
    path = f"/api/v1/jobs/{job.id}/events"
    whole = browser.get(path)
    assert whole.headers["content-type"].startswith("text/event-stream")
    assert [(number, kind) for number, kind, _ in events(whole.text)] == [
        ("1", "queued"),
        ("2", "started"),
        ("3", "verdict"),
        ("4", "succeeded"),
    ]
    missed = browser.get(path, headers={"Last-Event-ID": "2"})
    assert [kind for _, kind, _ in events(missed.text)] == ["verdict", "succeeded"]
    assert browser.get(path, headers={"Last-Event-ID": "4"}).status_code == 204


def test_previews_are_of_analyses_that_one_may_see(service):
    asked = {"analysis_id": "01890000-0000-7000-8000-000000000000", "frame": 0, "corrections": {}}
    answer = service.client(CLINICIAN).post("/api/v1/jobs/previews", json=asked)
    assert answer.status_code == 404
