"""Column types that mean the same on PostgreSQL and SQLite, and sealed columns; no tables here."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import object_session

from backend.kit.keys import KeyProvider, seal, unseal

if TYPE_CHECKING:
    from backend.db.base import Base

# Key of `Session.info` under which the site's keys are.
KEYS = "keys"

Member = TypeVar("Member", bound=StrEnum)

JsonColumn = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# SQLite counts up by itself only in a column of exactly this type.
CountingColumn = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant; aware in Python, in UTC in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: nobody knows what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """An aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[frozenset[Member]], Generic[Member]):
    """A small set of words of one enumeration, as `a,b` in the order of the alphabet."""

    impl = String
    cache_ok = True

    def __init__(self, members: type[Member], length: int = 2000) -> None:
        self.members = members
        self.length = length
        super().__init__(length)

    def process_bind_param(
        self,
        value: frozenset[Member] | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> str | None:
        """The words, joined."""
        return None if value is None else ",".join(sorted(self.members(word) for word in value))

    def process_result_value(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> frozenset[Member] | None:
        """The set again."""
        if value is None:
            return None
        return frozenset(self.members(word) for word in value.split(",") if word)


class Sealed:
    """The readable face of a sealed column: `name = Sealed("name_sealed")`.

    Reading unseals and setting seals with the site's keys, bound to table, column and row. The row
    must have its id and be in a session (`session.add` comes first).
    """

    def __init__(self, column: str) -> None:
        self.column = column

    @overload
    def __get__(self, row: None, owner: type[Any]) -> Sealed: ...

    @overload
    def __get__(self, row: Base, owner: type[Any]) -> str | None: ...

    def __get__(self, row: Base | None, owner: type[Any]) -> Sealed | str | None:
        if row is None:
            return self
        sealed: bytes | None = getattr(row, self.column)
        if sealed is None:
            return None
        return unseal(_keys_of(row), sealed, self._context(row)).decode()

    def __set__(self, row: Base, text: str | None) -> None:
        sealed = None
        if text is not None:
            sealed = seal(_keys_of(row), text.encode(), self._context(row))
        setattr(row, self.column, sealed)

    def _context(self, row: Base) -> str:
        return f"{row.__tablename__}/{self.column}/{row.id}"


def _keys_of(row: Base) -> KeyProvider:
    session = object_session(row)
    if session is None:
        raise RuntimeError("a sealed column is read and set on rows that are in a session")
    keys: KeyProvider = session.info[KEYS]
    return keys
