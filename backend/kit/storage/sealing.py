"""The format of an encrypted object: sealed in one pass, read in ranges; where it lies is not here.

A header of 512 bytes (magic, chunk size, the object's own random key, wrapped) and chunks of
AES-256-GCM. Each chunk's number and whether it is the last one are authenticated together with the
header, so that a chunk that was changed, moved, taken away or cut off is found by every read that
touches its place.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.kit.keys import KEY_BYTES, KeyProvider
from backend.kit.storage.errors import DamagedObjectError

MAGIC = b"SFPFRBL1"
HEADER_BYTES = 512
CHUNK_BYTES = 256 * 2**10
TAG_BYTES = 16

_PREFIX = struct.Struct("<8sIH")
_PLACE = struct.Struct("<QB")
_SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES
# One request to a remote store should bring some megabytes, not one chunk.
_CHUNKS_A_READ = 16


def sealed(parts: Iterable[bytes | memoryview], keys: KeyProvider, context: str) -> Iterator[bytes]:
    """Yield the encrypted object for the plaintext in `parts`, in pieces of about a chunk.

    Memory does not grow with the length. `context` (who the object belongs to and its name) must
    be given again to read it.
    """
    key = secrets.token_bytes(KEY_BYTES)
    header = _header(keys.wrap(key, context))
    yield header
    cipher, digest = AESGCM(key), sha256(header).digest()
    for number, (chunk, last) in enumerate(_chunks(parts)):
        yield cipher.encrypt(_nonce(number), chunk, _place(digest, number, last))


def sealed_size(size: int) -> int:
    """How many bytes the encrypted object has for `size` bytes of plaintext."""
    return HEADER_BYTES + size + max(1, -(-size // CHUNK_BYTES)) * TAG_BYTES


@dataclass(frozen=True)
class SealedObject:
    """An encrypted object opened for reading.

    read: (start, end) -> exactly these bytes of the encrypted object. size: of the plaintext.
    """

    read: Callable[[int, int], bytes]
    size: int
    _chunk_count: int
    _cipher: AESGCM
    _digest: bytes

    @classmethod
    def open(
        cls,
        read: Callable[[int, int], bytes],
        stored_bytes: int,
        keys: KeyProvider,
        context: str,
    ) -> Self:
        """Read the header; raises DamagedObjectError, or the key provider's error."""
        body = stored_bytes - HEADER_BYTES
        count = -(-body // _SEALED_CHUNK)
        size = body - count * TAG_BYTES
        if body < TAG_BYTES or (size <= (count - 1) * CHUNK_BYTES and count > 1):
            raise DamagedObjectError
        header = read(0, HEADER_BYTES)
        magic, chunk_bytes, wrapped_bytes = _PREFIX.unpack_from(header)
        if (
            magic != MAGIC
            or chunk_bytes != CHUNK_BYTES
            or _PREFIX.size + wrapped_bytes > len(header)
        ):
            raise DamagedObjectError
        key = keys.unwrap(header[_PREFIX.size : _PREFIX.size + wrapped_bytes], context)
        return cls(read, size, count, AESGCM(key), sha256(header).digest())

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the plaintext bytes [start, end) in pieces of at most a chunk.

        Every byte is authenticated before it is yielded; raises DamagedObjectError.
        """
        stop = self.size if end is None else min(end, self.size)
        if start >= stop:
            # Nothing is asked for; an empty object is still proven to be one.
            if self.size == 0:
                yield from self._chunks_from(0, 1)
            return
        first, after = start // CHUNK_BYTES, -(-stop // CHUNK_BYTES)
        position = first * CHUNK_BYTES
        for chunk in self._chunks_from(first, after):
            yield chunk[max(0, start - position) : stop - position]
            position += len(chunk)

    def _chunks_from(self, first: int, after: int) -> Iterator[bytes]:
        stored_end = HEADER_BYTES + self.size + self._chunk_count * TAG_BYTES
        for begin in range(first, after, _CHUNKS_A_READ):
            until = min(begin + _CHUNKS_A_READ, after)
            offset = HEADER_BYTES + begin * _SEALED_CHUNK
            window = memoryview(
                self.read(offset, min(HEADER_BYTES + until * _SEALED_CHUNK, stored_end))
            )
            for number in range(begin, until):
                at = (number - begin) * _SEALED_CHUNK
                yield self._opened(window[at : at + _SEALED_CHUNK], number)

    def _opened(self, chunk: memoryview, number: int) -> bytes:
        last = number == self._chunk_count - 1
        try:
            return self._cipher.decrypt(_nonce(number), chunk, _place(self._digest, number, last))
        except InvalidTag as error:
            raise DamagedObjectError from error


def _header(wrapped: bytes) -> bytes:
    prefix = _PREFIX.pack(MAGIC, CHUNK_BYTES, len(wrapped)) + wrapped
    if len(prefix) > HEADER_BYTES:
        raise ValueError(f"A wrapped key of {len(wrapped)} bytes does not fit the header.")
    return prefix.ljust(HEADER_BYTES, b"\0")


def _nonce(number: int) -> bytes:
    # The key is used for this object alone and each number once, so the number is the nonce.
    return number.to_bytes(12, "little")


def _place(digest: bytes, number: int, last: bool) -> bytes:
    return digest + _PLACE.pack(number, last)


def _chunks(parts: Iterable[bytes | memoryview]) -> Iterator[tuple[bytes, bool]]:
    """Cut into chunks of CHUNK_BYTES; the last one may be shorter, and is empty only alone."""
    held = bytearray()
    for part in parts:
        held += part
        # One byte more than a chunk: only then is it sure not to be the last.
        at = 0
        while len(held) - at > CHUNK_BYTES:
            yield bytes(memoryview(held)[at : at + CHUNK_BYTES]), False
            at += CHUNK_BYTES
        if at:
            del held[:at]
    yield bytes(held), True
