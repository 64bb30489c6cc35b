"""The thread that clears away what uploads and crashes left behind; what that is, is told there."""

from __future__ import annotations

import itertools
import threading

from backend.blobs import service as blobs
from backend.db.session import Database
from backend.exports import service as exports
from backend.jobs.doorbell import told
from backend.kit.storage.blobs import Storage
from backend.uploads.receiving import Receiving

_EVERY_S = 600.0
# Looking through all objects takes long where there are many: once an hour.
_ROUNDS = 6


class Sweeper:
    """Sweeps when the service starts, then every ten minutes, and blobs every hour.

    Several services that sweep at the same time do no harm.
    """

    def __init__(self, database: Database, storage: Storage, receiving: Receiving) -> None:
        self._database = database
        self._storage = storage
        self._receiving = receiving
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after what it is doing."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        for round_number in itertools.count():
            told(self._receiving.sweep)
            told(self._expire_exports)
            if round_number % _ROUNDS == 0:
                told(lambda: blobs.sweep(self._database, self._storage))
            if self._stopping.wait(_EVERY_S):
                return

    def _expire_exports(self) -> None:
        with self._database.unit_of_work() as session:
            exports.expire(session)
