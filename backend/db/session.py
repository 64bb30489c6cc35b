"""How the database is opened and a unit of work runs; what is asked of it is not here.

A unit of work is one transaction. It is committed where it ends, by the boundary of a request or a
task, never by a service. On SQLite a unit that may write takes the write lock when it begins:
a transaction that reads first and writes later would be refused when another wrote in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from backend.db.types import KEYS
from backend.kit.clock import Clock
from backend.kit.errors import (
    ConflictError,
    InvalidError,
    ServiceError,
    StorageFullError,
    UnavailableError,
)
from backend.kit.keys import KeyProvider

_CLOCK = "clock"
_BEFORE_COMMIT = "before_commit"
_AFTER_COMMIT = "after_commit"

SQLITE_BUSY_SECONDS = 15
_READ_ONLY = "sfpfr_read_only"
# SQLSTATE of PostgreSQL
_DISK_FULL = "53100"
_LOST_RACE = {"40001", "40P01"}
# Connection lost, no resources, stopped by its administrator
_POSTGRES_AWAY = ("08", "53", "57")
_SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR")
_AWAY = "The database does not answer."


class Database:
    """The engine with what each unit of work carries: the site's keys, the clock, and `extras`
    (found again in `Session.info`)."""

    def __init__(
        self,
        url: str,
        keys: KeyProvider,
        clock: Clock,
        *,
        pool: int = 10,
        extras: Mapping[str, Any] | None = None,
    ) -> None:
        self.engine = open_engine(url, pool=pool)
        self._extras = extras or {}
        self._readers = self.engine.execution_options(
            **{_READ_ONLY: True, "postgresql_readonly": True}
            if self.engine.dialect.name == "postgresql"
            else {_READ_ONLY: True}
        )
        self.keys = keys
        self.clock = clock

    @contextmanager
    def unit_of_work(self, *, read_only: bool = False) -> Iterator[Session]:
        """One transaction, committed at the end, rolled back on any exception.

        read_only: neither can nor does write, and waits for nobody. Raises ServiceError for what
        the database says that a person can do something about.
        """
        session = Session(
            self._readers if read_only else self.engine,
            expire_on_commit=False,
            info={
                **self._extras,
                KEYS: self.keys,
                _CLOCK: self.clock,
                _BEFORE_COMMIT: [],
                _AFTER_COMMIT: [],
            },
        )
        try:
            with session:
                yield session
                session.flush()
                for prepare in session.info[_BEFORE_COMMIT]:
                    prepare(session)
                session.commit()
        except (DBAPIError, PoolTimeoutError, StaleDataError) as error:
            told = _told(error)
            if told is None:
                raise
            raise told from error
        for act in session.info[_AFTER_COMMIT]:
            act()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def now(session: Session) -> datetime:
    """The present time of this unit of work's clock."""
    clock: Clock = session.info[_CLOCK]
    return clock.now()


def keys_of(session: Session) -> KeyProvider:
    """The site's keys."""
    keys: KeyProvider = session.info[KEYS]
    return keys


def before_commit(session: Session, prepare: Callable[[Session], None]) -> None:
    """Run `prepare` once in this transaction, as late as possible (it may take a hot lock)."""
    if prepare not in session.info[_BEFORE_COMMIT]:
        session.info[_BEFORE_COMMIT].append(prepare)


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Run `act` when this transaction was committed, and not otherwise."""
    session.info[_AFTER_COMMIT].append(act)


def open_engine(url: str, *, pool: int = 10) -> Engine:
    """An engine for SQLite (a file) or PostgreSQL through psycopg."""
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_size=pool, max_overflow=0, pool_pre_ping=True, hide_parameters=True
        )
    engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        connect_args={"timeout": SQLITE_BUSY_SECONDS},
        # Errors are logged; the values of a query may identify a patient.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own BEGINs come too late; ours are sent when SQLAlchemy begins.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _told(error: Exception) -> ServiceError | None:
    """What a person is told of a database error; None for a fault of the program."""
    if isinstance(error, StaleDataError):
        return ConflictError()
    if isinstance(error, PoolTimeoutError):
        return UnavailableError("The server is busy.")
    cause = getattr(error, "orig", None)
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            return StorageFullError()
        return UnavailableError(_AWAY) if name.startswith(_SQLITE_AWAY) else None
    state = getattr(cause, "sqlstate", None)
    if state in _LOST_RACE:
        return ConflictError()
    if state == _DISK_FULL:
        return StorageFullError()
    if isinstance(error, DataError):
        # Such as NUL in a text, which PostgreSQL keeps nowhere.
        return InvalidError("What was sent holds a character or number that can't be kept.")
    if isinstance(error, OperationalError | InterfaceError) and (
        state is None or state.startswith(_POSTGRES_AWAY)
    ):
        return UnavailableError(_AWAY)
    return None
