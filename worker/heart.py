"""The heartbeat of a worker: keeps leases, and hears what should stop; takes no decision."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from backend.db.session import Database
from backend.jobs import leases
from backend.jobs.errors import LeaseLostError
from backend.jobs.leases import Lease
from backend.kit.errors import ServiceError
from backend.kit.logs import log

# Far shorter than a lease, so that a wish to cancel is heard soon.
_BEAT_S = 2.0
_log = log(__name__)


class Stop(StrEnum):
    """Why work should not go on."""

    CANCELLED = "cancelled"
    LOST = "lost"
    CLOSING = "closing"


class Heart:
    """One thread that renews all leases of a worker process."""

    def __init__(self, database: Database, lease_s: float) -> None:
        self._database = database
        self._lease_s = lease_s
        self._kept: dict[Lease, Stop | None] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def close(self) -> None:
        """Ask all work to stop; leases are still kept until `end`."""
        self._closing.set()

    def end(self) -> None:
        """Stop beating."""
        self._ended.set()
        self._thread.join()

    @property
    def closing(self) -> bool:
        """Whether the worker is going down."""
        return self._closing.is_set()

    @contextmanager
    def keeping(self, lease: Lease) -> Iterator[None]:
        """Keep a lease while the block runs."""
        with self._lock:
            self._kept[lease] = None
        try:
            yield
        finally:
            with self._lock:
                del self._kept[lease]

    def stop(self, lease: Lease) -> Stop | None:
        """Why the work under this lease should stop, if it should."""
        with self._lock:
            heard = self._kept.get(lease)
        return heard or (Stop.CLOSING if self.closing else None)

    def _run(self) -> None:
        while not self._ended.wait(_BEAT_S):
            with self._lock:
                kept = [lease for lease, heard in self._kept.items() if heard is None]
            for lease in kept:
                heard = self._renew(lease)
                with self._lock:
                    if lease in self._kept:
                        self._kept[lease] = heard

    def _renew(self, lease: Lease) -> Stop | None:
        try:
            with self._database.unit_of_work() as session:
                cancelled = leases.renew(session, lease, self._lease_s)
        except LeaseLostError:
            return Stop.LOST
        except (ServiceError, SQLAlchemyError) as error:
            # The database is away. The work goes on: it counts if nobody else has taken it over.
            _log.warning("A lease could not be renewed", job_id=str(lease.job_id), exc_info=error)
            return None
        return Stop.CANCELLED if cancelled else None
