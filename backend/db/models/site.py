"""Tables of the site itself: audit log and its head, exports, retention, whose keys these are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, Created, Identified, Versioned


class ExportState(StrEnum):
    """Where an export stands."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class AuditEntry(Base):
    """Who did or saw what; only added, in the transaction of what it tells; chained by hashes.

    `sequence` counts from 1 without a gap. `actor_id`, `patient_id` and `object_id` are no foreign
    keys: the log outlives what it speaks of. `detail` is canonical JSON as text, since its bytes
    are hashed; it never identifies a patient. Triggers refuse changes and removals.
    """

    __tablename__ = "audit_entries"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[UUID | None] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(64), index=True)
    object_type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[str | None] = mapped_column(String(64), index=True)
    patient_id: Mapped[UUID | None] = mapped_column(index=True)
    request_id: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]


class AuditHead(Base):
    """The one row (id 1) that every addition to the log locks: its length and last hash."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]


class Export(Identified, Created, Base):
    """A file made for taking away; `parameters` holds ids and choices, `blob_id` the result.

    `patient_id` is None for a bulk export; then `ExportPatient` lists who is in it.
    """

    __tablename__ = "exports"

    kind: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"), index=True)
    parameters: Mapped[dict[str, Any]]
    state: Mapped[ExportState]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    blob_id: Mapped[UUID | None] = mapped_column(ForeignKey("blobs.id"), index=True)
    reason: Mapped[str | None] = mapped_column(String(1000))
    expires_at: Mapped[datetime]


class ExportPatient(Base):
    """A patient whose data is in an export."""

    __tablename__ = "export_patients"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("exports.id"), primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(
        ForeignKey("patients.id"), primary_key=True, index=True
    )


class RetentionRule(Versioned, Base):
    """How long a class of data is kept; None is for ever."""

    __tablename__ = "retention_rules"

    data_class: Mapped[str] = mapped_column(String(64), primary_key=True)
    keep_days: Mapped[int | None]
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class Site(Base):
    """The one row (id 1) of the site: `key_check` tells whether a key file belongs to it."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_check: Mapped[bytes]
    created_at: Mapped[datetime]
