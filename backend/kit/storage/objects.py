"""What every place for objects can do; names are chosen by the storage, never by a client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """One object as a listing tells it; `size` in bytes, encrypted."""

    name: str
    size: int
    written_at: datetime


class Objects(Protocol):
    """A place for named, immutable byte strings.

    All methods raise StorageUnavailableError when the place can't be reached; `write` raises
    StorageFullError when there is no room. After an error of `write`, also one raised by `parts`,
    there is no object of that name.
    """

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Write an object under a new name, whole or not at all."""
        ...

    def read(self, name: str, start: int, end: int) -> bytes:
        """The bytes [start, end), fewer where the object ends; raises MissingObjectError."""
        ...

    def size(self, name: str) -> int:
        """Stored bytes; raises MissingObjectError."""
        ...

    def delete(self, name: str) -> None:
        """Remove the object; one that is not there is removed already."""
        ...

    def listing(self) -> Iterator[StoredObject]:
        """All objects, and what crashed writers left behind, in no order."""
        ...

    def free_bytes(self) -> int | None:
        """How much room is left, None where the place can't tell."""
        ...
