"""What a worker works with: settings, database and storage of its site, opened once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from backend.audit.service import HEAD_FILE
from backend.blobs import service as blobs
from backend.db.session import Database
from backend.jobs import service as jobs
from backend.kit.clock import SystemClock
from backend.kit.errors import StorageFullError, UnavailableError
from backend.kit.storage.blobs import NewBlob, Storage
from backend.settings import Settings
from backend.site import open_keys, open_storage

Result = TypeVar("Result")

_PART_BYTES = 2**20
# A database that restarts is away for seconds; what was computed for minutes is worth waiting for.
_PATIENCE_S = 120.0
_PAUSE_S = 1.0


@dataclass(frozen=True)
class Stored:
    """A file just stored; `sha256` of its content in hexadecimal."""

    blob: NewBlob
    media_type: str

    @property
    def sha256(self) -> str:
        """Of the content, in hexadecimal."""
        return self.blob.sha256


@dataclass(frozen=True)
class WorkSite:
    """Database, storage and settings of one worker process."""

    settings: Settings
    database: Database
    storage: Storage

    @classmethod
    def open(cls, settings: Settings) -> WorkSite:
        """Open what the settings name; raises ServiceError."""
        keys = open_keys(settings)
        database = Database(
            settings.database,
            keys,
            SystemClock(),
            pool=settings.database_pool,
            extras={HEAD_FILE: settings.audit_head, **jobs.rules(settings)},
        )
        return cls(settings, database, open_storage(settings, keys))

    def read(self, query: Callable[[Session], Result]) -> Result:
        """Run a query in a unit of work of its own, again while the database is away.

        Raises UnavailableError when it stays so.
        """
        return self._patiently(query, read_only=True)

    def commit(self, change: Callable[[Session], Result]) -> Result:
        """Run a change in a unit of work of its own, again while the database is away or full.

        `change` must bear to be run twice: it isn't known whether a commit that was cut off came
        through. Raises UnavailableError or StorageFullError when it stays so.
        """
        return self._patiently(change, read_only=False)

    def _patiently(self, act: Callable[[Session], Result], *, read_only: bool) -> Result:
        began_s = time.monotonic()
        while True:
            try:
                with self.database.unit_of_work(read_only=read_only) as session:
                    return act(session)
            except (UnavailableError, StorageFullError):
                if time.monotonic() - began_s > _PATIENCE_S:
                    raise
            time.sleep(_PAUSE_S)

    def put(self, path: Path, patient_id: UUID | None, media_type: str) -> Stored:
        """Encrypt and store a file; it is kept once a row refers to it."""
        return Stored(
            self.storage.put(_parts(path), blobs.context_of(patient_id)),
            media_type,
        )

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()


def keep(session: Session, stored: Stored, patient_id: UUID | None) -> UUID:
    """The id of the blob row of a stored file, for a row that refers to it."""
    return blobs.keep(session, stored.blob, patient_id=patient_id, media_type=stored.media_type).id


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_PART_BYTES):
            yield part
