"""Uploads over HTTP as a tus 1.0 client makes them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from uuid import uuid4

import pytest

from backend.access import Role
from backend.db.models import Recording

API = "/api/v1"
TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(**values: Any) -> str:
    return ",".join(
        f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in values.items()
    )


@pytest.fixture
def recording(service) -> Recording:
    make = service.make
    return make.recording(make.visit(make.patient(service.team)))


@pytest.fixture
def client(service):
    return service.client(Role.CLINICIAN)


def announce(client: Any, recording: Recording, content: bytes, **more: Any) -> Any:
    said = {"recording_id": recording.id, "view": "center", "filename": "../../etc/passwd", **more}
    headers = {**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": metadata(**said)}
    return client.post(f"{API}/uploads", headers=headers)


def part(client: Any, place: str, content: bytes, offset: int = 0, **headers: str) -> Any:
    sent = {**PART, "Upload-Offset": str(offset), **headers}
    return client.patch(place, content=content, headers=sent)


class TestUpload:
    def test_anonymous(self, service, recording):
        answer = announce(service.anonymous(), recording, b"x")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"

    def test_other_roles(self, service, recording):
        for role in (Role.ADMIN, Role.RESEARCHER):
            assert announce(service.client(role), recording, b"x").status_code == 403

    def test_another_teams_patient(self, service, recording, client, film):
        stranger = service.client(Role.CLINICIAN, teams=(service.make.team(),))
        assert announce(stranger, recording, b"x").status_code == 404
        place = announce(client, recording, film()).headers["Location"]
        assert part(stranger, place, film()).status_code == 404
        assert stranger.head(place, headers=TUS).status_code == 404
        assert stranger.delete(place, headers=TUS).status_code == 404
        assert stranger.get(place).status_code == 404

    def test_what_the_server_can_do(self, client):
        answer = client.options(f"{API}/uploads")
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert "checksum" in answer.headers["Tus-Extension"]
        assert int(answer.headers["Tus-Max-Size"]) > 2**30

    def test_in_parts(self, client, recording, film):
        content = film()
        half = len(content) // 2
        made = announce(client, recording, content, sha256=hashlib.sha256(content).hexdigest())
        assert made.status_code == 201
        assert made.headers["Tus-Resumable"] == "1.0.0"
        assert made.headers["Upload-Expires"].endswith("GMT")
        place = made.headers["Location"]
        assert part(client, place, content[:half]).headers["Upload-Offset"] == str(half)
        standing = client.head(place, headers=TUS)
        assert standing.headers["Upload-Offset"] == str(half)
        assert standing.headers["Upload-Length"] == str(len(content))
        assert standing.headers["Cache-Control"] == "no-store"
        wrong = part(client, place, content)
        assert wrong.status_code == 409
        assert wrong.headers["Upload-Offset"] == str(half)
        assert wrong.headers["Tus-Resumable"] == "1.0.0"
        digest = base64.b64encode(hashlib.sha256(content[half:]).digest()).decode()
        last = part(client, place, content[half:], half, **{"Upload-Checksum": f"sha256 {digest}"})
        assert last.status_code == 204
        assert client.get(place).json()["state"] == "accepted"
        read = client.get(f"{API}/recordings/{recording.id}").json()
        assert read["state"] == "complete"
        assert read["views"][0]["width"] == 160

    def test_refusal_is_told_and_kept(self, client, recording):
        place = announce(client, recording, b"#EXTM3U" * 10).headers["Location"]
        refused = part(client, place, b"#EXTM3U" * 10)
        assert refused.status_code == 422
        assert refused.json()["code"] == "file_refused"
        told = client.get(place).json()
        assert told["state"] == "refused"
        assert told["reason"] == refused.json()["detail"]
        assert client.head(place, headers=TUS).status_code == 410
        listed = client.get(f"{API}/recordings/{recording.id}/uploads").json()
        assert [upload["state"] for upload in listed] == ["refused"]

    def test_whole_file_checksum(self, client, recording, film):
        place = announce(client, recording, film(), sha256="0" * 64).headers["Location"]
        assert part(client, place, film()).status_code == 460

    def test_given_up(self, client, recording, film):
        place = announce(client, recording, film()).headers["Location"]
        assert client.delete(place, headers=TUS).status_code == 204
        assert client.head(place, headers=TUS).status_code == 410

    def test_without_consent(self, service, client):
        make = service.make
        other = make.recording(make.visit(make.patient(service.team, consents=())))
        refused = announce(client, other, b"x")
        assert refused.status_code == 409
        assert refused.json()["code"] == "consent_missing"
        assert refused.json()["next_step"]

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Tus-Resumable": "0.2.2"}, 412),
            ({"Upload-Length": ""}, 422),
            ({"Upload-Length": "-1"}, 422),
            ({"Upload-Length": str(2**50)}, 413),
            ({"Upload-Length": "0"}, 422),
            ({"Upload-Metadata": "view"}, 400),
            ({"Upload-Metadata": "view !!!"}, 400),
            ({"Upload-Metadata": metadata(view="above")}, 400),
            ({"Upload-Metadata": metadata(kind="consent")}, 400),
            ({"Upload-Metadata": metadata(view="left", recording_id=uuid4())}, 404),
        ],
    )
    def test_malformed_announcements(self, client, recording, headers, status):
        sent = {**TUS, "Upload-Length": "10", **headers}
        said = metadata(recording_id=recording.id, view="center")
        answer = client.post(f"{API}/uploads", headers={"Upload-Metadata": said, **sent})
        assert answer.status_code == status
        assert answer.json()["detail"]

    def test_malformed_parts(self, client, recording, film):
        place = announce(client, recording, film()).headers["Location"]
        assert part(client, place, b"x", **{"Content-Type": "text/plain"}).status_code == 415
        assert part(client, place, b"x", **{"Upload-Checksum": "md5 eA=="}).status_code == 400
        assert client.patch(place, content=b"x", headers=PART).status_code == 422
        assert part(client, place, film() + b"x").status_code == 413
        assert client.head(place, headers=TUS).headers["Upload-Offset"] == "0"

    def test_names_of_clients_are_nowhere(self, client, recording, settings, film):
        announce(client, recording, film(), filename="Jane Doe 1970.mp4")
        paths = [str(path) for path in settings.data_dir.rglob("*")]
        assert not any("Jane" in path or "passwd" in path for path in paths)

    def test_a_scan_for_a_consent(self, service, client):
        patient = service.make.patient(service.team, consents=())
        said = metadata(kind="consent", patient_id=patient.id)
        headers = {**TUS, "Upload-Length": "14", "Upload-Metadata": said}
        place = client.post(f"{API}/uploads", headers=headers).headers["Location"]
        assert part(client, place, b"%PDF-1.7\n%%EOF").status_code == 204
        signed = {"purpose": "care", "signed_on": "2029-12-31"}
        signed["attachment_upload_id"] = place.rpartition("/")[2]
        kept = client.post(f"{API}/patients/{patient.id}/consents", json=signed)
        assert kept.status_code == 201
        assert kept.json()["has_attachment"]
