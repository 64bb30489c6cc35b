"""Objects in a local folder: whole or not there at all, never half-written."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from backend.kit.errors import StorageFullError
from backend.kit.storage.errors import FULL_DISK, MissingObjectError, StorageUnavailableError
from backend.kit.storage.objects import StoredObject

_INCOMING = "incoming"


class LocalObjects:
    """Objects below one folder that nobody else may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / _INCOMING
        with _explained():
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Write an object under a new name; it is safe on disk when this returns."""
        incoming = self._incoming / secrets.token_hex(16)
        target = self._path(name)
        try:
            with _explained():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb", buffering=0) as stream:
                # The parts may raise errors of their own, which are passed on as they are.
                for part in parts:
                    with _explained():
                        _write_all(stream.fileno(), part)
                with _explained():
                    os.fsync(stream.fileno())
            with _explained():
                incoming.rename(target)
                _sync_folder(target.parent)
                _sync_folder(self._folder)
        except BaseException:
            with suppress(FileNotFoundError):
                incoming.unlink()
            raise

    def read(self, name: str, start: int, end: int) -> bytes:
        """Exactly the bytes [start, end); raises MissingObjectError or StorageUnavailableError."""
        with _explained():
            descriptor = os.open(self._path(name), os.O_RDONLY)
            try:
                return os.pread(descriptor, end - start, start)
            finally:
                os.close(descriptor)

    def size(self, name: str) -> int:
        """How many bytes are stored; raises MissingObjectError."""
        with _explained():
            return self._path(name).stat().st_size

    def delete(self, name: str) -> None:
        """Remove the object; one that is not there is removed already."""
        with _explained(), suppress(FileNotFoundError):
            self._path(name).unlink()

    def listing(self) -> Iterator[StoredObject]:
        """All objects, and what crashed writers left behind, in no order."""
        for path in self._folder.glob("*/*"):
            # Another process may remove files while they are listed.
            with suppress(FileNotFoundError):
                entry = path.stat()
                written_at = datetime.fromtimestamp(entry.st_mtime, UTC)
                whole = path.parent.name != _INCOMING
                name = path.name if whole else f"{_INCOMING}/{path.name}"
                yield StoredObject(name, entry.st_size, written_at)

    def free_bytes(self) -> int | None:
        """How much room is left on the disk."""
        with _explained():
            return shutil.disk_usage(self._folder).free

    def _path(self, name: str) -> Path:
        if name.startswith(f"{_INCOMING}/"):
            return self._incoming / name.removeprefix(f"{_INCOMING}/")
        # A few hundred folders keep each of them small.
        return self._folder / name[:2] / name


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise MissingObjectError from error
    except OSError as error:
        if error.errno in FULL_DISK:
            raise StorageFullError from error
        raise StorageUnavailableError from error


def _write_all(descriptor: int, part: bytes) -> None:
    rest = memoryview(part)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
