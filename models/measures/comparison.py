"""Two takes against each other: changes of numbers, matching of phases, difference of fields.

Knows nothing of visits or stored results; what may be compared at all is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.measures.reference import MeasurementError
from models.measures.series import PhaseSpan
from models.reconstruction import Array, Array32

# Whether a change is larger than the measurement error.
Verdict = Literal["yes", "no", "unknown"]
Phase = Literal["start", "onset", "peak", "offset", "end"]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; None where it is undetermined or has no interval."""

    value: float | None
    ci_lo: float | None = None
    ci_hi: float | None = None

    @property
    def half_width(self) -> float | None:
        """Half the interval; on the side where no bound of the measure cuts it off."""
        if self.value is None or self.ci_lo is None or self.ci_hi is None:
            return None
        return max(self.value - self.ci_lo, self.ci_hi - self.value)


@dataclass(frozen=True)
class Change:
    """After minus before with its 95 % interval, and whether it is larger than the error.

    An unknown verdict has a reason.
    """

    difference: float | None
    ci_lo: float | None
    ci_hi: float | None
    verdict: Verdict
    reason: str = ""


def change(before: Estimate, after: Estimate, error: MeasurementError | None) -> Change:
    """The change between two estimates of one measure.

    The errors of both are taken as independent. Those that visits share (scale, identity) cancel
    in part, so that the interval is rather too wide. The change is larger than the measurement
    error when it passes the MDC95 and its interval leaves out 0; smaller when it is within the
    MDC95; a change that passes the MDC95 but may yet be 0 can't be told.
    """
    if before.value is None or after.value is None:
        which = "first" if before.value is None else "second"
        return Change(None, None, None, "unknown", f"The {which} visit's value is undetermined.")
    difference = after.value - before.value
    if before.half_width is None or after.half_width is None:
        return Change(difference, None, None, "unknown", "A value comes without an interval.")
    half = float(np.hypot(before.half_width, after.half_width))
    low, high = difference - half, difference + half
    if error is None:
        verdict: Verdict = "unknown"
        reason = "The measurement error between recordings is not known for this measure."
    elif abs(difference) <= error.mdc95:
        verdict, reason = "no", ""
    elif abs(difference) > half:
        verdict, reason = "yes", ""
    else:
        verdict, reason = "unknown", "The two values are too uncertain to tell."
    return Change(difference, low, high, verdict, reason)


@dataclass(frozen=True)
class Course:
    """When a take begins and ends and when its repetitions happen, in seconds of its own clock."""

    start_s: float
    end_s: float
    repetitions: Sequence[PhaseSpan]


@dataclass(frozen=True)
class Anchor:
    """A moment of the movement that both takes have, and when each has it."""

    phase: Phase
    repetition: int | None
    before_s: float
    after_s: float


def phase_map(before: Course, after: Course) -> tuple[Anchor, ...]:
    """The moments that two takes share, in time order; between them time runs evenly.

    Repetitions are paired in their order; those that only one take has lie before its end.
    Moments that would make time stand still or run backwards are left out.
    """
    anchors = [Anchor("start", None, before.start_s, after.start_s)]
    end = Anchor("end", None, before.end_s, after.end_s)
    for number, (one, other) in enumerate(
        zip(before.repetitions, after.repetitions, strict=False), start=1
    ):
        anchors += [
            Anchor("onset", number, one.onset_s, other.onset_s),
            Anchor("peak", number, one.peak_s, other.peak_s),
            Anchor("offset", number, one.offset_s, other.offset_s),
        ]
    kept = anchors[:1]
    for anchor in anchors[1:]:
        if _precedes(kept[-1], anchor) and _precedes(anchor, end):
            kept.append(anchor)
    return (*kept, end)


def _precedes(one: Anchor, other: Anchor) -> bool:
    return one.before_s < other.before_s and one.after_s < other.after_s


def time_after(anchors: Sequence[Anchor], before_s: Array) -> Array:
    """(T,) moments of the first take -> (T,) the same phases of the second."""
    return np.interp(before_s, [a.before_s for a in anchors], [a.after_s for a in anchors])


def field_difference(
    before: Array32, before_s: Array, after: Array32, after_s: Array, anchors: Sequence[Anchor]
) -> Array32:
    """(T, V) and (T', V) scalars over time -> (T, V) after minus before, at equal phases.

    The second take is read linearly between its frames. NaN where either has no value.
    """
    place = np.interp(time_after(anchors, before_s), after_s, np.arange(len(after_s)))
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(after_s) - 1)
    share = (place - low).astype(np.float32)
    difference = np.empty_like(before)
    for frame, (earlier, later, part) in enumerate(zip(low, high, share, strict=True)):
        # A whole frame must not take in a neighbour that has no value.
        there = after[earlier]
        if part > 0:
            there = there + part * (after[later] - there)
        difference[frame] = there - before[frame]
    return difference
