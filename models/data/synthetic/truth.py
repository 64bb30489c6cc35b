"""The truth of a take: measures of its exact vertices, by the simplest possible definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.synthetic.movements import SIDES, Repetition
from models.head.topology import Topology
from models.movements import MOVEMENTS

Array = NDArray[np.float64]

_POINTS = {
    "commissure_excursion": "commissure",
    "brow_excursion": "brow_mid",
    "alar_excursion": "ala",
    "lower_lip_excursion": "lower_lip_lateral",
}


def lid_gap_mm(topology: Topology, vertices_mm: Array) -> Array:
    """(T, 2) widest opening between the lid margins, left and right, of (T, V, 3).

    Margins that have met and slid over one another are closed, not open again.
    """
    gaps = []
    for side in SIDES:
        upper = vertices_mm[:, topology.loops[f"lid_upper_{side}"]]
        lower = vertices_mm[:, topology.loops[f"lid_lower_{side}"]]
        opening = upper - lower
        wide = np.where(opening[..., 1] > 0, np.linalg.norm(opening, axis=2), 0.0)
        gaps.append(wide.max(axis=1))
    return np.stack(gaps, axis=1)


def rest_frames(time_s: Array, plan: tuple[Repetition, ...], gap_mm: Array) -> NDArray[np.bool_]:
    """(T,) frames before the first onset in which no blink is going on."""
    before = time_s < plan[0].onset_s - 0.1
    opened = gap_mm.min(axis=1)
    wide = opened > 0.9 * np.median(opened[before])
    return np.asarray(before & wide if (before & wide).any() else before)


def crossing_s(course: Array, time_s: Array, level: float) -> float:
    """When `course` first reaches `level`, by linear interpolation; NaN if it never does."""
    above = np.flatnonzero(course >= level)
    if not above.size:
        return float("nan")
    k = int(above[0])
    if k == 0:
        return float(time_s[0])
    share = (level - course[k - 1]) / (course[k] - course[k - 1])
    return float(time_s[k - 1] + share * (time_s[k] - time_s[k - 1]))


def _repetition(displacement: Array, time_s: Array, window: NDArray[np.bool_]) -> dict[str, float]:
    """Excursion (mean of the 5 frames around the peak) and timing of one point, (T, 3) mm."""
    course = np.linalg.norm(displacement, axis=1)
    inside = np.flatnonzero(window)
    peak = int(inside[np.argmax(course[inside])])
    around = slice(max(peak - 2, 0), peak + 3)
    height = float(course[around].mean())
    rising = course[inside[0] : peak + 1]
    times = time_s[inside[0] : peak + 1]
    low, high = crossing_s(rising, times, 0.1 * height), crossing_s(rising, times, 0.9 * height)
    return {
        "excursion_mm": height,
        "onset_s": low,
        "peak_s": float(time_s[peak]),
        "rise_time_s": high - low,
    }


def measure(
    topology: Topology,
    vertices_mm: Array,
    time_s: Array,
    movement: str,
    plan: tuple[Repetition, ...],
) -> dict[str, Any]:
    """True measures of a take of (T, V, 3) mm in the head frame.

    Keys: `excursions` {measure: {side: [per repetition {...}]}}, `lid_gap_rest_mm` and
    `lid_gap_min_mm` {side: value or list}, `rest_frames` [first, last], `target`, `repetitions`.
    """
    gap = lid_gap_mm(topology, vertices_mm)
    resting = rest_frames(time_s, plan, gap)
    rest = vertices_mm[resting].mean(axis=0)
    windows = [
        (time_s >= r.onset_s - 0.15) & (time_s <= min(r.end_s + 0.15, time_s[-1])) for r in plan
    ]
    excursions: dict[str, dict[str, list[dict[str, float]]]] = {}
    for name, point in _POINTS.items():
        excursions[name] = {}
        for side in SIDES:
            vertex = topology.points[f"{point}_{side}"]
            moved = vertices_mm[:, vertex] - rest[vertex]
            excursions[name][side] = [_repetition(moved, time_s, w) for w in windows]
    indices = np.flatnonzero(resting)
    return {
        "movement": movement,
        "target": MOVEMENTS[movement].target_measure,
        "excursions": excursions,
        "lid_gap_rest_mm": {s: float(gap[resting, k].mean()) for k, s in enumerate(SIDES)},
        "lid_gap_min_mm": {
            s: [float(gap[w, k].min()) for w in windows] for k, s in enumerate(SIDES)
        },
        "rest_frames": [int(indices[0]), int(indices[-1])],
        "repetitions": [
            {"onset_s": r.onset_s, "peak_s": r.peak_s, "release_s": r.release_s, "end_s": r.end_s}
            for r in plan
        ],
    }
