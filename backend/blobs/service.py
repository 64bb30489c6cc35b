"""Keeping blobs: the row for new bytes, reading through the row, sweeping what nobody refers to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.blobs import repository
from backend.db.models import Blob
from backend.db.session import Database, now
from backend.kit.storage.blobs import BlobRef, NewBlob, Storage

# Longer than any unit of work between writing an object and the commit of the row that names it.
GRACE = timedelta(hours=1)
_BATCH = 200


@dataclass(frozen=True)
class Swept:
    """What a sweep removed: blobs nobody referred to, objects no row knew."""

    blobs: int
    objects: int


def context_of(patient_id: UUID | None) -> str:
    """What a new blob's encryption is bound to."""
    return "site" if patient_id is None else str(patient_id)


def keep(session: Session, new: NewBlob, *, patient_id: UUID | None, media_type: str) -> Blob:
    """The row for bytes that were just put; the caller lets another row refer to it.

    Equal content of one patient is kept once: then the row is the older one, and the new object
    goes with the next sweep.
    """
    if (known := _known(session, new, patient_id)) is not None:
        return known
    blob = Blob(
        patient_id=patient_id,
        digest=new.digest,
        object_name=new.name,
        context=new.context,
        size_bytes=new.size,
        stored_bytes=new.stored_bytes,
        media_type=media_type,
        created_at=now(session),
    )
    try:
        with session.begin_nested():
            session.add(blob)
    except IntegrityError:
        # The same content came in another transaction at the same moment.
        known = _known(session, new, patient_id)
        if known is None:
            raise
        return known
    return blob


def ref(blob: Blob) -> BlobRef:
    """Where the blob lies, for the storage."""
    return BlobRef(blob.object_name, blob.context, blob.size_bytes, blob.digest)


def get(session: Session, blob_id: UUID) -> Blob:
    """The blob that a row, which the caller was allowed to read, refers to."""
    return repository.get(session, blob_id)


def find(session: Session, blob_id: UUID) -> Blob | None:
    """A blob that nothing refers to for long, while it is there."""
    return repository.find(session, blob_id)


def sweep(database: Database, storage: Storage, *, grace: timedelta = GRACE) -> Swept:
    """Remove blobs that no row refers to, and objects that no row knows, once past their grace.

    The row goes first: a crash in between leaves an object that no row knows, never a row without
    its object.
    """
    blobs = 0
    while removed := _remove_unused(database, grace):
        for blob in removed:
            storage.delete(ref(blob))
        blobs += len(removed)
    objects = 0
    before = database.clock.now() - grace
    for names in _batches(storage.names(before)):
        with database.unit_of_work(read_only=True) as session:
            known = repository.known_names(session, names)
        for name in set(names) - known:
            storage.discard(name)
            objects += 1
    return Swept(blobs, objects)


def _remove_unused(database: Database, grace: timedelta) -> list[Blob]:
    with database.unit_of_work() as session:
        candidates = repository.unused(session, now(session) - grace, _BATCH)
        return [blob for blob in candidates if _removed(session, blob)]


def _removed(session: Session, blob: Blob) -> bool:
    try:
        with session.begin_nested():
            return repository.remove_unused(session, blob.id)
    except IntegrityError:
        # Another transaction came to refer to it while this one waited for the row.
        return False


def _batches(names: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for name in names:
        batch.append(name)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _known(session: Session, new: NewBlob, patient_id: UUID | None) -> Blob | None:
    return repository.with_digest(session, patient_id, new.digest)
