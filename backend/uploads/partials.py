"""Files that have not arrived whole: encrypted, in a private folder, as long as what has arrived.

A partial file is AES-256-CTR under a key of its own, so that its length is the upload's offset and
bytes can be added at any place. Nothing reads it as a file: what comes out is checked against its
declared hash and sealed anew. The advisory lock on the file ends with the process that held it.
"""

from __future__ import annotations

import fcntl
import os
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

    def create(self, upload_id: UUID) -> None:
        """An empty partial file."""
        with _explained():
            os.close(os.open(self._path(upload_id), os.O_WRONLY | os.O_CREAT, 0o600))

    def offset(self, upload_id: UUID) -> int:
        """How many bytes have arrived; raises UploadGoneError."""
        with _explained():
            return self._path(upload_id).stat().st_size

    @contextmanager
    def locked(self, upload_id: UUID) -> Iterator[Partial]:
        """The partial file for this process alone; raises UploadBusyError or UploadGoneError."""
        path = self._path(upload_id)
        with _explained():
            descriptor = os.open(path, os.O_RDWR)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UploadBusyError from error
            with _explained():
                # It may have been removed between opening and locking.
                if os.fstat(descriptor).st_ino != path.stat().st_ino:
                    raise UploadGoneError
            yield Partial(descriptor, keyed_hash(self._keys, "partial-upload", upload_id.bytes))
        finally:
            os.close(descriptor)

    def remove(self, upload_id: UUID) -> None:
        """Remove the file; one that is not there is removed already."""
        with _explained(), suppress(FileNotFoundError):
            self._path(upload_id).unlink()

    def listing(self) -> Iterator[UUID]:
        """The uploads of which there are files."""
        for path in self._folder.glob("*.part"):
            with suppress(ValueError):
                yield UUID(path.stem)

    def _path(self, upload_id: UUID) -> Path:
        return self._folder / f"{upload_id.hex}.part"


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

    def sync(self) -> None:
        """Wait until what arrived is safe on disk."""
        with _explained():
            os.fsync(self._descriptor)

    def content(self) -> Iterator[bytes]:
        """The bytes that were sent, in pieces."""
        cipher, at = self._cipher(0), 0
        while piece := os.pread(self._descriptor, _READ_BYTES, at):
            at += len(piece)
            yield cipher.update(piece)

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
    except FileNotFoundError as error:
        raise UploadGoneError from error
    except OSError as error:
        if error.errno in FULL_DISK:
            raise StorageFullError from error
        raise StorageUnavailableError from error
