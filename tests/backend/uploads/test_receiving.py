"""Files on their way in: resumed, checked, accepted or refused, and nothing left behind."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from uuid import uuid4

import pytest
from hostile_files import HOSTILE, zip_archive

from backend.access import Permission
from backend.blobs import service as blobs
from backend.consents.errors import ConsentMissingError
from backend.db.models import (
    Blob,
    Consent,
    Job,
    JobKind,
    Recording,
    RecordingState,
    RecordingView,
    Upload,
    UploadKind,
    UploadState,
    View,
)
from backend.db.session import now
from backend.kit.errors import NotFoundError, StorageFullError
from backend.recordings import service as recordings
from backend.recordings.errors import NoViewsError, RecordingCompleteError, ViewTakenError
from backend.uploads.errors import (
    ChecksumMismatchError,
    FileRefusedError,
    OffsetConflictError,
    UploadBusyError,
    UploadDoneError,
    UploadGoneError,
    UploadTooLargeError,
)
from backend.uploads.schemas import Announcement, ChunkChecksum


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _jobs(clinic, kind: JobKind) -> list[Job]:
    return [job for job in clinic.rows(Job) if job.kind is kind]


def test_a_file_becomes_a_view_of_its_recording(clinic, film):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content, sha256=_sha256(content))
    assert clinic.send(upload_id, content) == len(content)
    (view,) = clinic.rows(RecordingView)
    (blob,) = clinic.rows(Blob)
    assert (view.width, view.height, view.frames) == (160, 120, 12)
    assert view.sha256 == _sha256(content)
    assert clinic.storage.read(blobs.ref(blob)) == content
    assert clinic.receiving.standing(clinic.caller, upload_id).state is UploadState.ACCEPTED
    assert clinic.files() == []


def test_a_lost_connection_is_resumed_where_it_broke(clinic, film):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content, sha256=_sha256(content))
    assert clinic.send(upload_id, content[:1500], lost=True) == 1500
    standing = clinic.receiving.standing(clinic.caller, upload_id)
    assert (standing.state, standing.received_bytes) == (UploadState.OPEN, 1500)
    with pytest.raises(OffsetConflictError) as conflict:
        clinic.send(upload_id, content[1000:], offset=1000)
    assert conflict.value.headers == {"Upload-Offset": "1500"}
    clinic.send(upload_id, content[1500:], offset=1500)
    assert clinic.rows(RecordingView)[0].sha256 == _sha256(content)


def test_a_sender_that_fell_silent_does_not_hold_the_upload(clinic, film, monkeypatch):
    monkeypatch.setattr("backend.uploads.receiving._SILENT_S", 0.05)
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)

    async def chunks():
        yield content[:1000]
        await asyncio.Event().wait()

    sending = clinic.receiving.receive(clinic.caller, upload_id, 0, None, chunks())
    assert asyncio.run(sending) == 1000
    clinic.send(upload_id, content[1000:], offset=1000)
    assert len(clinic.rows(RecordingView)) == 1


def test_partial_files_hold_nothing_readable(clinic, film, tmp_path):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)
    clinic.send(upload_id, content[:2000], lost=True)
    (part,) = (tmp_path / "data" / "uploads").iterdir()
    assert part.stat().st_size == 2000
    assert part.stat().st_mode & 0o077 == 0
    assert b"ftyp" not in part.read_bytes()


def test_a_damaged_part_is_sent_again(clinic, film):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)
    right = ChunkChecksum("sha1", hashlib.sha1(content).digest())
    with pytest.raises(ChecksumMismatchError):
        clinic.send(upload_id, b"\1" + content[1:], checksum=right)
    clinic.send(upload_id, content[:100], checksum=right, lost=True)
    assert clinic.receiving.standing(clinic.caller, upload_id).received_bytes == 0
    clinic.send(upload_id, content, checksum=right)
    assert len(clinic.rows(RecordingView)) == 1


@pytest.mark.parametrize(
    "fault",
    ["checksum", "truncated", "polyglot", "noise", "playlist", "large picture", "10,000 streams"],
)
def test_a_refused_file_leaves_its_reason_and_nothing_else(clinic, film, fault):
    content, recording_id = film(), clinic.recording("center")
    spoilt = {
        "checksum": content,
        "truncated": content[:-50],
        "polyglot": content + zip_archive(),
    }
    sent = spoilt.get(fault) or HOSTILE[fault]
    declared = _sha256(b"other" if fault == "checksum" else sent)
    upload_id = clinic.announce(recording_id, "center", sent, sha256=declared)
    expected = ChecksumMismatchError if fault == "checksum" else FileRefusedError
    with pytest.raises(expected):
        clinic.send(upload_id, sent)
    (upload,) = clinic.rows(Upload)
    assert upload.state is UploadState.REFUSED
    assert upload.reason
    assert upload.next_step
    assert clinic.rows(RecordingView) == clinic.rows(Blob) == clinic.files() == []
    assert clinic.stored() == set()
    with pytest.raises(UploadGoneError, match=upload.reason):
        clinic.receiving.standing(clinic.caller, upload_id)
    clinic.upload(recording_id, "center", content)
    assert len(clinic.rows(RecordingView)) == 1


def test_more_bytes_than_announced_are_not_kept(clinic, film):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)
    with pytest.raises(UploadTooLargeError):
        clinic.send(upload_id, content + b"x")
    assert clinic.receiving.standing(clinic.caller, upload_id).received_bytes == 0


def test_no_upload_without_consent_to_care(clinic, film):
    recording_id = clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", film())
    with clinic.database.unit_of_work() as session:
        session.get(Consent, clinic.consent_id).withdrawn_at = now(session)
    with pytest.raises(ConsentMissingError):
        clinic.announce(recording_id, "center", film())
    with pytest.raises(ConsentMissingError):
        clinic.recording("left")
    with pytest.raises(ConsentMissingError):
        clinic.send(upload_id, film())
    assert clinic.rows(RecordingView) == []


def test_foreign_and_missing_look_alike(clinic, film):
    recording_id = clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", film())
    stranger = clinic.caller.__class__(
        user_id=clinic.caller.user_id,
        roles=clinic.caller.roles,
        request_id="test",
        authenticated_by="session",
        permission=Permission.VISIT_WRITE,
    )
    what = Announcement(recording_id=recording_id, view="left")
    with pytest.raises(NotFoundError):
        clinic.receiving.announce(stranger, what, 10)
    for caller, known in ((stranger, upload_id), (clinic.caller, uuid4())):
        with pytest.raises(NotFoundError):
            clinic.receiving.standing(caller, known)
        with pytest.raises(NotFoundError):
            clinic.receiving.abandon(caller, known)


@pytest.mark.parametrize(
    ("limit", "error"),
    [
        ({"max_upload_bytes": 100}, UploadTooLargeError),
        ({"quota_bytes": 100}, StorageFullError),
        ({"reserve_bytes": 2**60}, StorageFullError),
    ],
)
def test_room_is_asked_for_before_the_first_byte(clinic, film, limit, error):
    recording_id = clinic.recording("center")
    clinic.receiving._settings = clinic.receiving._settings.model_copy(update=limit)
    with pytest.raises(error):
        clinic.announce(recording_id, "center", film())
    assert clinic.rows(Upload) == []


def test_an_empty_file_is_refused_at_once(clinic):
    with pytest.raises(FileRefusedError):
        clinic.announce(clinic.recording("center"), "center", b"")


def test_a_full_disk_keeps_what_had_arrived_and_recovers(clinic, film, monkeypatch):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)
    clinic.send(upload_id, content[:1000], lost=True)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("backend.uploads.partials.os.pwrite", full)
        with pytest.raises(StorageFullError):
            clinic.send(upload_id, content[1000:], offset=1000)
    with monkeypatch.context() as disk:
        disk.setattr("backend.kit.storage.local.os.write", full)
        with pytest.raises(StorageFullError):
            clinic.send(upload_id, content[1000:], offset=1000)
    assert clinic.rows(RecordingView) == []
    assert clinic.stored() == set()
    standing = clinic.receiving.standing(clinic.caller, upload_id)
    assert standing.state is UploadState.ACCEPTED
    assert len(clinic.rows(RecordingView)) == 1


def test_two_connections_do_not_write_to_one_upload(clinic, film):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)
    with clinic.receiving._partials.locked(upload_id):
        with pytest.raises(UploadBusyError):
            clinic.send(upload_id, content)
        with pytest.raises(UploadBusyError):
            clinic.receiving.abandon(clinic.caller, upload_id)
    clinic.send(upload_id, content)


def test_an_abandoned_upload_is_gone(clinic, film):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)
    clinic.send(upload_id, content[:1000], lost=True)
    clinic.receiving.abandon(clinic.caller, upload_id)
    assert clinic.files() == []
    with pytest.raises(UploadGoneError):
        clinic.send(upload_id, content)


def test_an_accepted_upload_can_neither_grow_nor_be_abandoned(clinic, film):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.upload(recording_id, "center", content)
    with pytest.raises(UploadDoneError):
        clinic.send(upload_id, content, offset=len(content))
    with pytest.raises(UploadDoneError):
        clinic.receiving.abandon(clinic.caller, upload_id)


def test_overdue_uploads_are_swept(clinic, clock, film):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)
    clinic.send(upload_id, content[:1000], lost=True)
    assert clinic.receiving.sweep() == 0
    clock.advance(hours=25)
    assert clinic.receiving.sweep() == 1
    assert clinic.files() == []
    assert clinic.rows(Upload)[0].state is UploadState.ABANDONED
    assert clinic.receiving.sweep() == 0


def test_what_a_crash_left_is_finished_or_removed(clinic, film, tmp_path, monkeypatch):
    content, recording_id = film(), clinic.recording("center")
    upload_id = clinic.announce(recording_id, "center", content)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as power:
        power.setattr(clinic.receiving, "_publish", crash)
        with pytest.raises(KeyboardInterrupt):
            clinic.send(upload_id, content)
    (tmp_path / "data" / "uploads" / f"{uuid4().hex}.look").write_bytes(b"left over")
    assert clinic.receiving.sweep() == 2
    assert len(clinic.rows(RecordingView)) == 1
    assert clinic.files() == []
    assert len(clinic.stored()) == 2
    swept = blobs.sweep(clinic.database, clinic.storage, grace=timedelta(0))
    assert (swept.blobs, swept.objects) == (0, 1)
    (blob,) = clinic.rows(Blob)
    assert clinic.storage.read(blobs.ref(blob)) == content


def test_a_calibration_is_given_to_its_recording(clinic):
    recording_id = clinic.recording("center")
    right = b'{"center_K": [[1000,0,80],[0,1000,60],[0,0,1]], "center_Rt": '
    right += b'[[1,0,0,0],[0,1,0,0],[0,0,1,0]], "center_width": 160, "center_height": 120}'
    for content, accepted in ((b'{"center_K": 1}', False), (right, True)):
        what = Announcement(kind=UploadKind.CALIBRATION, recording_id=recording_id)
        upload = clinic.receiving.announce(clinic.caller, what, len(content))
        if accepted:
            clinic.send(upload.id, content)
        else:
            with pytest.raises(FileRefusedError) as refusal:
                clinic.send(upload.id, content)
            assert "/" not in refusal.value.message
    assert clinic.rows(Recording)[0].calibration_blob_id == clinic.rows(Blob)[0].id


def test_the_scan_of_a_consent_needs_no_consent(clinic, photograph):
    with clinic.database.unit_of_work() as session:
        session.get(Consent, clinic.consent_id).withdrawn_at = now(session)
    what = Announcement(kind=UploadKind.CONSENT, patient_id=clinic.patient_id)
    for content in (b"%PDF-1.7\n%%EOF", photograph):
        upload = clinic.receiving.announce(clinic.caller, what, len(content))
        clinic.send(upload.id, content)
    assert {blob.media_type for blob in clinic.rows(Blob)} == {"application/pdf", "image/png"}


class TestCompletion:
    def test_the_last_view_starts_the_work_once(self, clinic, film):
        recording_id = clinic.recording("left", "center", "right", takes=2)
        for shade, view in enumerate(["right", "left", "center"]):
            assert clinic.rows(Job) == []
            clinic.upload(recording_id, view, film(shade=shade))
        assert clinic.rows(Recording)[0].state is RecordingState.COMPLETE
        assert len(_jobs(clinic, JobKind.ANALYZE_TAKE)) == 2
        assert len(_jobs(clinic, JobKind.QUICK_LOOK)) == len(_jobs(clinic, JobKind.PROXY)) == 1

    def test_views_that_arrive_at_the_same_time_start_the_work_once(self, clinic, film):
        recording_id = clinic.recording("left", "center", "right")
        views = ("left", "center", "right")
        clinic.upload_at_once(recording_id, {view: film(shade=len(view)) for view in views})
        assert len(clinic.rows(RecordingView)) == 3
        assert len(_jobs(clinic, JobKind.ANALYZE_TAKE)) == 1

    def test_what_is_there_can_be_used(self, clinic, film):
        recording_id = clinic.recording("left", "center")
        with pytest.raises(NoViewsError), clinic.database.unit_of_work() as session:
            recordings.use_what_is_there(session, clinic.caller, recording_id)
        clinic.upload(recording_id, "center", film())
        for _ in range(2):
            with clinic.database.unit_of_work() as session:
                recordings.use_what_is_there(session, clinic.caller, recording_id)
        assert len(_jobs(clinic, JobKind.ANALYZE_TAKE)) == 1
        with pytest.raises(RecordingCompleteError):
            clinic.announce(recording_id, "left", film())

    def test_the_same_view_comes_once(self, clinic, film):
        recording_id = clinic.recording("left", "center")
        late = clinic.announce(recording_id, "center", film(shade=5))
        clinic.upload(recording_id, "center", film())
        with pytest.raises(ViewTakenError):
            clinic.announce(recording_id, "center", film())
        with pytest.raises(ViewTakenError):
            clinic.send(late, film(shade=5))
        assert len(clinic.rows(RecordingView)) == 1

    def test_a_wrong_file_is_taken_out_and_its_bytes_are_swept(self, clinic, clock, film):
        recording_id = clinic.recording("left", "center")
        clinic.upload(recording_id, "center", film())
        with clinic.database.unit_of_work() as session:
            recordings.remove_view(session, clinic.caller, recording_id, View.CENTER)
        clinic.upload(recording_id, "center", film(shade=9))
        assert len(clinic.rows(RecordingView)) == 1
        clock.advance(hours=2)
        assert blobs.sweep(clinic.database, clinic.storage).blobs == 1
        assert len(clinic.stored()) == 1

    def test_one_file_for_two_recordings_is_kept_once(self, clinic, film):
        for _ in range(2):
            recording_id = clinic.recording("left", "center", takes=0)
            clinic.upload(recording_id, "center", film())
        assert len(clinic.rows(RecordingView)) == 2
        assert len(clinic.rows(Blob)) == 1
        blobs.sweep(clinic.database, clinic.storage, grace=timedelta(0))
        assert len(clinic.stored()) == 1
