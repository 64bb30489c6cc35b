"""Where a take is at rest and where its repetitions begin, peak and end; no measures.

Works on traces in millimetres over time. Anything shorter than `SUSTAINED_S` (a spasm, a blink)
neither makes a repetition nor places a peak or a rest: grey opening and closing of the trace
remove it exactly and leave slower movements as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import grey_closing, grey_opening, maximum_filter1d, uniform_filter1d

from models.reconstruction import Array

SUSTAINED_S = 0.3
_LASTING_S = 0.6
PEAK_FRAMES = 5
# The least amplitude that counts as a movement, whatever the noise says.
LEAST_MOVEMENT_MM = 0.5
NOISE_FACTOR = 3.0
_NEAR_REST = 0.15
_CORE = 0.4
_PLATEAU = 0.015
_SPASM = 0.1


@dataclass(frozen=True)
class Repetition:
    """One repetition of a movement: frame indices and times (s) of onset, peak and offset.

    `starts_at_rest` and `ends_at_rest` tell whether the way from and to rest was recorded.
    """

    number: int
    onset_frame: int
    peak_frame: int
    offset_frame: int
    onset_s: float
    peak_s: float
    offset_s: float
    starts_at_rest: bool
    ends_at_rest: bool


def sustained_frames(time_s: Array, seconds: float = SUSTAINED_S) -> int:
    """The odd number of frames that span a time, at least 3."""
    if len(time_s) < 2:
        return 3
    step_s = float(np.median(np.diff(time_s)))
    return max(3, round(seconds / step_s) // 2 * 2 + 1)


def over_gaps(values: Array, valid: NDArray[np.bool_], time_s: Array, axis: int = -1) -> Array:
    """Values over time along `axis`, with the frames that are not valid filled in linearly.

    Before the first and after the last valid frame those repeat; without a valid frame all is 0.
    """
    use = np.flatnonzero(valid)
    if len(use) == 0:
        return np.zeros_like(values)
    frames = np.arange(len(valid))
    place = np.searchsorted(use, frames)
    after = use[np.minimum(place, len(use) - 1)]
    before = np.where(valid, frames, use[np.maximum(place - 1, 0)])
    span = np.where(after > before, time_s[after] - time_s[before], 1.0)
    share = np.clip((time_s - time_s[before]) / span, 0.0, 1.0)
    shape = [1] * values.ndim
    shape[axis] = -1
    share = share.reshape(shape)
    earlier, later = np.take(values, before, axis), np.take(values, after, axis)
    return np.asarray(earlier + share * (later - earlier))


def rest_frames(
    effort_mm: Array, valid: NDArray[np.bool_], time_s: Array, rest_frame: int | None = None
) -> NDArray[np.int64]:
    """The frames at rest: still for `SUSTAINED_S`, at the lowest sustained level; may be empty.

    effort_mm: (T,) grows as the movement goes on (only its changes matter). `rest_frame`, when
    a person has chosen one, sets the level instead and always counts with its neighbours.
    """
    n = len(effort_mm)
    window = sustained_frames(time_s)
    if n < window:
        return np.empty(0, dtype=np.int64)
    filled = over_gaps(effort_mm, valid, time_s)
    smooth = uniform_filter1d(filled, 3)
    closed = grey_closing(smooth, size=(window,))
    opened = grey_opening(smooth, size=(window,))
    near = slice(None)
    if rest_frame is not None:
        near = slice(max(0, rest_frame - PEAK_FRAMES // 2), rest_frame + PEAK_FRAMES // 2 + 1)
        level = float(np.median(smooth[near]))
    else:
        level = float(closed.min())
    tremor = _tremor(filled)
    reach = max(_NEAR_REST * (float(opened.max()) - level), NOISE_FACTOR * tremor, 0.2)
    at_level = np.abs(smooth - level) <= reach
    still = _in_runs(at_level, window)
    if rest_frame is not None:
        still[near] = True
    return np.flatnonzero(still & valid)


def _in_runs(mask: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Keep only the runs of True that are at least `least` frames long."""
    kept = np.zeros_like(mask)
    for start, stop in _runs(mask):
        if stop - start >= least:
            kept[start:stop] = True
    return kept


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, stop) of every run of True."""
    edges = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def peak_frame(trace: Array, valid: NDArray[np.bool_], time_s: Array, start: int, stop: int) -> int:
    """The frame in [start, stop) around which a trace (T,) is highest, spasms passed over.

    A spasm is where the trace leaves the height at which it stays; a movement that lasts has to
    stay there for longer. Of a plateau it is the middle.
    """
    lasting_s = (time_s[stop - 1] - time_s[start]) / 2.0
    window = sustained_frames(time_s, float(np.clip(lasting_s, SUSTAINED_S, _LASTING_S)))
    filled = over_gaps(trace, valid, time_s)
    opened = grey_opening(filled, size=(window,))[start:stop]
    excess = maximum_filter1d(filled, PEAK_FRAMES)[start:stop] - opened
    height = float(opened.max())
    # A quick movement without a hold is all excess: then that is its nature, not a spasm.
    usual = float(np.median(excess[opened >= height - _SPASM * abs(height)]))
    usable = valid[start:stop]
    calm = usable & (excess <= max(_SPASM * abs(height), 3.0 * usual))
    usable = calm if calm.any() else usable
    level = np.where(usable, uniform_filter1d(filled, PEAK_FRAMES)[start:stop], -np.inf)
    # Of frames that noise alone may have put in order, the middle one is no lucky one.
    alike = max(
        _PLATEAU * abs(float(level.max())),
        NOISE_FACTOR * _tremor(filled[start:stop]) / np.sqrt(PEAK_FRAMES),
        1e-3,
    )
    highest = np.flatnonzero(level >= level.max() - alike)
    return start + int(highest[(len(highest) - 1) // 2])


def _tremor(trace: Array) -> float:
    """1 SD of the noise of a trace (T,): what bends from frame to frame; a movement hardly does."""
    if len(trace) < 3:
        return 0.0
    return 1.4826 / float(np.sqrt(6.0)) * float(np.median(np.abs(np.diff(trace, 2))))


def peak_window(valid: NDArray[np.bool_], peak: int) -> NDArray[np.int64]:
    """The valid ones of the `PEAK_FRAMES` frames around a peak."""
    first = max(0, min(peak - PEAK_FRAMES // 2, len(valid) - PEAK_FRAMES))
    frames = np.arange(first, min(first + PEAK_FRAMES, len(valid)))
    return frames[valid[frames]]


def repetitions(
    amplitude_mm: Array,
    valid: NDArray[np.bool_],
    time_s: Array,
    rest: NDArray[np.int64],
    noise_mm: float,
) -> list[Repetition]:
    """Find the repetitions in the amplitude (T,) of whichever side moves more.

    amplitude_mm: distance from rest in mm. noise_mm: 1 SD of an amplitude; with the activation
    gate at 3 x noise (and at least `LEAST_MOVEMENT_MM`), nothing is found below it.
    """
    if len(amplitude_mm) < PEAK_FRAMES or len(rest) == 0:
        return []
    filled = over_gaps(amplitude_mm, valid, time_s)
    window = sustained_frames(time_s)
    opened = grey_opening(filled, size=(window,))
    calm = filled[rest]
    tremor = float(np.median(calm)) + NOISE_FACTOR * 1.4826 * float(
        np.median(np.abs(calm - np.median(calm)))
    )
    top = float(opened.max())
    if top < max(LEAST_MOVEMENT_MM, NOISE_FACTOR * noise_mm, 1.5 * tremor):
        return []
    low = max(_NEAR_REST * top, tremor)
    cores = _runs(grey_closing(opened, size=(window,)) >= max(_CORE * top, low))
    smooth = uniform_filter1d(filled, 3)
    found: list[Repetition] = []
    for index, (start, stop) in enumerate(cores):
        earliest = cores[index - 1][1] if index else 0
        latest = cores[index + 1][0] if index + 1 < len(cores) else len(filled)
        onset, starts_at_rest = _leave(smooth, start, earliest - 1, low, -1)
        offset, ends_at_rest = _leave(smooth, stop - 1, latest, low, 1)
        peak = peak_frame(filled, valid, time_s, start, stop)
        found.append(
            Repetition(
                number=index + 1,
                onset_frame=onset,
                peak_frame=peak,
                offset_frame=offset,
                onset_s=float(time_s[onset]),
                peak_s=float(time_s[peak]),
                offset_s=float(time_s[offset]),
                starts_at_rest=starts_at_rest,
                ends_at_rest=ends_at_rest,
            )
        )
    return found


def _leave(trace: Array, start: int, end: int, low: float, step: int) -> tuple[int, bool]:
    """Walk from `start` towards `end` (exclusive) until the trace is below `low`.

    Returns the frame and whether rest was reached; if not, the frame where the trace is lowest.
    """
    frames = np.arange(start, end, step)
    below = np.flatnonzero(trace[frames] < low)
    if len(below):
        return int(frames[below[0]]), True
    return int(frames[np.argmin(trace[frames])]), False


def first_passage_s(
    trace: Array, time_s: Array, level: float, start: int, stop: int
) -> float | None:
    """When a trace (T,) first reaches `level` within the frames [start, stop], or None."""
    reached = np.flatnonzero(trace[start : stop + 1] >= level)
    if len(reached) == 0 or reached[0] == 0:
        return None
    return _passage_s(trace, time_s, level, start + int(reached[0]) - 1)


def rise_s(
    trace: Array, time_s: Array, amplitude: float, start: int, stop: int
) -> tuple[float, float] | None:
    """When a trace passes 10 % and 90 % of its amplitude on the way up, in seconds.

    The 90 % is its first passage, the 10 % the last one before it, so that an earlier twitch
    does not count. None when either was not recorded.
    """
    part = trace[start : stop + 1]
    high = np.flatnonzero(part >= 0.9 * amplitude)
    if len(high) == 0:
        return None
    low = np.flatnonzero(part[: high[0]] <= 0.1 * amplitude)
    if len(low) == 0:
        return None
    return (
        _passage_s(trace, time_s, 0.1 * amplitude, start + int(low[-1])),
        _passage_s(trace, time_s, 0.9 * amplitude, start + int(high[0]) - 1),
    )


def _passage_s(trace: Array, time_s: Array, level: float, frame: int) -> float:
    """When the trace passes `level` between `frame` and the next, linearly."""
    share = (level - trace[frame]) / (trace[frame + 1] - trace[frame])
    return float(time_s[frame] + share * (time_s[frame + 1] - time_s[frame]))
