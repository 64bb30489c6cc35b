"""The audit log as CSV, written while it is read; the reading of the log is logged itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from backend.audit import repository
from backend.audit.repository import Filter
from backend.db.session import Database

_COLUMNS = (
    "sequence",
    "at",
    "actor_id",
    "action",
    "object_type",
    "object_id",
    "patient_id",
    "request_id",
    "detail",
    "previous_hash",
    "hash",
)
_ROWS_AT_ONCE = 1000


def as_csv(database: Database, wanted: Filter) -> Iterator[bytes]:
    """All entries of the filter, oldest first, in pieces; each piece is a short transaction."""
    yield _lines([_COLUMNS])
    after = 0
    while True:
        with database.unit_of_work(read_only=True) as unit:
            entries = repository.some(unit, wanted, after=after, limit=_ROWS_AT_ONCE)
        if not entries:
            return
        after = entries[-1].sequence
        yield _lines([tuple(_cell(getattr(entry, name)) for name in _COLUMNS) for entry in entries])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _lines(rows: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
