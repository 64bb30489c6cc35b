"""Blobs in the database: kept once, and swept only when nobody refers to them."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from backend.blobs import service as blobs
from backend.db.models import Blob, RecordingFile, RecordingFileRole
from backend.db.session import now
from backend.kit.storage.blobs import Storage
from backend.kit.storage.local import LocalObjects

AT_ONCE = timedelta(0)


@pytest.fixture
def storage(site_keys, tmp_path) -> Storage:
    return Storage(LocalObjects(tmp_path / "objects"), site_keys)


@pytest.fixture
def recording(make):
    return make.recording(make.visit(make.patient(make.team())))


def kept(session, storage: Storage, recording, content: bytes = b"content") -> Blob:
    new = storage.put([content], str(recording.patient_id))
    return blobs.keep(session, new, patient_id=recording.patient_id, media_type="video/mp4")


def refer(session, recording, blob: Blob) -> None:
    session.add(
        RecordingFile(
            recording_id=recording.id,
            patient_id=recording.patient_id,
            role=RecordingFileRole.CROPS,
            blob_id=blob.id,
            details={},
            created_at=now(session),
        )
    )


def objects(storage: Storage) -> int:
    return len(list(storage._objects.listing()))


def test_equal_content_is_kept_once(database, storage, recording):
    with database.unit_of_work() as session:
        first = kept(session, storage, recording)
        refer(session, recording, first)
    with database.unit_of_work() as session:
        again = kept(session, storage, recording)
    assert again.id == first.id
    blobs.sweep(database, storage, grace=AT_ONCE)
    assert objects(storage) == 1
    assert storage.read(blobs.ref(again)) == b"content"


def test_what_nobody_refers_to_is_swept_after_its_grace(database, clock, storage, recording):
    with database.unit_of_work() as session:
        kept(session, storage, recording)
    assert blobs.sweep(database, storage).blobs == 0
    clock.advance(hours=2)
    assert blobs.sweep(database, storage).blobs == 1
    assert objects(storage) == 0


def test_objects_that_no_row_knows_are_swept(database, storage):
    for content in (b"one", b"two"):
        storage.put([content], "nobody")
    assert blobs.sweep(database, storage, grace=AT_ONCE).objects == 2
    assert objects(storage) == 0


def test_a_sweep_never_takes_what_is_being_referred_to(database, clock, storage, recording):
    with database.unit_of_work() as session:
        first = kept(session, storage, recording)
    clock.advance(seconds=1)
    swept = threading.Event()

    def sweep() -> None:
        blobs.sweep(database, storage, grace=AT_ONCE)
        swept.set()

    sweeper = threading.Thread(target=sweep)
    with database.unit_of_work() as session:
        again = kept(session, storage, recording)
        assert again.id == first.id
        sweeper.start()
        # The sweep waits for the row, or has not begun to write.
        assert not swept.wait(0.3)
        refer(session, recording, again)
    sweeper.join()
    assert storage.read(blobs.ref(again)) == b"content"
