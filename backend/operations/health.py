"""Whether the parts that the service stands on answer; who is told is decided at the endpoints."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kombu.connection import Connection
from kombu.exceptions import OperationalError
from sqlalchemy.exc import SQLAlchemyError

from backend.db import migrate
from backend.db.session import Database
from backend.kit.errors import ServiceError
from backend.kit.storage.objects import Objects

# Asked by anybody, so that no number of questions becomes a load.
_REMEMBER_S = 2.0
_BROKER_TIMEOUT_S = 1.0


class Health(StrEnum):
    """How a part is."""

    OK = "ok"
    DOWN = "down"
    LOW = "low"


@dataclass(frozen=True)
class Readiness:
    """How the parts are. Without a broker, or low on disk, what is there can still be read."""

    parts: Mapping[str, Health]

    @property
    def ready(self) -> bool:
        """Whether requests can be answered at all."""
        return all(self.parts[part] is Health.OK for part in ("database", "storage"))

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return all(health is Health.OK for health in self.parts.values())


class Checks:
    """Asks the parts, at most every two seconds."""

    def __init__(
        self,
        database: Database,
        objects: Callable[[], Objects],
        broker_url: str,
        data_dir: Path,
        reserve_bytes: int,
    ) -> None:
        self._database = database
        self._objects = objects
        self._broker_url = broker_url
        self._data_dir = data_dir
        self._reserve_bytes = reserve_bytes
        self._revision = migrate.newest()
        self._lock = threading.Lock()
        self._last: tuple[float, Readiness] | None = None

    def readiness(self) -> Readiness:
        """How the parts are now, or were a moment ago."""
        with self._lock:
            now = time.monotonic()
            if self._last is None or now - self._last[0] > _REMEMBER_S:
                self._last = (now, self._ask())
            return self._last[1]

    def _ask(self) -> Readiness:
        return Readiness(
            {
                "database": self._ask_database(),
                "storage": self._ask_storage(),
                "broker": self._ask_broker(),
                "disk": self._ask_disk(),
            }
        )

    def _ask_database(self) -> Health:
        try:
            current = migrate.current(self._database.engine)
        except SQLAlchemyError:
            return Health.DOWN
        return Health.OK if current == self._revision else Health.DOWN

    def _ask_storage(self) -> Health:
        try:
            next(iter(self._objects().listing()), None)
        except ServiceError:
            return Health.DOWN
        return Health.OK

    def _ask_broker(self) -> Health:
        try:
            with Connection(  # type: ignore[no-untyped-call]
                self._broker_url, connect_timeout=_BROKER_TIMEOUT_S
            ) as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
        except OperationalError:
            return Health.DOWN
        return Health.OK

    def _ask_disk(self) -> Health:
        free = shutil.disk_usage(self._data_dir).free
        return Health.OK if free > self._reserve_bytes else Health.LOW
