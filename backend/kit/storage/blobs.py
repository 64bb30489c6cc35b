"""Blobs: encrypted objects addressed by a keyed hash; who refers to them is told by the database.

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
from backend.kit.storage.sealing import SealedObject, sealed, sealed_size

_NAME_BYTES = 20


@dataclass(frozen=True)
class BlobRef:
    """Where a blob lies and what it is.

    context: whom it belonged to when it was written, bound into its encryption. size: of the
    plaintext. digest: keyed hash of the plaintext, equal for equal content of one context.
    """

    name: str
    context: str
    size: int
    digest: bytes

    @property
    def stored_bytes(self) -> int:
        """How much room it takes."""
        return sealed_size(self.size)


@dataclass(frozen=True)
class NewBlob(BlobRef):
    """A blob just written. sha256: of the plaintext in hexadecimal, to check and not to keep."""

    sha256: str


class Storage:
    """Puts blobs into one place and reads them, whole or in ranges."""

    def __init__(self, objects: Objects, keys: KeyProvider) -> None:
        self._objects = objects
        self._keys = keys

    def put(self, parts: Iterable[bytes | memoryview], context: str) -> NewBlob:
        """Encrypt and store `parts`; when this returns the blob is safe.

        `context` is whom it belongs to. Nothing is left when `parts` or the place raises:
        StorageFullError, StorageUnavailableError. A sweep may remove the blob after its time of
        grace until a row refers to it.
        """
        name = secrets.token_hex(_NAME_BYTES)
        measured = _Measured(parts)
        self._objects.write(name, sealed(measured, self._keys, _bound(name, context)))
        plain = measured.digest.digest()
        digest = keyed_hash(self._keys, f"blob/{context}", plain)
        return NewBlob(name, context, measured.size, digest, plain.hex())

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
            _bound(blob.name, blob.context),
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


def _bound(name: str, context: str) -> str:
    return f"blob/{context}/{name}"
