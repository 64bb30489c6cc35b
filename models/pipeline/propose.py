"""Proposing takes: which movements a recording shows and where to cut it; a person decides.

Reads unit activations and lid gaps only; repetitions within a take are found by
`models.measures.segmentation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import grey_closing, grey_opening, label, uniform_filter1d

from models.measures.segmentation import over_gaps
from models.reconstruction import Array
from models.request import TakeSpan

# Rest at both ends of a take, where the neighbours leave it (`clinical.md`: 2 s).
PADDING_S = 2.0
# Repetitions farther apart than this are takes of their own.
LONGEST_PAUSE_S = 8.0
SHORTEST_REST_TAKE_S = 3.0

_SMOOTHING_S = 0.2
# Blinks and spasms are shorter.
_SUSTAINED_S = 0.5
# What lasts longer than this is how the face is, not what it does: tone, droop, drift of the fit.
_POSTURE_S = 20.0
_BEGINS, _ENDS = 0.24, 0.12
# How high in a segment its hold lies.
_HOLD_PERCENTILE = 80

# What leads each kind of movement, and about how strongly a healthy face does it.
_LEADERS: Mapping[str, Mapping[str, float]] = {
    "brow_raise": {"browInnerUp": 0.8, "browOuterUp": 0.8},
    "smile": {"mouthSmile": 0.9},
    "nose_wrinkle": {"noseSneer": 0.9},
    "pucker": {"mouthPucker": 0.9, "mouthFunnel": 0.9},
    "lower_teeth": {"mouthLowerDown": 0.7},
}
# What a full smile and a tight closure add to the gentle ones, weighted; 1 at their full strength.
_FULL_SMILE: Mapping[str, tuple[float, float]] = {
    "mouthSmile": (0.4, 0.9),
    "mouthUpperUp": (0.3, 0.5),
    "mouthLowerDown": (0.15, 0.3),
    "cheekSquint": (0.15, 0.5),
}
_TIGHT_CLOSURE: Mapping[str, tuple[float, float]] = {
    "cheekSquint": (0.35, 0.75),
    "browDown": (0.3, 0.55),
    "eyeSquint": (0.25, 0.75),
    "noseSneer": (0.1, 0.2),
}
_FULL_FROM, _TIGHT_FROM = 0.52, 0.42
# Share of the rest opening that must be gone before narrowing counts as closing.
_NARROWED, _CLOSED = 0.5, 0.9
# Of both lids the better one decides (palsy), yet synkinesis narrows one eye alone.
_BETTER_LID = 0.75
_VARIANTS = ({"gentle_smile", "full_smile"}, {"gentle_closure", "tight_closure"})


@dataclass(frozen=True)
class _Segment:
    """A span of activity: first and last frame, the movement it looks like, and how much of it."""

    first: int
    last: int
    movement: str
    strength: float


def propose_takes(
    expression: Array,
    expression_names: Sequence[str],
    time_s: Array,
    lid_gap_mm: NDArray[np.floating],
    valid: NDArray[np.bool_],
) -> tuple[TakeSpan, ...]:
    """Takes of a long recording, in order of time and without overlap; empty when nothing moves.

    expression: (T, n) unit activations, 0 to about 1.2, named like `mouthSmileLeft`; time_s: (T,);
    lid_gap_mm: (T, 2) left, right, NaN where unknown; valid: (T,) frames to look at.
    Neighbouring repetitions of one movement make one take, with rest before and after. The
    first quiet stretch that is long enough becomes the take `rest`.
    """
    if len(time_s) < 2 or not valid.any():
        return ()
    courses = _Courses.of(expression, expression_names, time_s, lid_gap_mm, valid)
    groups = _grouped(_agreeing(_segments(courses, time_s), time_s), time_s)
    spans = _padded(groups, time_s)
    takes = [
        TakeSpan(group[0].movement, start, end)
        for group, (start, end) in zip(groups, spans, strict=True)
        if group[0].movement != _UNKNOWN
    ]
    rest = _first_rest(spans, time_s)
    if takes and rest is not None:
        takes.append(rest)
    return tuple(sorted(takes, key=lambda take: take.start_s))


def most_likely_movement(
    expression: Array,
    expression_names: Sequence[str],
    time_s: Array,
    lid_gap_mm: NDArray[np.floating],
    valid: NDArray[np.bool_],
) -> str:
    """The one movement of a recording without a name; `rest` when nothing moves.

    Arguments as of `propose_takes`.
    """
    if len(time_s) < 2 or not valid.any():
        return "rest"
    courses = _Courses.of(expression, expression_names, time_s, lid_gap_mm, valid)
    weight: dict[str, float] = {}
    for segment in _agreeing(_segments(courses, time_s), time_s):
        lasting_s = float(time_s[segment.last] - time_s[segment.first])
        weight[segment.movement] = weight.get(segment.movement, 0.0) + segment.strength * lasting_s
    weight.pop(_UNKNOWN, None)
    return max(sorted(weight), key=lambda movement: weight[movement], default="rest")


_UNKNOWN = ""


@dataclass(frozen=True)
class _Courses:
    """Over time, without posture, blinks and spasms: units (T,) of the stronger side, closure."""

    units: Mapping[str, Array]
    closure: Array

    @staticmethod
    def of(
        expression: Array,
        names: Sequence[str],
        time_s: Array,
        lid_gap_mm: NDArray[np.floating],
        valid: NDArray[np.bool_],
    ) -> _Courses:
        step_s = float(np.median(np.diff(time_s)))
        units: dict[str, Array] = {}
        lids: dict[str, Array] = {}
        for index, name in enumerate(names):
            # Below 0 a fit says that the antagonist acts; going back to 0 is no movement.
            column = np.maximum(np.asarray(expression[:, index], dtype=np.float64), 0.0)
            course = _activity(column, valid & np.isfinite(column), time_s, step_s)
            stem = name.removesuffix("Left").removesuffix("Right")
            units[stem] = np.maximum(units[stem], course) if stem in units else course
            if stem == "eyeBlink":
                lids[name] = course
        closures = []
        for side, blink in enumerate(("eyeBlinkLeft", "eyeBlinkRight")):
            gap = np.asarray(lid_gap_mm[:, side], dtype=np.float64)
            known = valid & np.isfinite(gap)
            if known.any():
                closures.append(_closure(over_gaps(gap, known, time_s), step_s))
            else:
                closures.append(lids.get(blink, np.zeros(len(time_s))))
        better, worse = np.maximum(*closures), np.minimum(*closures)
        return _Courses(units, _BETTER_LID * better + (1 - _BETTER_LID) * worse)

    def unit(self, name: str) -> Array:
        """(T,) a unit's course; zero where the head has no such unit."""
        return self.units.get(name, np.zeros_like(self.closure))

    def kinds(self) -> dict[str, Array]:
        """(T,) of each kind of movement: 0 not there, about 1 at full strength."""
        kinds = {
            kind: np.max([self.unit(name) / full for name, full in leaders.items()], axis=0)
            for kind, leaders in _LEADERS.items()
        }
        kinds["closure"] = np.clip((self.closure - _NARROWED) / (_CLOSED - _NARROWED), 0.0, 1.0)
        return kinds


