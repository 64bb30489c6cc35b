"""How a virtual patient looks: the drawn parameters of skin, brows, eyes, hair and clothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HairStyle = Literal["bald", "cropped", "receding", "short", "swept", "tied", "bob", "long"]
HAIR_STYLES: tuple[HairStyle, ...] = get_args(HairStyle)

# sRGB of cheeks from very light to very dark skin.
_SKIN = np.array(
    [
        [240, 205, 188],
        [231, 188, 164],
        [216, 166, 136],
        [190, 137, 104],
        [148, 100, 72],
        [104, 70, 52],
    ]
)
_HAIR = np.array(
    [[24, 19, 17], [42, 30, 23], [72, 50, 36], [110, 78, 50], [166, 128, 84], [120, 62, 36]]
)
_GREY_HAIR = np.array([168, 166, 163])
_IRIS = np.array(
    [[58, 38, 24], [84, 56, 32], [112, 86, 50], [92, 104, 72], [96, 118, 138], [122, 140, 150]]
)
_CLOTH = np.array(
    [[228, 230, 232], [70, 92, 120], [44, 46, 52], [120, 150, 140], [150, 70, 72], [196, 184, 160]]
)


@dataclass(frozen=True)
class Look:
    """Linear RGB colours (3,) and shares from 0 to 1 unless said otherwise.

    tone: 0 very light to 1 very dark skin; freckles and moles: counts; stubble: beard shadow;
    brow_width_mm: thickness in the middle; iris_mm: white-to-white diameter.
    """

    age: float
    tone: float
    skin: Array
    blush: float
    mottling: float
    freckles: int
    moles: int
    stubble: float
    oiliness: float
    lips: Array
    hair: Array
    hair_style: HairStyle
    hair_length_mm: float
    brow: Array
    brow_width_mm: float
    brow_density: float
    iris: Array
    iris_mm: float
    pupil_mm: float
    vessels: float
    cloth: Array
    collar: float


def linear(srgb: NDArray[np.floating] | NDArray[np.integer]) -> Array:
    """Linear light of 8-bit sRGB values."""
    s = np.asarray(srgb, dtype=np.float64) / 255
    return np.asarray(np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4))


def _between(table: NDArray[np.integer], position: float) -> Array:
    """Linear RGB at `position` in [0, 1] along a table of sRGB colours."""
    at = position * (len(table) - 1)
    low = min(int(at), len(table) - 2)
    return linear(table[low] * (1 - at + low) + table[low + 1] * (at - low))


def draw_look(rng: np.random.Generator, iris_mm: float) -> Look:
    """A person: colours that go together, any age from 18 to 85."""
    age = float(np.clip(rng.normal(48, 18), 18, 85))
    tone = float(rng.beta(1.2, 1.8))
    skin = _between(_SKIN, tone) * rng.uniform(0.93, 1.05) * (1 + rng.normal(0, 0.02, 3))
    light = max(0.0, 1 - 1.6 * tone)
    hair_tone = rng.uniform(0, 1) * light
    grey = float(np.clip((age - 38) / 35 + rng.normal(0, 0.25), 0, 1))
    brown = _between(_HAIR, hair_tone)
    hair = brown * (1 - grey) + linear(_GREY_HAIR) * grey
    masculine = rng.random() < 0.5
    weights = np.array([0.08, 0.2, 0.15, 0.3, 0.2, 0.03, 0.02, 0.02])
    if not masculine:
        weights = np.array([0.01, 0.06, 0.01, 0.17, 0.2, 0.25, 0.15, 0.15])
    style: HairStyle = HAIR_STYLES[int(rng.choice(len(HAIR_STYLES), p=weights))]
    redder = np.array([rng.uniform(0.84, 0.96), rng.uniform(0.58, 0.72), rng.uniform(0.62, 0.78)])
    bearded = masculine and rng.random() < 0.7
    return Look(
        age=age,
        tone=tone,
        skin=skin,
        blush=float(rng.uniform(0.2, 1.0) * (1 - 0.5 * tone)),
        mottling=float(rng.uniform(0.4, 1.0)),
        freckles=int(rng.integers(60, 500)) if rng.random() < 0.3 * light + 0.05 else 0,
        moles=int(rng.poisson(3)),
        stubble=float(rng.uniform(0.15, 0.8)) if bearded else 0.0,
        oiliness=float(rng.uniform(0.35, 1.0)),
        lips=skin * redder,
        hair=hair,
        hair_style=style,
        hair_length_mm=float(rng.uniform(0.8, 1.25)),
        brow=brown * (1 - 0.5 * grey) + linear(_GREY_HAIR) * 0.3 * grey,
        brow_width_mm=float(rng.uniform(7.5, 10.5) if masculine else rng.uniform(5.0, 8.0)),
        brow_density=float(rng.uniform(0.55, 1.0)),
        iris=_between(_IRIS, float(rng.uniform(0, 0.35) if tone > 0.4 else rng.uniform(0, 1))),
        iris_mm=iris_mm,
        pupil_mm=float(rng.uniform(2.6, 4.4)),
        vessels=float(rng.uniform(0.1, 0.9)),
        cloth=_between(_CLOTH, float(rng.uniform(0, 1))) * rng.uniform(0.7, 1.0),
        collar=float(rng.uniform(0, 1)),
    )
