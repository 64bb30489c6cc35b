"""What the tables say of themselves: who points to blobs, what belongs to a patient; no queries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table

from backend.db.base import Base
from backend.db.models import Blob, Patient


def blob_references() -> list[Column[Any]]:
    """Every column that points to a blob; a blob that none of them names is an orphan."""
    return _pointing_to(Blob.__table__)


def patient_owned_tables() -> list[Table]:
    """Every table with a `patient_id` that belongs to one patient, parents before children."""
    pointing = {column.table for column in _pointing_to(Patient.__table__)}
    return [
        table
        for table in Base.metadata.sorted_tables
        if table in pointing and "patient_id" in table.c
    ]


def _pointing_to(target: Any) -> list[Column[Any]]:
    return [
        column
        for table in Base.metadata.sorted_tables
        for column in table.c
        if any(key.column.table is target for key in column.foreign_keys)
    ]
