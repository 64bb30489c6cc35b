"""The movement protocol: which movements there are, what each aims at, and how it is timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]
AffectedSide = Literal["left", "right", "none"]
View = Literal["left", "center", "right"]

VIEWS: tuple[View, ...] = ("left", "center", "right")

NOTICE = (
    "Measures facial geometry and movement. For research use; not for diagnosis or treatment "
    "decisions."
)


@dataclass(frozen=True)
class Movement:
    """One movement of the protocol (`clinical.md`, "Movement protocol").

    `target_regions` are the head-model regions the movement aims at; `target_measure` is the
    measure that drives the activation gate and the phase; both are empty for rest.
    """

    id: str
    title: str
    target_regions: tuple[str, ...]
    target_measure: str | None


PROTOCOL: tuple[Movement, ...] = (
    Movement("rest", "Rest", (), None),
    Movement("brow_raise", "Brow raise", ("brow",), "brow_excursion"),
    Movement("gentle_closure", "Gentle eye closure", ("periocular",), "lid_gap_min"),
    Movement("tight_closure", "Tight eye closure", ("periocular",), "lid_gap_min"),
    Movement("gentle_smile", "Gentle smile (lips closed)", ("perioral",), "commissure_excursion"),
    Movement("full_smile", "Full smile (teeth)", ("perioral",), "commissure_excursion"),
    Movement("nose_wrinkle", "Nose wrinkle (snarl)", ("nose",), "alar_excursion"),
    Movement("pucker", "Lip pucker", ("perioral",), "commissure_excursion"),
    Movement("lower_teeth", 'Lower teeth ("eee")', ("lower_lip",), "lower_lip_excursion"),
)

MOVEMENTS: dict[str, Movement] = {movement.id: movement for movement in PROTOCOL}