def _frames(seconds: float, step_s: float) -> int:
    return max(1, round(seconds / step_s) // 2 * 2 + 1)


def _activity(values: Array, known: NDArray[np.bool_], time_s: Array, step_s: float) -> Array:
    """(T,) what of `values` lasts, above the posture of the face."""
    smooth = uniform_filter1d(over_gaps(values, known, time_s), _frames(_SMOOTHING_S, step_s))
    lasting = grey_opening(smooth, (_frames(_SUSTAINED_S, step_s),))
    return np.asarray(lasting - grey_opening(lasting, (_frames(_POSTURE_S, step_s),)))


def _closure(gap_mm: Array, step_s: float) -> Array:
    """(T,) share of the opening at rest that is gone; blinks do not count."""
    smooth = uniform_filter1d(gap_mm, _frames(_SMOOTHING_S, step_s))
    lasting = grey_closing(smooth, (_frames(_SUSTAINED_S, step_s),))
    open_mm = grey_closing(lasting, (_frames(_POSTURE_S, step_s),))
    return np.asarray(1.0 - np.clip(lasting / np.maximum(open_mm, 1e-6), 0.0, 1.0))


def _segments(courses: _Courses, time_s: Array) -> list[_Segment]:
    """Where something moves, and what it looks like; rises and falls belong to it."""
    kinds = courses.kinds()
    activity = np.max(list(kinds.values()), axis=0)
    numbers, count = label(activity > _ENDS)
    found = []
    for number in range(1, count + 1):
        frames = np.flatnonzero(numbers == number)
        if activity[frames].max() < _BEGINS or np.ptp(time_s[frames]) < _SUSTAINED_S:
            continue
        movement, strength = _classify(courses, kinds, frames)
        found.append(_Segment(int(frames[0]), int(frames[-1]), movement, strength))
    return found


def _classify(
    courses: _Courses, kinds: Mapping[str, Array], frames: NDArray[np.int64]
) -> tuple[str, float]:
    """The movement of a segment and its strength; unknown where no kind is clearly there."""

    def hold(course: Array) -> float:
        return float(np.percentile(course[frames], _HOLD_PERCENTILE))

    def extra(parts: Mapping[str, tuple[float, float]]) -> float:
        return sum(
            share * min(hold(courses.unit(name)) / full, 1.25)
            for name, (share, full) in parts.items()
        )

    held = {kind: hold(course) for kind, course in kinds.items()}
    kind = max(sorted(held), key=lambda k: held[k])
    strength = held[kind]
    if strength < _BEGINS:
        return _UNKNOWN, strength
    if kind == "smile":
        return ("full_smile" if extra(_FULL_SMILE) >= _FULL_FROM else "gentle_smile"), strength
    if kind == "closure":
        tight = extra(_TIGHT_CLOSURE) >= _TIGHT_FROM
        return ("tight_closure" if tight else "gentle_closure"), strength
    return kind, strength


def _agreeing(segments: list[_Segment], time_s: Array) -> list[_Segment]:
    """A repetition between two that agree is what they are, if it is a variant of it."""
    result = list(segments)
    for k in range(1, len(segments) - 1):
        before, own, after = segments[k - 1 : k + 2]
        near = _pause_s(before, own, time_s) + _pause_s(own, after, time_s) < LONGEST_PAUSE_S
        if near and before.movement == after.movement != own.movement:
            alike = {own.movement, before.movement}
            if any(alike <= variants for variants in _VARIANTS):
                result[k] = _Segment(own.first, own.last, before.movement, own.strength)
    return result


def _pause_s(before: _Segment, after: _Segment, time_s: Array) -> float:
    return float(time_s[after.first] - time_s[before.last])


def _grouped(segments: list[_Segment], time_s: Array) -> list[list[_Segment]]:
    """Neighbouring repetitions of one movement together."""
    groups: list[list[_Segment]] = []
    for segment in segments:
        joins = (
            bool(groups)
            and groups[-1][-1].movement == segment.movement
            and _pause_s(groups[-1][-1], segment, time_s) < LONGEST_PAUSE_S
        )
        if joins:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return groups


def _padded(groups: list[list[_Segment]], time_s: Array) -> list[tuple[float, float]]:
    """Start and end in seconds of each group with its rest; neighbours share what lies between."""
    starts = np.array([time_s[group[0].first] for group in groups])
    ends = np.array([time_s[group[-1].last] for group in groups])
    before = np.append(time_s[0], (ends[:-1] + starts[1:]) / 2) if groups else starts
    after = np.append((ends[:-1] + starts[1:]) / 2, time_s[-1]) if groups else ends
    return [
        (round(float(start), 3), round(float(end), 3))
        for start, end in zip(
            np.maximum(starts - PADDING_S, before), np.minimum(ends + PADDING_S, after), strict=True
        )
    ]


def _first_rest(spans: list[tuple[float, float]], time_s: Array) -> TakeSpan | None:
    """The first stretch long enough that belongs to no activity: protocols begin with rest."""
    edges = [float(time_s[0]), *(second for span in spans for second in span), float(time_s[-1])]
    for start_s, end_s in zip(edges[::2], edges[1::2], strict=True):
        if end_s - start_s >= SHORTEST_REST_TAKE_S:
            return TakeSpan("rest", round(start_s, 3), round(end_s, 3))
    return None
