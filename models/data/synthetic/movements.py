"""What a healthy person intends in each movement: unit activations with a time course.

One-sided weakness, synkinesis and everything else that goes wrong lives in `palsy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from models.movements import Side

Array = NDArray[np.float64]
Activations = dict[str, Array]

SIDES: tuple[Side, Side] = ("left", "right")

# Mean activation of each unit at the height of a movement, on both sides.
INTENTS: Mapping[str, Mapping[str, float]] = {
    "rest": {},
    "brow_raise": {"browInnerUp": 0.85, "browOuterUp": 0.9, "eyeWide": 0.15},
    "gentle_closure": {"eyeBlink": 1.0, "eyeSquint": 0.06},
    "tight_closure": {
        "eyeBlink": 1.0,
        "eyeSquint": 0.75,
        "cheekSquint": 0.75,
        "browDown": 0.55,
        "noseSneer": 0.2,
        "mouthPress": 0.12,
    },
    "gentle_smile": {"mouthSmile": 0.55, "mouthDimple": 0.12, "cheekSquint": 0.15},
    "full_smile": {
        "mouthSmile": 0.9,
        "mouthStretch": 0.15,
        "mouthUpperUp": 0.6,
        "mouthLowerDown": 0.45,
        "cheekSquint": 0.5,
        "eyeSquint": 0.25,
        "jawOpen": 0.05,
    },
    "nose_wrinkle": {
        "noseSneer": 0.95,
        "mouthUpperUp": 0.35,
        "browDown": 0.4,
        "cheekSquint": 0.3,
        "eyeSquint": 0.25,
    },
    "pucker": {"mouthPucker": 0.95, "mouthFunnel": 0.1},
    "lower_teeth": {
        "mouthLowerDown": 0.9,
        "mouthStretch": 0.65,
        "mouthUpperUp": 0.1,
        "jawOpen": 0.06,
    },
}

MIDLINE_UNITS = frozenset({"jawOpen", "jawForward"})
CLOSURES = frozenset({"gentle_closure", "tight_closure"})


def unit_name(unit: str, side: Side) -> str:
    """The head model's name of one side of `unit`; midline units have one name only."""
    return unit if unit in MIDLINE_UNITS else unit + side.capitalize()


@dataclass(frozen=True)
class Repetition:
    """When one repetition happens, in seconds: start, end of rise, start of fall, end."""

    onset_s: float
    peak_s: float
    release_s: float
    end_s: float


def plan_repetitions(
    rng: np.random.Generator, seconds: float, count: int
) -> tuple[Repetition, ...]:
    """Repetitions that fit `seconds`: about 1.2 s rest, rise 0.4-1.1 s, hold, fall 0.3-0.8 s."""
    span = seconds / count
    plans = []
    for k in range(count):
        onset = k * span + min(rng.uniform(1.0, 1.5), 0.3 * span)
        peak = onset + min(rng.uniform(0.4, 1.1), 0.22 * span)
        end = (k + 1) * span - min(rng.uniform(0.5, 0.8), 0.15 * span)
        release = end - min(rng.uniform(0.3, 0.8), 0.17 * span)
        plans.append(Repetition(onset, peak, release, end))
    return tuple(plans)


def smooth_step(x: Array) -> Array:
    """Minimum-jerk rise from 0 to 1 over 0 <= x <= 1 (Flash and Hogan 1985)."""
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x**3 * (10 - 15 * x + 6 * x * x))


def envelope(
    time_s: Array, plan: tuple[Repetition, ...], delay_s: float, overshoot: float
) -> Array:
    """(T,) 0 at rest, 1 in the hold; a damped overshoot follows the rise."""
    total = np.zeros_like(time_s)
    for r in plan:
        t = time_s - delay_s
        rise = smooth_step((t - r.onset_s) / (r.peak_s - r.onset_s))
        fall = 1 - smooth_step((t - r.release_s) / (r.end_s - r.release_s))
        since = np.maximum(t - r.peak_s + 0.08, 0.0)
        ringing = overshoot * np.sin(since * 9.0) * np.exp(-since * 4.5)
        total += (rise + ringing) * fall
    return total


def wander(rng: np.random.Generator, time_s: Array, period_s: float) -> Array:
    """(T,) smooth zero-mean noise of unit size that changes over about `period_s`."""
    if len(time_s) < 2:
        return np.zeros_like(time_s)
    step = float(np.median(np.diff(time_s)))
    pad = int(3 * period_s / step) + 1
    noise = gaussian_filter1d(
        rng.standard_normal(len(time_s) + 2 * pad), period_s / step / 2, mode="wrap"
    )
    scale = np.sqrt(2 * np.sqrt(np.pi) * period_s / step / 2)
    return np.asarray(noise[pad : pad + len(time_s)] * scale)


def blink_course(time_s: Array, start_s: float) -> Array:
    """(T,) one spontaneous blink: 90 ms down, 40 ms closed, 160 ms up."""
    down = smooth_step((time_s - start_s) / 0.09)
    up = smooth_step((time_s - start_s - 0.13) / 0.16)
    return np.asarray(down * (1 - up))


def intend(
    movement: str,
    time_s: Array,
    plan: tuple[Repetition, ...],
    rng: np.random.Generator,
    habit: Mapping[str, float],
) -> Activations:
    """Activation (T,) of each one-sided unit that a healthy face would show.

    `habit` multiplies single one-sided units: nobody's two sides are equally strong. Timing,
    overshoot, unsteadiness in the hold and small co-activations differ from take to take.
    """
    strength = rng.uniform(0.82, 1.08)
    result: Activations = {}
    overshoot = rng.uniform(0.0, 0.08)
    for unit, height in INTENTS[movement].items():
        closes = unit == "eyeBlink"
        height = height if closes else height * strength * rng.uniform(0.85, 1.15)
        unit_delay = rng.normal(0.0, 0.012)
        for side in SIDES:
            name = unit_name(unit, side)
            if name in result:
                continue
            ringing = 0.0 if closes else overshoot
            delay = unit_delay + rng.normal(0.0, 0.008)
            course = envelope(time_s, plan, delay, ringing)
            course = course * (1 + 0.012 * wander(rng, time_s, 0.25) * (not closes))
            gain = 1.0 if closes else habit.get(name, 1.0)
            result[name] = np.clip(height * gain * course, 0.0, 1.0 if closes else 1.15)
    for unit in ("browInnerUp", "mouthPress", "mouthShrugLower"):
        if unit in INTENTS[movement]:
            continue
        drift = 0.015 * wander(rng, time_s, 0.8)
        slight = rng.uniform(0.0, 0.05) * envelope(time_s, plan, 0.0, 0.0)
        slight = slight if movement != "rest" else np.zeros_like(slight)
        for side in SIDES:
            result[unit_name(unit, side)] = np.clip(slight + drift, 0.0, None)
    if movement not in CLOSURES and rng.random() < 0.3:
        # Before the movement or inside the hold: a blink never hides the onset.
        windows = [(0.35, max(plan[0].onset_s - 0.4, 0.36))]
        windows += [(r.peak_s + 0.3, max(r.release_s - 0.4, r.peak_s + 0.31)) for r in plan]
        low, high = windows[rng.integers(len(windows))]
        course = blink_course(time_s, rng.uniform(low, high))
        for side in SIDES:
            result[unit_name("eyeBlink", side)] = course
    return result
