"""Rows of a table as lines of JSON and back, the same from either database; no files here."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Date, Enum, LargeBinary, Table, Uuid
from sqlalchemy.types import TypeEngine

from backend.db.types import UtcDateTime, Words


def to_line(row: dict[str, Any]) -> bytes:
    """One row as a line."""
    return json.dumps(row, default=_written, separators=(",", ":")).encode() + b"\n"


def from_lines(table: Table, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The rows again; raises ValueError or KeyError for lines of another table."""
    readers = {column.name: _reader(column) for column in table.c}
    for line in lines:
        stored = json.loads(line)
        yield {
            name: None if stored[name] is None else read(stored[name])
            for name, read in readers.items()
        }


def _written(value: object) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"a column holds a {type(value).__name__}, which has no written form")


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    kind: TypeEngine[Any] = column.type
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat
    if isinstance(kind, Words):
        return lambda words: frozenset(kind.members(word) for word in words)
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class
    if isinstance(kind, Uuid):
        return UUID
    if isinstance(kind, LargeBinary):
        return base64.b64decode
    if isinstance(kind, Date):
        return date.fromisoformat
    if isinstance(kind, JSON):
        return lambda value: value
    return kind.python_type if kind.python_type is float else lambda value: value
