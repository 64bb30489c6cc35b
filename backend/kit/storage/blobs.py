"""Blobs: encrypted objects with an owner, addressed by a keyed hash; references are counted in db.

An object's name is random and used once. So a sweeper can never take away the object that a new
blob of the same content has just been given, and a name tells nothing about its content.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from backend.kit.keys import KeyProvider, keyed_hash
from backend.kit.storage.objects import Objects
from backend.kit.storage.sealing import SealedObject, sealed

_NAME_BYTES = 20


@dataclass(frozen=True)
class BlobRef:
    """Where a blob lies and what it is.

    owner: whom it belongs to (a patient's id), bound into the encryption. size: of the plaintext.
    address: keyed hash of the plaintext in hexadecimal, equal for equal content of one owner.
    """

    name: str
    owner: str
    size: int
    address: str


@dataclass(frozen=True)
class NewBlob(BlobRef):
    """A blob just written. sha256: of the plaintext in hexadecimal, to check and not to keep."""

    sha256: str


class Storage:
    """Puts blobs into one place and reads them, whole or in ranges."""

    def __init__(self, objects: Objects, keys: KeyProvider) -> None:
        self._objects = objects
        self._keys = keys

    def put(self, parts: Iterable[bytes | memoryview], owner: str) -> NewBlob:
        """Encrypt and store `parts`; when this returns the blob is safe.

        Nothing is left when `parts` or the place raises: StorageFullError,
        StorageUnavailableError. Until a row refers to the blob, a sweep may remove it after its
        time of grace.
        """
        name = secrets.token_hex(_NAME_BYTES)
        measured = _Measured(parts)
        self._objects.write(name, sealed(measured, self._keys, _context(name, owner)))
        digest = measured.digest.digest()
        address = keyed_hash(self._keys, f"blob-address/{owner}", digest).hex()
        return NewBlob(name, owner, measured.size, address, digest.hex())

    def stream(self, blob: BlobRef, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the plaintext bytes [start, end), authenticated.

        The blob is opened before this returns, so that what is missing is told at once. Raises
        MissingObjectError, DamagedObjectError, StorageUnavailableError.
        """
        stored = self._objects.size(blob.name)
        opened = SealedObject.open(
            lambda begin, until: self._objects.read(blob.name, begin, until),
            stored,
            self._keys,
            _context(blob.name, blob.owner),
        )
        return opened.stream(start, end)

    def read(self, blob: BlobRef) -> bytes:
        """The whole plaintext of a small blob."""
        return b"".join(self.stream(blob))

    def delete(self, blob: BlobRef) -> None:
        """Remove the blob for good; one that is not there is removed already."""
        self._objects.delete(blob.name)

    def names(self, before: datetime) -> Iterator[str]:
        """Names of all objects written before `before`, also of what crashed writers left."""
        return (entry.name for entry in self._objects.listing() if entry.written_at < before)

    def discard(self, name: str) -> None:
        """Remove an object of `names` that no blob refers to."""
        self._objects.delete(name)

    def free_bytes(self) -> int | None:
        """How much room is left, None where the place can't tell."""
        return self._objects.free_bytes()


class _Measured:
    """Passes parts on and remembers how many bytes they had, and their hash."""

    def __init__(self, parts: Iterable[bytes | memoryview]) -> None:
        self._parts = parts
        self.digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes | memoryview]:
        for part in self._parts:
            self.digest.update(part)
            self.size += len(part)
            yield part


def _context(name: str, owner: str) -> str:
    return f"blob:{owner}:{name}"
