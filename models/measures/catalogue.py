"""What can be measured: ids, units, sides and regions of every row; no formulas.

Each id is explained in `docs/measures.md`. Source: `clinical.md`, "Measures".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.movements import AffectedSide, Movement, Side

RowSide = Literal["left", "right", "midline", "both", "affected", "healthy"]

SIDES: tuple[Side, Side] = ("left", "right")

REGIONS = ("brow", "periocular", "nose", "cheek", "upper_lip", "lower_lip")
THIRDS = ("upper_third", "middle_third", "lower_third")

# The points (named without their side in the topology) whose mean displacement an excursion is.
TARGET_POINTS: dict[str, tuple[str, ...]] = {
    "brow_excursion": ("brow_medial", "brow_mid", "brow_lateral"),
    "alar_excursion": ("ala",),
    "commissure_excursion": ("commissure",),
    "lower_lip_excursion": ("lower_lip_lateral",),
}

MEASURE_REGION: dict[str, str] = {
    "brow_excursion": "brow",
    "alar_excursion": "nose",
    "commissure_excursion": "perioral",
    "lower_lip_excursion": "lower_lip",
    "lid_gap_min": "periocular",
    "lid_closure": "periocular",
}

# Where a healthy movement takes its target (lateral, up, forward): tells rest from effort.
EFFORT_DIRECTION: dict[str, tuple[float, float, float]] = {
    "brow_raise": (0.0, 1.0, 0.0),
    "gentle_smile": (0.7, 0.7, 0.0),
    "full_smile": (0.7, 0.7, 0.0),
    "nose_wrinkle": (0.0, 1.0, 0.0),
    "pucker": (-1.0, 0.0, 0.5),
    "lower_teeth": (0.3, -1.0, 0.0),
}

# Regions that lie inside a region a movement aims at.
_PARTS: dict[str, tuple[str, ...]] = {"perioral": ("upper_lip", "lower_lip")}

_SIDED_POSITIONS: dict[str, tuple[str, str]] = {
    "brow_height": ("mm", "brow"),
    "mrd1": ("mm", "periocular"),
    "mrd2": ("mm", "periocular"),
    "fissure_height": ("mm", "periocular"),
    "commissure_lateral": ("mm", "perioral"),
    "commissure_height": ("mm", "perioral"),
    "commissure_depth": ("mm", "perioral"),
    "smile_angle": ("deg", "perioral"),
    "nlf_angle": ("deg", "nose"),
    "canthus_commissure_distance": ("mm", "face"),
    "dental_show": ("mm", "perioral"),
}
_MIDLINE_POSITIONS: dict[str, tuple[str, str]] = {
    "dental_show": ("mm", "perioral"),
    "philtrum_deviation": ("mm", "upper_lip"),
}
_PAIRED_POSITIONS: dict[str, tuple[str, str]] = {
    "brow_height_deviation": ("mm", "brow"),
    "commissure_height_deviation": ("mm", "perioral"),
    "upper_lip_height_deviation": ("mm", "upper_lip"),
    "lower_lip_height_deviation": ("mm", "lower_lip"),
    "fai": ("mm", "face"),
}
_ASYMMETRY = ("asymmetry_rms", "asymmetry_rms_raw", "asymmetry_noise_floor")

# Measures that can't be below zero: their intervals end there.
_FROM_ZERO = frozenset(
    {
        *TARGET_POINTS,
        *_ASYMMETRY,
        "lid_gap_min",
        "lid_closure",
        "fissure_height",
        "dental_show",
        "fai",
        "canthus_commissure_distance",
        "region_displacement",
        "synkinesis",
        "synkinesis_percent",
        "displacement_ratio",
        "asymmetry_index",
        "peak_velocity",
        "time_to_peak",
        "rise_time",
    }
)

_UP_TO_ONE = frozenset(
    {
        "asymmetry_index",
        "direction_similarity",
        "movement_similarity_index",
        "trajectory_correlation",
    }
)


@dataclass(frozen=True)
class Key:
    """Which number a reading is: measure id, side, head-model region and UCUM unit."""

    measure: str
    side: RowSide
    region: str
    unit: str

    @property
    def lowest(self) -> float | None:
        """The least value the measure can take, or None."""
        return 0.0 if {self.measure, position_name(self.measure)} & _FROM_ZERO else None

    @property
    def highest(self) -> float | None:
        """The greatest value the measure can take, or None."""
        return 1.0 if self.measure in _UP_TO_ONE else None


def position_name(measure: str) -> str:
    """A static measure's id without the state of the face that it was read in."""
    return measure.removesuffix("_rest").removesuffix("_peak")


