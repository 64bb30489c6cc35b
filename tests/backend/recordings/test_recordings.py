"""Recordings over HTTP: announced, corrected, completed, looked at."""

from __future__ import annotations

from typing import Any

import pytest

from backend.access import Role
from backend.audit.repository import whole_log
from backend.blobs import service as blobs
from backend.db.models import (
    Consent,
    Job,
    JobKind,
    Recording,
    RecordingFile,
    RecordingFileRole,
    RecordingState,
    View,
    Visit,
)
from backend.db.session import now

API = "/api/v1"


@pytest.fixture
def visit(service) -> Visit:
    return service.make.visit(service.make.patient(service.team))


@pytest.fixture
def client(service):
    return service.client(Role.CLINICIAN)


def create(client: Any, visit: Visit, **values: Any) -> Any:
    body = {"declared_views": ["right", "center"], **values}
    return client.post(f"{API}/visits/{visit.id}/recordings", json=body)


def give_video(service, recording: Recording, content: bytes) -> None:
    """What the worker makes of a view."""
    patient_id = recording.patient_id
    for role, media_type in (
        (RecordingFileRole.PROXY, "video/mp4"),
        (RecordingFileRole.THUMBNAIL, "image/jpeg"),
    ):
        new = service.app.state.storage.put([content + role.encode()], str(patient_id))
        with service.database.unit_of_work() as session:
            blob = blobs.keep(session, new, patient_id=patient_id, media_type=media_type)
            row = RecordingFile(
                recording_id=recording.id,
                patient_id=patient_id,
                role=role,
                view=View.CENTER,
                blob_id=blob.id,
                details={},
                created_at=now(session),
            )
            session.add(row)


class TestCreate:
    def test_anonymous(self, service, visit):
        assert create(service.anonymous(), visit).status_code == 401

    def test_waits_for_its_views(self, client, visit):
        made = create(client, visit, device="three phones", camera_distance_mm=900)
        assert made.status_code == 201
        body = made.json()
        assert body["state"] == "waiting"
        assert body["missing_views"] == body["declared_views"] == ["center", "right"]
        assert body["device"] == "three phones"
        assert made.headers["ETag"] == f'"{body["version"]}"'
        listed = client.get(f"{API}/visits/{visit.id}/recordings").json()
        assert [row["id"] for row in listed] == [body["id"]]

    @pytest.mark.parametrize(
        "values",
        [
            {"declared_views": []},
            {"declared_views": ["center", "center"]},
            {"declared_views": ["above"]},
            {"camera_distance_mm": 3},
            {"known_distances_mm": {"nose": 40}},
            {"known_distances_mm": {"pupils": 400}},
            {"offsets_s": {"above": 1}},
            {"recorded_at": "2029-01-01T10:00:00"},
            {"more": 1},
        ],
    )
    def test_what_cannot_be_is_refused(self, client, visit, values):
        assert create(client, visit, **values).status_code == 422

    def test_without_consent(self, service, client):
        without = service.make.visit(service.make.patient(service.team, consents=()))
        refused = create(client, without)
        assert (refused.status_code, refused.json()["code"]) == (409, "consent_missing")

    def test_foreign_visit(self, service, client):
        foreign = service.make.visit(service.make.patient(service.make.team()))
        assert create(client, foreign).status_code == 404
        assert client.get(f"{API}/visits/{foreign.id}/recordings").status_code == 404

    def test_signed_visit(self, service, client):
        patient = service.make.patient(service.team)
        signed = service.make.visit(patient, signed_at=service.database.clock.now())
        recording = service.make.recording(signed)
        assert create(client, signed).json()["code"] == "visit_signed"
        complete = client.post(f"{API}/recordings/{recording.id}/complete")
        assert complete.json()["code"] == "visit_signed"


class TestChange:
    def test_only_what_is_sent_changes(self, client, visit):
        made = create(client, visit, device="phones", iris_mm=11.5)
        place, tag = f"{API}/recordings/{made.json()['id']}", made.headers["ETag"]
        change = {"offsets_s": {"right": 0.25}, "recorded_at": "2029-01-01T10:00:00+01:00"}
        changed = client.patch(place, json=change, headers={"If-Match": tag})
        assert changed.status_code == 200
        body = changed.json()
        assert (body["device"], body["iris_mm"]) == ("phones", 11.5)
        assert body["offsets_s"] == {"right": 0.25}
        assert body["recorded_at"] == "2029-01-01T09:00:00Z"
        late = client.patch(place, json={"device": "x"}, headers={"If-Match": tag})
        assert late.status_code == 412
        assert client.patch(place, json={"device": "x"}).status_code == 428


class TestComplete:
    def test_nothing_there(self, client, visit):
        made = create(client, visit).json()
        refused = client.post(f"{API}/recordings/{made['id']}/complete")
        assert (refused.status_code, refused.json()["code"]) == (409, "no_views")

    def test_what_is_there_is_used(self, service, client, visit):
        recording = service.make.recording(visit, declared_views=["left", "center"])
        service.make.view(recording)
        take = service.make.take(visit, recording)
        service.make.take(visit, recording, excluded_at=service.database.clock.now())
        service.make.take(visit, recording, movement="of_no_protocol")
        done = client.post(f"{API}/recordings/{recording.id}/complete").json()
        assert (done["state"], done["missing_views"]) == ("complete", ["left"])
        with service.database.unit_of_work(read_only=True) as session:
            queued = session.query(Job).where(Job.kind == JobKind.ANALYZE_TAKE).all()
        assert [job.take_id for job in queued] == [take.id]


