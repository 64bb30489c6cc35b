"""The thread that clears away what uploads and crashes left behind; what that is, is told there."""

from __future__ import annotations

import threading

from backend.blobs import service as blobs
from backend.db.session import Database
from backend.exports import service as exports
from backend.jobs.doorbell import told
from backend.kit.storage.blobs import Storage
from backend.uploads.receiving import Receiving

_EVERY_S = 600.0


class Sweeper:
    """Sweeps when the service starts and every ten minutes; several services do no harm."""

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
        while not self._stopping.is_set():
            told(self._receiving.sweep)
            told(self._expire_exports)
            told(lambda: blobs.sweep(self._database, self._storage))
            self._stopping.wait(_EVERY_S)

    def _expire_exports(self) -> None:
        with self._database.unit_of_work() as session:
            exports.expire(session)
