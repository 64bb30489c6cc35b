"""What all tables have in common: ids, names of constraints, sealed text; no table itself."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum as PythonEnum
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Date, Enum, ForeignKey, Index, LargeBinary, MetaData, String, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from backend.db.types import JsonColumn, Sealed, UtcDateTime
from backend.kit.ids import uuid7

ENUM_LENGTH = 32


def _values(members: type[PythonEnum]) -> list[str]:
    return [member.value for member in members]


class Base(DeclarativeBase):
    """Root of all tables. Relationships are `lazy="raise"`: a query says what it loads."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: String(255),
        bytes: LargeBinary,
        UUID: Uuid,
        datetime: UtcDateTime,
        date: Date,
        dict[str, Any]: JsonColumn,
        list[Any]: JsonColumn,
        list[str]: JsonColumn,
        # As text with a check, so that both databases keep it and nobody stores another word.
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            length=ENUM_LENGTH,
            create_constraint=True,
            values_callable=_values,
        ),
    }

    id: Any


class Identified:
    """Mixin: a UUIDv7 as id, made with the object, so that sealed columns can be bound to it."""

    id: Mapped[UUID] = mapped_column(primary_key=True)

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", uuid7())
        super().__init__(**values)


class Versioned:
    """Mixin: counts changes; a change that was based on an older count is refused (409)."""

    version: Mapped[int]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.version}


class Created:
    """Mixin: when a row was made and by whom; `created_by_id` is None for the program itself."""

    created_at: Mapped[datetime]

    @declared_attr
    def created_by_id(cls) -> Mapped[UUID | None]:  # noqa: N805
        return mapped_column(ForeignKey("users.id"))


class Voidable:
    """Mixin: deleting is marking, with who, when and why; it can be taken back."""

    voided_at: Mapped[datetime | None]
    void_reason_sealed: Mapped[bytes | None]
    void_reason = Sealed("void_reason_sealed")

    @declared_attr
    def voided_by_id(cls) -> Mapped[UUID | None]:  # noqa: N805
        return mapped_column(ForeignKey("users.id"))


class OfPatient:
    """Mixin: belongs to one patient; access, merging and erasing go by this column."""

    @declared_attr
    def patient_id(cls) -> Mapped[UUID]:  # noqa: N805
        return mapped_column(ForeignKey("patients.id"), index=True)


def one_of_each(owner: str, role: str, part: str) -> tuple[Index, Index]:
    """Unique indexes over owner, role and part, where no part also counts as one.

    To both databases two NULLs differ, so the rows without a part need an index of their own.
    """
    nothing = text(f"{part} IS NULL")
    return (
        Index(None, owner, role, part, unique=True),
        Index(None, owner, role, unique=True, sqlite_where=nothing, postgresql_where=nothing),
    )