def position_keys(phase: Literal["rest", "peak"]) -> list[Key]:
    """Static positions and mirror asymmetry of one state of the face."""
    keys = [
        Key(f"{name}_{phase}", side, region, unit)
        for side in SIDES
        for name, (unit, region) in _SIDED_POSITIONS.items()
    ]
    keys += [
        Key(f"{name}_{phase}", "midline", region, unit)
        for name, (unit, region) in _MIDLINE_POSITIONS.items()
    ]
    keys += [
        Key(f"{name}_{phase}", "both", region, unit)
        for name, (unit, region) in _PAIRED_POSITIONS.items()
    ]
    keys += [
        Key(f"{name}_{phase}", "both", region, "mm")
        for region in (*REGIONS, *THIRDS, "face")
        for name in _ASYMMETRY
    ]
    return keys


def is_closure(movement: Movement) -> bool:
    """Whether the movement closes the eyes, so that its amplitude is a lid gap's change."""
    return movement.target_measure == "lid_gap_min"


def amplitude_measure(movement: Movement) -> str:
    """The measure that says how much of the movement was made."""
    assert movement.target_measure is not None
    return "lid_closure" if is_closure(movement) else movement.target_measure


def bystander_regions(movement: Movement) -> tuple[str, ...]:
    """The regions that the movement does not aim at, where motion is synkinesis."""
    aimed = set(movement.target_regions)
    for region in movement.target_regions:
        aimed.update(_PARTS.get(region, ()))
    return tuple(region for region in REGIONS if region not in aimed)


def movement_keys(movement: Movement, affected_side: AffectedSide | None) -> list[Key]:
    """Everything that is read from one repetition, its positions at the peak aside."""
    amplitude = amplitude_measure(movement)
    region = MEASURE_REGION[amplitude]
    closure = is_closure(movement)
    keys: list[Key] = []
    for side in SIDES:
        keys += [Key(name, side, MEASURE_REGION[name], "mm") for name in TARGET_POINTS]
        if closure:
            keys += [Key(name, side, region, "mm") for name in ("lid_gap_min", "lid_closure")]
            keys.append(Key("lid_closed", side, region, "1"))
        else:
            keys += [
                Key(f"{amplitude}_{part}", side, region, "mm")
                for part in ("lateral", "vertical", "anterior")
            ]
        keys.append(Key("peak_velocity", side, region, "mm/s"))
        keys += [Key(name, side, region, "s") for name in ("time_to_peak", "rise_time")]
        keys += [Key("region_displacement", side, name, "mm") for name in REGIONS]
        keys.append(Key("fissure_change", side, "periocular", "%"))
    keys.append(Key("onset_lag", "both", region, "s"))
    keys.append(Key("asymmetry_index", "both", region, "1"))
    if not closure:
        keys.append(Key("direction_similarity", "both", region, "1"))
        keys.append(Key("movement_similarity_index", "both", region, "1"))
    keys.append(Key("trajectory_correlation", "both", region, "1"))
    keys.append(Key("trajectory_lag", "both", region, "s"))
    if affected_side in SIDES:
        keys.append(Key("displacement_ratio", "affected", region, "1"))
        for name in bystander_regions(movement):
            keys.append(Key("synkinesis", "affected", name, "mm"))
            keys.append(Key("synkinesis_percent", "affected", name, "%"))
        if not closure:
            keys.append(Key("ocular_synkinesis", "affected", "periocular", "%"))
    return keys
