"""Stored mesh streams opened where they lie: only the bytes that are asked for are fetched."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from backend.kit.storage.blobs import BlobRef, Storage
from models.stream import MeshStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A header and the beginning of the first chunk.
_BUFFER_BYTES = 64 * 2**10


def open_stream(storage: Storage, blob: BlobRef) -> MeshStream:
    """The stream of a blob; close it. Raises the storage's errors and MeshStreamError."""
    return MeshStream(io.BufferedReader(_BlobFile(storage, blob), _BUFFER_BYTES))


class _BlobFile(io.RawIOBase):
    """A blob as a file that can be read and seeked."""

    def __init__(self, storage: Storage, blob: BlobRef) -> None:
        self._storage = storage
        self._blob = blob
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._blob.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        end = self._position + len(view)
        filled = 0
        for part in self._storage.stream(self._blob, self._position, end):
            view[filled : filled + len(part)] = part
            filled += len(part)
        self._position += filled
        return filled