class TestVoid:
    def test_out_of_use_and_back(self, service, client, visit):
        made = create(client, visit).json()
        place, why = f"{API}/recordings/{made['id']}", {"reason": "made by mistake"}
        assert client.post(f"{place}/unvoid").json()["code"] == "not_void"
        assert client.post(f"{place}/void", json=why).json()["voided_at"]
        assert client.post(f"{place}/complete").json()["code"] == "void"
        assert client.get(f"{API}/visits/{visit.id}/recordings").json() == []
        assert client.post(f"{place}/unvoid").json()["voided_at"] is None
        assert len(client.get(f"{API}/visits/{visit.id}/recordings").json()) == 1

    def test_not_while_takes_lie_in_it(self, service, client, visit):
        recording = service.make.recording(visit)
        service.make.take(visit, recording)
        refused = client.post(f"{API}/recordings/{recording.id}/void", json={"reason": "mistake"})
        assert (refused.status_code, refused.json()["code"]) == (409, "recording_in_use")

    def test_therapist(self, service, visit):
        recording = service.make.recording(visit)
        therapist = service.client(Role.THERAPIST)
        refused = therapist.post(f"{API}/recordings/{recording.id}/void", json={"reason": "why"})
        assert refused.status_code == 403


class TestRemoveView:
    def test_while_it_waits(self, service, client, visit):
        recording = service.make.recording(visit, declared_views=["left", "center"])
        service.make.view(recording)
        place = f"{API}/recordings/{recording.id}/views/center"
        assert client.delete(place).status_code == 204
        assert client.delete(place).status_code == 404

    def test_not_when_complete(self, service, client, visit):
        recording = service.make.recording(visit, state=RecordingState.COMPLETE)
        service.make.view(recording)
        refused = client.delete(f"{API}/recordings/{recording.id}/views/center")
        assert (refused.status_code, refused.json()["code"]) == (409, "recording_complete")


class TestVideo:
    @pytest.fixture
    def recording(self, service, visit) -> Recording:
        recording = service.make.recording(visit, state=RecordingState.COMPLETE)
        service.make.view(recording)
        return recording

    def place(self, recording: Recording, what: str = "video") -> str:
        return f"{API}/recordings/{recording.id}/views/center/{what}"

    def test_not_made_yet(self, client, recording):
        answer = client.get(self.place(recording))
        assert (answer.status_code, answer.json()["code"]) == (409, "video_not_ready")
        assert client.get(self.place(recording).replace("center", "left")).status_code == 404

    def test_whole_and_in_ranges(self, service, client, recording):
        content = bytes(range(256)) * 4096
        give_video(service, recording, content)
        whole = client.get(self.place(recording))
        assert whole.content == content + b"proxy"
        assert whole.headers["Content-Type"] == "video/mp4"
        assert whole.headers["Cache-Control"] == "no-store"
        some = client.get(self.place(recording), headers={"Range": "bytes=300000-300009"})
        assert some.status_code == 206
        assert some.content == content[300000:300010]
        assert some.headers["Content-Range"] == f"bytes 300000-300009/{len(whole.content)}"
        stale = {"Range": "bytes=0-1", "If-Range": '"other"'}
        assert client.get(self.place(recording), headers=stale).status_code == 200
        fresh = {"If-None-Match": whole.headers["ETag"]}
        assert client.get(self.place(recording), headers=fresh).status_code == 304
        assert client.get(self.place(recording, "thumbnail")).content == content + b"thumbnail"
        read = client.get(f"{API}/recordings/{recording.id}").json()["views"][0]
        assert read["has_video"]
        assert read["has_thumbnail"]

    def test_each_look_at_a_face_is_audited(self, service, client, clock, recording):
        give_video(service, recording, b"video")

        def looks() -> int:
            with service.database.unit_of_work(read_only=True) as session:
                return sum("face.read" in tuple(row) for row in whole_log(session))

        for _ in range(3):
            client.get(self.place(recording), headers={"Range": "bytes=0-1"})
        assert looks() == 1
        clock.advance(minutes=11)
        client.get(self.place(recording))
        assert looks() == 2
        other = service.client(Role.THERAPIST)
        other.get(self.place(recording))
        assert looks() == 3

    def test_who_may_not(self, service, recording):
        give_video(service, recording, b"video")
        assert service.anonymous().get(self.place(recording)).status_code == 401
        assert service.client(Role.RESEARCHER).get(self.place(recording)).status_code == 403
        stranger = service.client(Role.CLINICIAN, teams=(service.make.team(),))
        assert stranger.get(self.place(recording)).status_code == 404

    def test_hidden_when_consent_is_withdrawn(self, service, client, recording):
        give_video(service, recording, b"video")
        with service.database.unit_of_work() as session:
            for consent in session.query(Consent).all():
                consent.withdrawn_at = now(session)
        assert client.get(self.place(recording)).status_code == 404
