"""Consents: kept, taken back, and what stops without them."""

from __future__ import annotations

from typing import Any

import pytest
from service_factories import Service

from backend.access import Role
from backend.blobs import service as blobs
from backend.consents import service as consents
from backend.consents.errors import ConsentMissingError
from backend.db.models import (
    Job,
    JobKind,
    JobState,
    Patient,
    Purpose,
    Upload,
    UploadKind,
    UploadState,
)
from backend.jobs import service as jobs

API = "/api/v1"
SIGNED = {"purpose": "care", "signed_on": "2029-12-31", "signatory": "Mother"}


def record(client: Any, patient: Patient, **values: Any) -> Any:
    return client.post(f"{API}/patients/{patient.id}/consents", json={**SIGNED, **values})


def scan(service: Service, patient: Patient, state: UploadState = UploadState.ACCEPTED) -> Upload:
    at = service.database.clock.now()
    put = service.app.state.storage.put([b"scan"], str(patient.id))
    with service.database.unit_of_work() as session:
        blob = blobs.keep(session, put, patient_id=patient.id, media_type="application/pdf")
    upload: Upload = service.make.save(
        Upload(
            patient_id=patient.id,
            kind=UploadKind.CONSENT,
            state=state,
            declared_bytes=1,
            received_bytes=1,
            blob_id=blob.id,
            created_at=at,
            expires_at=at,
        )
    )
    return upload


def job(service: Service, patient: Patient, state: JobState) -> Job:
    with service.database.unit_of_work() as session:
        queued = jobs.enqueue(
            session, JobKind.ANALYZE_TAKE, patient_id=patient.id, request={"state": state.value}
        )
        queued.state = state
        return queued


def test_anonymous(service: Service) -> None:
    patient = service.make.patient(service.team)
    assert record(service.anonymous(), patient).status_code == 401


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.CLINICIAN, 201), (Role.THERAPIST, 201), (Role.ADMIN, 403), (Role.RESEARCHER, 403)],
)
def test_who_may_record(service: Service, role: Role, status: int) -> None:
    patient = service.make.patient(service.team, consents=())
    assert record(service.client(role), patient).status_code == status


def test_it_stands_until_withdrawn(service: Service) -> None:
    patient = service.make.patient(service.team, consents=())
    client = service.client(Role.THERAPIST)
    made = record(client, patient).json()
    assert (made["stands"], made["signatory"], made["has_attachment"]) == (True, "Mother", False)
    again = record(client, patient, signed_on="2030-01-01").json()
    path = f"{API}/consents/{made['id']}/withdraw"
    assert client.post(path, json={"reason": "Changed her mind."}).json()["stands"] is False
    listed = client.get(f"{API}/patients/{patient.id}/consents").json()["items"]
    # The patient takes back what was agreed to, not one of two papers.
    assert [(item["id"], item["stands"]) for item in listed] == [
        (again["id"], False),
        (made["id"], False),
    ]
    assert client.post(path, json={}).json()["code"] == "consent_withdrawn"
    assert record(client, patient).json()["stands"] is True


def test_purposes_stand_apart(service: Service) -> None:
    patient = service.make.patient(service.team, consents=(Purpose.CARE,))
    with service.database.unit_of_work(read_only=True) as session:
        consents.require(session, patient.id, Purpose.CARE)
        with pytest.raises(ConsentMissingError) as refused:
            consents.require(session, patient.id, Purpose.RESEARCH)
    assert refused.value.status == 409
    assert refused.value.next_step


def test_withdrawal_ends_the_work(service: Service) -> None:
    patient = service.make.patient(service.team, consents=())
    other = service.make.patient(service.team)
    client = service.client(Role.CLINICIAN)
    made = record(client, patient).json()
    queued, running = (job(service, patient, s) for s in (JobState.QUEUED, JobState.RUNNING))
    untouched = job(service, other, JobState.QUEUED)
    client.post(f"{API}/consents/{made['id']}/withdraw", json={})
    with service.database.unit_of_work(read_only=True) as session:
        assert session.get_one(Job, queued.id).state is JobState.CANCELLED
        # Its worker finds its lease gone, and publishes nothing.
        assert session.get_one(Job, running.id).state is JobState.CANCELLED
        assert session.get_one(Job, untouched.id).state is JobState.QUEUED


def test_withdrawing_research_lets_care_go_on(service: Service) -> None:
    patient = service.make.patient(service.team)
    client = service.client(Role.CLINICIAN)
    made = record(client, patient, purpose="research").json()
    queued = job(service, patient, JobState.QUEUED)
    client.post(f"{API}/consents/{made['id']}/withdraw", json={})
    with service.database.unit_of_work(read_only=True) as session:
        assert session.get_one(Job, queued.id).state is JobState.QUEUED


def test_the_signed_paper_is_added_once(service: Service) -> None:
    patient = service.make.patient(service.team, consents=())
    client = service.client(Role.CLINICIAN)
    made = record(client, patient).json()
    path = f"{API}/consents/{made['id']}/attachment"
    assert client.get(path).status_code == 404
    upload = {"upload_id": str(scan(service, patient).id)}
    assert client.put(path, json=upload).json()["has_attachment"] is True
    assert client.put(path, json=upload).json()["code"] == "attachment_there"
    assert client.get(path, headers={"Range": "bytes=1-3"}).content == b"can"
    assert service.client(Role.RESEARCHER).get(path).status_code == 403
    assert service.client(Role.THERAPIST).put(path, json=upload).status_code == 403


def test_only_a_checked_scan_of_this_patient_is_taken(service: Service) -> None:
    patient = service.make.patient(service.team, consents=())
    other = service.make.patient(service.team, consents=())
    client = service.client(Role.CLINICIAN)
    for upload in (scan(service, other), scan(service, patient, UploadState.REFUSED)):
        refused = record(client, patient, attachment_upload_id=str(upload.id))
        assert refused.json()["code"] == "unusable_attachment"


def test_nothing_was_signed_in_the_future(service: Service) -> None:
    patient = service.make.patient(service.team)
    client = service.client(Role.CLINICIAN)
    assert record(client, patient, signed_on="2030-01-03").status_code == 422


def test_foreign_and_missing_look_alike(service: Service) -> None:
    foreign = service.make.patient(service.make.team())
    theirs = service.make.consent(foreign)
    client = service.client(Role.CLINICIAN)
    assert record(client, foreign).status_code == 404
    assert client.get(f"{API}/patients/{foreign.id}/consents").status_code == 404
    assert client.post(f"{API}/consents/{theirs.id}/withdraw", json={}).status_code == 404
