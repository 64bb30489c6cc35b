"""Measures of parts of the face that nobody saw: undetermined, whatever the fit guessed there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from models.capture.covering import Part
from models.measures import MeasureRow


def without_hidden(rows: Iterable[MeasureRow], hidden: Iterable[Part]) -> tuple[MeasureRow, ...]:
    """The rows; those of a hidden part have no value, and say what covers it.

    Of an eye the rows of the other side stay; whatever compares both sides goes.
    """
    parts = tuple(hidden)
    return tuple(_seen(row, parts) for row in rows)


def _seen(row: MeasureRow, hidden: tuple[Part, ...]) -> MeasureRow:
    for part in hidden:
        other = {"left": "right", "right": "left"}.get(part.side or "")
        if row.region in part.regions and row.side != other:
            reason = f"Something covers {part.title}."
            return replace(row, value=None, ci_lo=None, ci_hi=None, reason=reason)
    return row
