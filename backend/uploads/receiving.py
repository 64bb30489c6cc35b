"""The way of a file's bytes: received in order, checked whole, looked into, sealed, published.

This is a boundary of its own, as a request is for others: receiving takes long and holds no
transaction. The order makes every crash harmless: bytes count when they are in the partial file;
the sealed object is there before the row that names it; what is left over is swept.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from anyio import CapacityLimiter, fail_after, to_thread
from starlette.requests import ClientDisconnect

from backend.access import Caller
from backend.blobs import service as blobs
from backend.db.models import Upload, UploadKind, UploadState
from backend.db.session import Database
from backend.kit.errors import ConflictError, ServiceError, StorageFullError
from backend.kit.storage.blobs import NewBlob, Storage
from backend.kit.storage.errors import FULL_DISK, StorageUnavailableError
from backend.settings import Settings
from backend.uploads import repository, service
from backend.uploads.errors import (
    ChecksumMismatchError,
    OffsetConflictError,
    UploadBusyError,
    UploadDoneError,
    UploadGoneError,
    UploadTooLargeError,
)
from backend.uploads.inspection import MediaFacts, inspect_paper, inspect_view
from backend.uploads.partials import Partial, Partials
from backend.uploads.schemas import Announcement, ChunkChecksum, UploadStatus

_WRITE_BYTES = 2**20
_SILENT_S = 30.0
# Files that are looked into and sealed at the same time; each keeps a core busy.
_AT_ONCE = 2


class Receiving:
    """Takes in files; one object for the life of the process."""

    def __init__(self, database: Database, storage: Storage, settings: Settings) -> None:
        self._database = database
        self._storage = storage
        self._settings = settings
        self._partials = Partials(settings.data_dir / "uploads", database.keys)
        self._finishing = CapacityLimiter(_AT_ONCE)

    @property
    def most_bytes(self) -> int:
        """How large a file may be."""
        return self._settings.max_upload_bytes

    def announce(self, caller: Caller, what: Announcement, declared_bytes: int) -> UploadStatus:
        """Begin an upload; raises what `service.announce` raises."""
        room = service.Room(
            file_bytes=self._settings.max_upload_bytes,
            quota_bytes=self._settings.quota_bytes,
            reserve_bytes=self._settings.reserve_bytes,
            free_bytes=self._partials.free_bytes(),
            keep_open=timedelta(hours=self._settings.upload_hours),
        )
        with self._database.unit_of_work() as session:
            return UploadStatus.of(service.announce(session, caller, what, declared_bytes, room))

    def standing(self, caller: Caller, upload_id: UUID) -> UploadStatus:
        """How far an upload is, for a client that wants to go on; raises UploadGoneError.

        A file that is here whole and was never looked into, as after a crash, is finished first.
        """
        upload = self._to_continue(caller, upload_id)
        if upload.state is UploadState.ACCEPTED:
            return UploadStatus.of(upload)
        offset = self._partials.offset(upload_id)
        if offset < upload.declared_bytes:
            return UploadStatus.of(upload).model_copy(update={"received_bytes": offset})
        with suppress(UploadBusyError):
            self._finish_left_over(caller, upload)
        return UploadStatus.of(self._to_continue(caller, upload_id))

    async def receive(
        self,
        caller: Caller,
        upload_id: UUID,
        offset: int,
        checksum: ChunkChecksum | None,
        chunks: AsyncIterator[bytes],
    ) -> int:
        """Add the bytes that follow `offset` and return the new one; the last byte finishes.

        Raises NotFoundError, UploadGoneError, UploadBusyError, OffsetConflictError,
        UploadTooLargeError, ChecksumMismatchError, and for the whole file FileRefusedError or
        what else stands against it; StorageFullError leaves what had arrived before.
        """
        upload = await to_thread.run_sync(self._to_continue, caller, upload_id)
        if upload.state is UploadState.ACCEPTED:
            raise UploadDoneError
        with self._partials.locked(upload_id) as partial:
            if (at := partial.offset) != offset:
                raise OffsetConflictError(
                    extra={"expected_offset": at}, headers={"Upload-Offset": str(at)}
                )
            await self._append(partial, upload.declared_bytes, checksum, chunks)
            arrived = partial.offset
            await to_thread.run_sync(self._note_progress, upload_id, arrived)
            if arrived == upload.declared_bytes:
                await to_thread.run_sync(
                    self._finish, caller, upload, partial, limiter=self._finishing
                )
        return arrived

    def abandon(self, caller: Caller, upload_id: UUID) -> None:
        """End an upload and remove what arrived.

        Raises NotFoundError, UploadGoneError, UploadDoneError or UploadBusyError.
        """
        if self._to_continue(caller, upload_id).state is UploadState.ACCEPTED:
            raise UploadDoneError
        with self._partials.locked(upload_id):
            with self._database.unit_of_work() as session:
                service.abandon(session, caller, upload_id)
            self._partials.remove(upload_id)

    def sweep(self) -> int:
        """End what is overdue, finish what a crash left whole, remove what belongs to no upload.

        Returns how many uploads it dealt with; those in use are left alone.
        """
        with self._database.unit_of_work(read_only=True) as session:
            overdue = repository.overdue(session, self._database.clock.now())
            received = [row for row in repository.received(session) if row.id not in overdue]
        dealt_with = 0
        for upload_id in overdue:
            with suppress(UploadBusyError), self._partials.locked(upload_id):
                with self._database.unit_of_work() as session:
                    service.abandon(session, None, upload_id)
                self._partials.remove(upload_id)
                dealt_with += 1
        for upload in received:
            # A refusal is kept in the row for whoever asks.
            with suppress(UploadBusyError, ServiceError):
                self._finish_left_over(None, upload)
                dealt_with += 1
        left_over = self._partials.listing()
        with self._database.unit_of_work(read_only=True) as session:
            left_over -= repository.arriving(session, left_over)
        for upload_id in left_over:
            self._partials.remove(upload_id)
        return dealt_with + len(left_over)

    def _to_continue(self, caller: Caller, upload_id: UUID) -> Upload:
        with self._database.unit_of_work(read_only=True) as session:
            return service.to_continue(session, caller, upload_id)

    def _note_progress(self, upload_id: UUID, received_bytes: int) -> None:
        with self._database.unit_of_work() as session:
            if service.note_progress(session, upload_id, received_bytes) is None:
                raise UploadGoneError

    async def _append(
        self,
        partial: Partial,
        most: int,
        checksum: ChunkChecksum | None,
        chunks: AsyncIterator[bytes],
    ) -> None:
        """Write the chunks of one request.

        When it breaks off, what came counts, and the client asks how far it got; but what can't
        be checked or is too much leaves the file as it was.
        """
        start = partial.offset
        hasher = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        try:
            await _write_all(partial, most, hasher, chunks)
            if checksum and hasher:
                _check_part(hasher.digest(), checksum.digest)
        except BaseException as error:
            if checksum or isinstance(error, UploadTooLargeError):
                partial.cut(start)
            if not isinstance(error, ClientDisconnect):
                raise

    def _finish_left_over(self, caller: Caller | None, upload: Upload) -> None:
        with self._partials.locked(upload.id) as partial:
            if partial.offset == upload.declared_bytes:
                self._note_progress(upload.id, partial.offset)
                self._finish(caller, upload, partial)

    def _finish(self, caller: Caller | None, upload: Upload, partial: Partial) -> None:
        """Check, look into, seal and publish a file that is here whole; under its lock."""
        try:
            self._let_in(caller, upload, partial)
        except ServiceError as refusal:
            # A server in trouble or a lost race is no word on the file: it is tried again.
            if refusal.status >= 500 or type(refusal) is ConflictError:
                raise
            with self._database.unit_of_work() as session:
                service.refuse(session, caller, upload.id, refusal)
            self._partials.remove(upload.id)
            raise
        self._partials.remove(upload.id)

    def _let_in(self, caller: Caller | None, upload: Upload, partial: Partial) -> None:
        context = blobs.context_of(upload.patient_id)
        with self._partials.quarantine(upload.id) as path:
            new = self._storage.put(_copied(partial.content(), path), context)
            try:
                if upload.checksum is not None and new.sha256 != upload.checksum:
                    raise ChecksumMismatchError
                facts = self._look_into(upload.kind, path)
            except ServiceError:
                # No row can name it yet; later refusals leave it to the sweep.
                self._storage.delete(new)
                raise
        self._publish(caller, upload.id, new, facts)

    def _look_into(self, kind: UploadKind, path: Path) -> MediaFacts | str:
        if kind is UploadKind.VIEW:
            return inspect_view(path, max_duration_s=self._settings.max_video_seconds)
        return inspect_paper(kind, path)

    def _publish(
        self, caller: Caller | None, upload_id: UUID, new: NewBlob, facts: MediaFacts | str
    ) -> None:
        with self._database.unit_of_work() as session:
            service.accept(session, caller, upload_id, new, facts)


def _check_part(digest: bytes, declared: bytes) -> None:
    if not hmac.compare_digest(digest, declared):
        raise ChecksumMismatchError(
            "A part of the file was damaged on its way.", "Send this part again."
        )


async def _write_all(
    partial: Partial, most: int, hasher: hashlib._Hash | None, chunks: AsyncIterator[bytes]
) -> None:
    """Write chunks as they come, also the last ones before the connection breaks."""
    arrived, held = partial.offset, bytearray()
    try:
        async for chunk in _until_silent(chunks):
            arrived += len(chunk)
            if arrived > most:
                raise UploadTooLargeError("More bytes came than were announced.")
            held += chunk
            if hasher:
                hasher.update(chunk)
            if len(held) >= _WRITE_BYTES:
                await to_thread.run_sync(partial.append, held)
                held = bytearray()
    except ClientDisconnect:
        await to_thread.run_sync(partial.append, held)
        raise
    await to_thread.run_sync(partial.append, held)


async def _until_silent(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass chunks on; a sender that says nothing for long is gone, though nobody told so.

    Otherwise a lost network would hold the upload's lock against the same client's new connection.
    """
    while True:
        try:
            with fail_after(_SILENT_S):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise ClientDisconnect from error
        yield chunk


def _copied(parts: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Pass `parts` on and write them to a new file that nobody else may read, too."""
    try:
        path.touch(mode=0o600)
        with path.open("wb", buffering=0) as file:
            for part in parts:
                _write(file, part)
                yield part
    except OSError as error:
        raise (StorageFullError if error.errno in FULL_DISK else StorageUnavailableError) from error


def _write(file: BinaryIO, part: bytes) -> None:
    rest = memoryview(part)
    while rest:
        rest = rest[file.write(rest) :]
