"""Readings of a take, gathered per repetition and turned into rows; no computing of measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from models.measures.catalogue import SIDES, Key, RowSide
from models.measures.interval import Reading, interval, undetermined
from models.measures.table import MeasureRow
from models.movements import AffectedSide


class Collection:
    """The readings of one take: of the movement as a whole, and of each repetition."""

    def __init__(self) -> None:
        self._whole: dict[Key, Reading] = {}
        self._repeated: dict[Key, dict[int, Reading]] = {}

    def add(self, readings: Mapping[Key, Reading], repetition: int | None = None) -> None:
        """Take in readings of the whole movement, or of one repetition."""
        if repetition is None:
            self._whole.update(readings)
            return
        for key, reading in readings.items():
            self._repeated.setdefault(key, {})[repetition] = reading

    def miss(self, keys: Iterable[Key], reason: str, repetition: int | None = None) -> None:
        """Note that the given readings are undetermined."""
        self.add(dict.fromkeys(keys, undetermined(reason)), repetition)

    def rows(self, movement: str, affected_side: AffectedSide | None) -> Iterator[MeasureRow]:
        """The rows: for each measure the movement's, then its repetitions'.

        With an affected side, each row of left and right comes once more as affected or healthy.
        """
        names = _names(affected_side)
        for key, reading in self._whole.items():
            for side in names.get(key.side, (key.side,)):
                yield _row(movement, None, key, side, reading, 0.0)
        for key, by_repetition in self._repeated.items():
            mean, variance = _mean(list(by_repetition.values()))
            for side in names.get(key.side, (key.side,)):
                yield _row(movement, None, key, side, mean, variance)
                for number, reading in by_repetition.items():
                    yield _row(movement, number, key, side, reading, 0.0)

    def note_spread(self, measure: str) -> None:
        """Add the SD of a measure between the repetitions."""
        for key, by_repetition in list(self._repeated.items()):
            if key.measure != measure or key.side not in SIDES:
                continue
            values = [r.value for r in by_repetition.values() if r.value is not None]
            self._whole[Key(f"{measure}_repetition_sd", key.side, key.region, key.unit)] = (
                Reading(np.array([np.std(values, ddof=1)]))
                if len(values) > 1
                else undetermined("Fewer than two repetitions were measured.")
            )


def _names(affected_side: AffectedSide | None) -> dict[str, tuple[RowSide, ...]]:
    """The sides under which a row of the left or the right side appears."""
    if affected_side not in SIDES:
        return {}
    left: tuple[RowSide, ...] = ("left", "affected" if affected_side == "left" else "healthy")
    right: tuple[RowSide, ...] = ("right", "affected" if affected_side == "right" else "healthy")
    return {"left": left, "right": right}


def _mean(readings: list[Reading]) -> tuple[Reading, float]:
    """The mean over repetitions and the variance that their spread adds to it."""
    versions = [r.versions for r in readings if r.versions is not None]
    if not versions:
        return readings[0], 0.0
    values = np.array([v[0] for v in versions])
    variance = float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.0
    warnings = [r.reason for r in readings if r.versions is not None and r.reason]
    return Reading(np.mean(versions, axis=0), warnings[0] if warnings else ""), variance


def _row(
    movement: str,
    repetition: int | None,
    key: Key,
    side: RowSide,
    reading: Reading,
    extra_variance: float,
) -> MeasureRow:
    limits = None
    if reading.versions is not None:
        limits = interval(reading.versions, extra_variance, key.lowest, key.highest)
    low, high = limits or (None, None)
    return MeasureRow(
        pseudonym="",
        visit="",
        take="",
        movement=movement,
        repetition=repetition,
        side=side,
        region=key.region,
        measure=key.measure,
        value=reading.value,
        unit=key.unit,
        ci_lo=low,
        ci_hi=high,
        qc="warning" if reading.versions is not None and reading.reason else "ok",
        reason=reading.reason,
        model="",
    )
