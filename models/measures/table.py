"""Rows of measures and the CSV they are written as; no computing of measures.

Source: `clinical.md`, the CSV header. An empty value is undetermined, then `reason` says why.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from models.measures.catalogue import RowSide
from models.movements import NOTICE

_SEVERITY = ("ok", "warning", "rejected")


@dataclass(frozen=True)
class MeasureRow:
    """One number, in the long format; the fields are the CSV's columns, in its order.

    `repetition` is None for what belongs to the whole movement (rest, and the mean over its
    repetitions). `unit` is a UCUM code. `qc` is ok, warning or rejected; the stricter of the
    row's own and the recording's.
    """

    pseudonym: str
    visit: str
    take: str
    movement: str
    repetition: int | None
    side: RowSide
    region: str
    measure: str
    value: float | None
    unit: str
    ci_lo: float | None
    ci_hi: float | None
    qc: str
    reason: str
    model: str
    notice: str = NOTICE

    def __post_init__(self) -> None:
        """Raise `ValueError` for a row that is undetermined without a reason."""
        if self.value is None and not self.reason:
            raise ValueError(f"{self.measure} is undetermined without a reason")


CSV_HEADER = tuple(column.name for column in fields(MeasureRow))


def stamped(
    rows: Iterable[MeasureRow],
    *,
    pseudonym: str = "",
    visit: str = "",
    take: str = "",
    model: str = "",
    qc: str = "ok",
    notice: str = NOTICE,
) -> list[MeasureRow]:
    """The rows with what only the caller knows; `qc` is the recording's verdict."""
    return [
        replace(
            row,
            pseudonym=pseudonym,
            visit=visit,
            take=take,
            model=model,
            notice=notice,
            qc=max(row.qc, qc, key=_SEVERITY.index),
        )
        for row in rows
    ]


def csv_text(rows: Iterable[MeasureRow]) -> str:
    """The rows as CSV (RFC 4180 quoting, line feed), numbers with four decimals."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in CSV_HEADER])
    return out.getvalue()


def _cell(value: str | int | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:z.4f}"
    return str(value)
