"""One-sided facial palsy: what becomes of intended activations on the affected side.

Weakness per branch, droop at rest, synkinesis with lag, spasm; the healthy side is never touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models.data.synthetic.movements import SIDES, Activations, unit_name, wander
from models.movements import AffectedSide, Side

Array = NDArray[np.float64]
Branch = Literal["temporal", "zygomatic", "buccal", "mandibular"]
BRANCHES: tuple[Branch, ...] = get_args(Branch)

# Which branch of the facial nerve drives a unit; units not named here are not the nerve's
# (jaw: trigeminal; eyes and lid lift: oculomotor).
BRANCH_OF_UNIT: Mapping[str, Branch] = {
    "browInnerUp": "temporal",
    "browOuterUp": "temporal",
    "browDown": "temporal",
    "eyeBlink": "zygomatic",
    "eyeSquint": "zygomatic",
    "cheekSquint": "zygomatic",
    "noseSneer": "buccal",
    "mouthSmile": "buccal",
    "mouthDimple": "buccal",
    "mouthUpperUp": "buccal",
    "mouthPucker": "buccal",
    "mouthFunnel": "buccal",
    "mouthPress": "buccal",
    "mouthRollUpper": "buccal",
    "mouthShrugUpper": "buccal",
    "cheekPuff": "buccal",
    "mouthStretch": "mandibular",
    "mouthLowerDown": "mandibular",
    "mouthFrown": "mandibular",
    "mouthRollLower": "mandibular",
    "mouthShrugLower": "mandibular",
}

# What drives a coupling and what it moves: oral-ocular, ocular-oral, and the usual others.
_COUPLINGS: tuple[tuple[str, str, float], ...] = (
    ("mouthSmile", "eyeBlink", 0.35),
    ("mouthSmile", "eyeSquint", 0.3),
    ("mouthPucker", "eyeBlink", 0.4),
    ("mouthPucker", "eyeSquint", 0.35),
    ("eyeBlink", "mouthSmile", 0.25),
    ("eyeBlink", "mouthDimple", 0.2),
    ("browOuterUp", "mouthSmile", 0.18),
    ("browOuterUp", "mouthUpperUp", 0.2),
    ("noseSneer", "eyeBlink", 0.2),
    ("mouthLowerDown", "mouthDimple", 0.2),
    ("mouthStretch", "eyeSquint", 0.2),
)


@dataclass(frozen=True)
class Coupling:
    """Synkinesis: intending `source` also activates `target`, `gain` times as much, later."""

    source: str
    target: str
    gain: float
    lag_s: float


@dataclass(frozen=True)
class Palsy:
    """A patient's condition; a healthy control has side "none" and nothing else.

    weakness: share of the voluntary movement lost per branch, 0 to 1.
    tone: activations that are always there on the affected side (droop, wide eye, contracture).
    levator_relaxation: how far a lid without facial nerve still comes down when closure is
        meant, because the lid lifter lets go; a share of full closure.
    pull: how far a mouth is drawn to the stronger side, per unit of activation difference.
    spasm_per_s: rate of twitches on the affected side.
    """

    side: AffectedSide = "none"
    weakness: Mapping[Branch, float] = field(default_factory=dict)
    tone: Mapping[str, float] = field(default_factory=dict)
    couplings: tuple[Coupling, ...] = ()
    levator_relaxation: float = 0.0
    pull: float = 0.0
    spasm_per_s: float = 0.0

    @property
    def severity(self) -> float:
        """Mean weakness over the branches, 0 to 1."""
        return float(np.mean([self.weakness.get(branch, 0.0) for branch in BRANCHES]))

    @property
    def grade(self) -> int:
        """A grade from 1 to 6 in the manner of House-Brackmann, from severity alone."""
        if self.side == "none":
            return 1
        return 2 + int(np.searchsorted([0.2, 0.45, 0.7, 0.93], self.severity))


def draw_palsy(rng: np.random.Generator, side: Side) -> Palsy:
    """A patient with palsy of `side`: flaccid, recovering, or synkinetic after recovery."""
    kind = str(rng.choice(["flaccid", "recovering", "synkinetic"], p=[0.4, 0.25, 0.35]))
    low, high = {"flaccid": (0.6, 1.0), "recovering": (0.25, 0.7), "synkinetic": (0.2, 0.6)}[kind]
    mean = rng.uniform(low, high)
    weakness = {b: float(np.clip(mean + rng.normal(0, 0.13), 0.0, 1.0)) for b in BRANCHES}
    loss = float(np.mean(list(weakness.values())))
    sag = rng.uniform(0.5, 1.0) * loss
    if kind == "synkinetic":
        tone = {
            "eyeSquint": rng.uniform(0.1, 0.3),
            "mouthDimple": rng.uniform(0.05, 0.2),
            "noseSneer": rng.uniform(0.0, 0.12),
            "mouthSmile": rng.uniform(0.0, 0.1),
        }
        chosen = [c for c in _COUPLINGS if rng.random() < 0.6]
        couplings = tuple(
            Coupling(source, target, float(gain * rng.uniform(0.5, 1.5)), rng.uniform(0.02, 0.1))
            for source, target, gain in chosen
        )
    else:
        tone = {
            "browDown": 0.3 * sag * weakness["temporal"],
            "eyeWide": 0.45 * sag * weakness["zygomatic"],
            "mouthFrown": 0.35 * sag * weakness["mandibular"],
            "mouthStretch": 0.12 * sag * weakness["buccal"],
        }
        couplings = ()
    return Palsy(
        side=side,
        weakness=weakness,
        tone={name: float(value) for name, value in tone.items()},
        couplings=couplings,
        levator_relaxation=float(rng.uniform(0.15, 0.45)),
        pull=float(rng.uniform(0.1, 0.3)),
        spasm_per_s=float(rng.uniform(0.1, 0.5)) if rng.random() < 0.15 else 0.0,
    )


def afflict(
    intended: Activations, palsy: Palsy, time_s: Array, rng: np.random.Generator
) -> Activations:
    """What the face does when a healthy one would do `intended`; all values (T,).

    The healthy side keeps its activations to the bit; only the passive pull of the mouth
    (`mouthLeft`, `mouthRight`) depends on both.
    """
    if palsy.side == "none":
        return dict(intended)
    side: Side = palsy.side
    result = dict(intended)
    for unit, branch in BRANCH_OF_UNIT.items():
        name = unit_name(unit, side)
        if name in intended:
            result[name] = intended[name] * (1 - palsy.weakness.get(branch, 0.0))
    blink = unit_name("eyeBlink", side)
    if blink in intended:
        lost = palsy.weakness.get("zygomatic", 0.0)
        result[blink] = intended[blink] * (1 - lost * (1 - palsy.levator_relaxation))

    def add(unit: str, course: Array) -> None:
        name = unit_name(unit, side)
        limit = 1.0 if unit == "eyeBlink" else 1.15
        result[name] = np.clip(result.get(name, 0.0) + course, 0.0, limit)

    for coupling in palsy.couplings:
        source = intended.get(unit_name(coupling.source, side))
        if source is not None:
            late = np.interp(time_s - coupling.lag_s, time_s, source)
            add(coupling.target, coupling.gain * late)
    for unit, value in palsy.tone.items():
        add(unit, value * np.ones_like(time_s))
    for _ in range(rng.poisson(palsy.spasm_per_s * (time_s[-1] - time_s[0]))):
        start, length = rng.uniform(time_s[0], time_s[-1]), rng.uniform(0.12, 0.3)
        pulse = np.exp(-0.5 * ((time_s - start) / (length / 2.5)) ** 2)
        pulse = pulse * (1 + 0.2 * wander(rng, time_s, 0.06))
        for unit, height in (("eyeSquint", 0.35), ("mouthDimple", 0.25), ("mouthSmile", 0.15)):
            add(unit, height * pulse)

    if palsy.pull:
        strength = {
            s: result.get(unit_name("mouthSmile", s), np.zeros_like(time_s))
            + 0.5 * result.get(unit_name("mouthStretch", s), np.zeros_like(time_s))
            for s in SIDES
        }
        towards: Side = "left" if side == "right" else "right"
        drawn = palsy.pull * np.clip(strength[towards] - strength[side], 0.0, None)
        name = unit_name("mouth", towards)
        result[name] = result.get(name, np.zeros_like(time_s)) + drawn
    return result
