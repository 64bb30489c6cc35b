"""Files that have not arrived whole: encrypted, in a private folder, as long as what has arrived.

A partial file is AES-256-CTR under a key of its own, so that its length is the upload's offset and
bytes can be added at any place. Nothing reads it as a file: what comes out is checked against its
declared hash and sealed anew. The advisory lock on the file ends with the process that held it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from backend.kit.errors import StorageFullError
from backend.kit.keys import KeyProvider, keyed_hash
from backend.kit.storage.errors import FULL_DISK, StorageUnavailableError
from backend.uploads.errors import UploadBusyError, UploadGoneError

_PARTIAL, _QUARANTINED = ".part", ".look"
_BLOCK_BYTES = 16
_READ_BYTES = 2**20


class Partials:
    """The folder of partial files; clients' names never come near it."""

    def __init__(self, folder: Path, keys: KeyProvider) -> None:
        self._folder = folder
        self._keys = keys
        with _explained():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)

    def offset(self, upload_id: UUID) -> int:
        """How many bytes have arrived; none where there is no file."""
        with _explained():
            try:
                return self._path(upload_id).stat().st_size
            except FileNotFoundError:
                return 0

    @contextmanager
    def locked(self, upload_id: UUID) -> Iterator[Partial]:
        """The partial file for this process alone, made when it is not there.

        Raises UploadBusyError while another connection holds it.
        """
        path = self._path(upload_id)
        with _explained():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UploadBusyError from error
            # It may have been removed between opening and locking.
            if os.fstat(descriptor).st_nlink == 0:
                raise UploadGoneError
            yield Partial(descriptor, keyed_hash(self._keys, "partial-upload", upload_id.bytes))
        finally:
            os.close(descriptor)

    @contextmanager
    def quarantine(self, upload_id: UUID) -> Iterator[Path]:
        """Where the file may lie as it is while it is looked into; it is gone afterwards."""
        path = self._path(upload_id, _QUARANTINED)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def remove(self, upload_id: UUID) -> None:
        """Remove all there is of an upload; what is not there is removed already."""
        with _explained():
            for kind in (_PARTIAL, _QUARANTINED):
                self._path(upload_id, kind).unlink(missing_ok=True)

    def listing(self) -> set[UUID]:
        """The uploads of which there is something."""
        there = set()
        for path in self._folder.iterdir():
            # A file system may keep files of its own here.
            with suppress(ValueError):
                there.add(UUID(path.stem))
        return there

    def free_bytes(self) -> int:
        """How much room is left on the disk."""
        with _explained():
            return shutil.disk_usage(self._folder).free

    def _path(self, upload_id: UUID, kind: str = _PARTIAL) -> Path:
        return self._folder / f"{upload_id.hex}{kind}"


class Partial:
    """One partial file, open and locked."""

    def __init__(self, descriptor: int, key: bytes) -> None:
        self._descriptor = descriptor
        self._key = key

    @property
    def offset(self) -> int:
        """How many bytes have arrived."""
        return os.fstat(self._descriptor).st_size

    def append(self, content: bytes | bytearray) -> None:
        """Add what follows; on a full disk what was there before stays, and no more."""
        at = self.offset
        sealed = memoryview(self._cipher(at).update(content))
        try:
            with _explained():
                while sealed:
                    sealed = sealed[os.pwrite(self._descriptor, sealed, self.offset) :]
        except StorageFullError:
            self.cut(at)
            raise

    def cut(self, offset: int) -> None:
        """Forget what follows `offset`."""
        with _explained():
            os.ftruncate(self._descriptor, offset)

    def content(self) -> Iterator[bytes]:
        """The bytes that were sent, in pieces."""
        cipher, at = self._cipher(0), 0
        while piece := self._read(at):
            at += len(piece)
            yield cipher.update(piece)

    def _read(self, at: int) -> bytes:
        with _explained():
            return os.pread(self._descriptor, _READ_BYTES, at)

    def _cipher(self, offset: int) -> CipherContext:
        # The key is this upload's alone, so the counter may begin at 0.
        block, rest = divmod(offset, _BLOCK_BYTES)
        cipher = Cipher(AES(self._key), CTR(block.to_bytes(_BLOCK_BYTES, "big"))).encryptor()
        cipher.update(bytes(rest))
        return cipher


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL_DISK:
            raise StorageFullError from error
        raise StorageUnavailableError from error
