"""Blobs as their users see them: what goes in comes out, in ranges, and damage is found."""

from __future__ import annotations

import os
import secrets
import tracemalloc
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from obstore.store import MemoryStore

from backend.kit.errors import ServiceError, StorageFullError
from backend.kit.keys import LocalKeyFile, SealBrokenError
from backend.kit.storage import local
from backend.kit.storage.blobs import BlobRef, Storage
from backend.kit.storage.errors import (
    DamagedObjectError,
    MissingObjectError,
    StorageUnavailableError,
)
from backend.kit.storage.local import LocalObjects
from backend.kit.storage.objects import Objects
from backend.kit.storage.places import place
from backend.kit.storage.remote import BucketAccess, RemoteObjects
from backend.kit.storage.sealing import CHUNK_BYTES, HEADER_BYTES, SealedObject, sealed

KEYS = LocalKeyFile.generate()
LATER = datetime.now(UTC) + timedelta(days=1)
SEALED_CHUNK = CHUNK_BYTES + 16


@pytest.fixture(scope="session")
def store() -> Iterator[str]:
    """The address of an S3-compatible store on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["local", "remote", "s3"])
def objects(request, tmp_path) -> Objects:
    if request.param == "local":
        return LocalObjects(tmp_path / "objects")
    if request.param == "remote":
        return RemoteObjects(MemoryStore())
    address, name = request.getfixturevalue("store"), f"clinic-{secrets.token_hex(6)}"
    made = urllib.request.Request(f"{address}/{name}", method="PUT")
    urllib.request.urlopen(made).close()
    return place(f"s3://{name}/site", BucketAccess(address, "us-east-1", "key", "secret"))


@pytest.fixture
def storage(objects) -> Storage:
    return Storage(objects, KEYS)


def _content(size: int) -> bytes:
    return os.urandom(min(size, 4099)) * (size // 4099 + 1)


def _sealed(content: bytes) -> bytes:
    return b"".join(sealed([content], KEYS, "here"))


def _open(stored: bytes, context: str = "here") -> SealedObject:
    return SealedObject.open(lambda a, b: stored[a:b], len(stored), KEYS, context)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5_000_000])
def test_what_goes_in_comes_out(objects, storage, size):
    content = _content(size)[:size]
    blob = storage.put([content], "patient")
    assert blob.size == size
    assert blob.stored_bytes == objects.size(blob.name)
    assert storage.read(blob) == content


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_range_of_every_cut_is_the_same_bytes(data):
    size = data.draw(st.integers(0, 3 * CHUNK_BYTES + 5))
    content = _content(size)[:size]
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=5)))
    parts = [content[a:b] for a, b in zip([0, *cuts], [*cuts, size], strict=True)]
    stored = b"".join(sealed(parts, KEYS, "here"))
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size + 10))
    assert b"".join(_open(stored).stream(start, end)) == content[start:end]


def test_stored_bytes_hold_nothing_of_the_plaintext(objects, storage):
    blob = storage.put([b"a face " * 1000], "patient")
    assert b"a face" not in objects.read(blob.name, 0, objects.size(blob.name))


def test_equal_content_has_one_digest_for_one_patient_only(storage):
    first, again = storage.put([b"same"], "one"), storage.put([b"sa", b"me"], "one")
    assert first.digest == again.digest
    assert first.name != again.name
    assert storage.put([b"same"], "other").digest != first.digest
    assert storage.put([b"else"], "one").digest != first.digest


def test_another_patients_blob_does_not_open(storage):
    blob = storage.put([b"content"], "one")
    with pytest.raises(SealBrokenError):
        storage.read(BlobRef(blob.name, "other", blob.size, blob.digest))


@pytest.mark.parametrize(
    "damage",
    [
        lambda s: s[:-1],
        lambda s: s[:-SEALED_CHUNK],
        lambda s: s[: HEADER_BYTES + SEALED_CHUNK],
        lambda s: s[:HEADER_BYTES],
        lambda s: s[:10],
        lambda s: b"",
        lambda s: s + b"\0",
        lambda s: s + s[-SEALED_CHUNK:],
        lambda s: s[:-1] + bytes([s[-1] ^ 1]),
        lambda s: s[:400] + bytes([s[400] ^ 1]) + s[401:],
        lambda s: s[:HEADER_BYTES] + s[HEADER_BYTES + SEALED_CHUNK :],
        lambda s: (
            s[:HEADER_BYTES]
            + s[HEADER_BYTES + SEALED_CHUNK : HEADER_BYTES + 2 * SEALED_CHUNK]
            + s[HEADER_BYTES : HEADER_BYTES + SEALED_CHUNK]
            + s[HEADER_BYTES + 2 * SEALED_CHUNK :]
        ),
    ],
)
def test_damage_is_found(damage):
    stored = damage(_sealed(_content(3 * CHUNK_BYTES)[: 3 * CHUNK_BYTES]))
    with pytest.raises(DamagedObjectError):
        b"".join(_open(stored).stream())


def test_chunks_of_two_objects_can_not_be_mixed():
    one, other = _sealed(_content(CHUNK_BYTES * 2)), _sealed(_content(CHUNK_BYTES * 2))
    with pytest.raises(DamagedObjectError):
        b"".join(_open(one[: HEADER_BYTES + SEALED_CHUNK] + other[-SEALED_CHUNK:]).stream())


def test_an_empty_object_that_was_emptied_is_found():
    emptied = _sealed(b"x")[:HEADER_BYTES] + bytes(16)
    with pytest.raises(DamagedObjectError):
        b"".join(_open(emptied).stream())


def test_what_is_deleted_is_missing_and_deleting_again_is_fine(storage):
    blob = storage.put([b"content"], "patient")
    storage.delete(blob)
    storage.delete(blob)
    with pytest.raises(MissingObjectError):
        storage.read(blob)


def test_a_source_that_fails_leaves_nothing(storage):
    def source():
        yield bytes(20 * 2**20)
        raise ValueError("the camera went away")

    with pytest.raises(ValueError, match="camera"):
        storage.put(source(), "patient")
    assert list(storage.names(LATER)) == []


def test_names_tell_old_objects_only(storage):
    blob = storage.put([b"content"], "patient")
    assert list(storage.names(LATER)) == [blob.name]
    assert list(storage.names(datetime.now(UTC) - timedelta(hours=1))) == []
    storage.discard(blob.name)
    assert list(storage.names(LATER)) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    storage = Storage(LocalObjects(tmp_path), KEYS)
    written = 0

    def write(descriptor: int, part: memoryview) -> int:
        nonlocal written
        if written > 2**20:
            raise OSError(28, "No space left on device")
        written += len(part)
        return len(part)

    monkeypatch.setattr(local.os, "write", write)
    with pytest.raises(StorageFullError) as refusal:
        storage.put([bytes(4 * 2**20)], "patient")
    assert refusal.value.status == 507
    assert list(storage.names(LATER)) == []
    monkeypatch.undo()
    assert storage.read(storage.put([b"room again"], "patient")) == b"room again"


def test_what_a_crashed_writer_left_is_named_and_can_be_discarded(tmp_path):
    storage = Storage(LocalObjects(tmp_path), KEYS)
    (tmp_path / "incoming" / "0123").write_bytes(b"half")
    assert list(storage.names(LATER)) == ["incoming/0123"]
    storage.discard("incoming/0123")
    assert list(storage.names(LATER)) == []


def test_only_the_owner_of_the_process_may_look_into_the_folder(tmp_path):
    storage = Storage(LocalObjects(tmp_path / "objects"), KEYS)
    storage.put([b"content"], "patient")
    paths = [tmp_path / "objects", *(tmp_path / "objects").rglob("*")]
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths)


def test_a_store_that_does_not_answer_is_unavailable():
    access = BucketAccess("http://127.0.0.1:9", "nowhere", "key", "secret")
    objects = place("s3://bucket/prefix", access)
    with pytest.raises(StorageUnavailableError):
        objects.size("name")


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(ServiceError, match="neither"):
        place("ftp://somewhere/", BucketAccess())


def test_memory_does_not_grow_with_the_length(tmp_path):
    storage = Storage(LocalObjects(tmp_path), KEYS)
    part = bytes(2**20)
    tracemalloc.start()
    blob = storage.put((part for _ in range(64)), "patient")
    for _ in storage.stream(blob):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert blob.size == 64 * 2**20
    assert peak < 24 * 2**20
