"""What kinds of jobs there are, as data: queue, priority, limits, stages; nothing is run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from backend.db.models import JobKind

Queue = Literal["cpu", "gpu"]
Lane = Literal["light", "heavy"]

QUEUES: tuple[Queue, ...] = ("cpu", "gpu")
LANES: tuple[Lane, ...] = ("light", "heavy")
"""A worker takes one job of each lane at a time: the heavy ones use all cores and much memory,
the light ones answer somebody who waits in front of the screen."""

SOMEBODY_WAITS, SOON, LATER, IDLE = 90, 50, 30, 10
"""Priorities; higher goes first, equal ones in the order they came."""


_TOO_LITTLE = 0.05
_TOO_SOON_S = 4.0


@dataclass(frozen=True)
class KindSpec:
    """How jobs of one kind are treated.

    wall_s: how long one attempt may take. attempts: None for the site's setting. stages: stage ->
    usual share of the time, in their order; the weights add up to 1. fits: whether a face is
    fitted, which goes to the queue that the site has for that.
    """

    title: str
    lane: Lane
    priority: int
    wall_s: float | None
    attempts: int | None
    stages: Mapping[str, float]
    fits: bool = False


KINDS: Mapping[JobKind, KindSpec] = {
    JobKind.QUICK_LOOK: KindSpec(
        "First look at a recording", "light", SOMEBODY_WAITS, 600.0, None, {"first_look": 1.0}
    ),
    JobKind.ANALYZE_TAKE: KindSpec(
        "Analysis of a take",
        "heavy",
        SOON,
        None,
        None,
        {
            "fetch": 0.02,
            "first_look": 0.13,
            "landmarks": 0.28,
            "fit": 0.40,
            "measures": 0.03,
            "write": 0.04,
            "publish": 0.02,
            "overlay": 0.08,
        },
        fits=True,
    ),
    JobKind.PREVIEW: KindSpec(
        "Preview of a correction", "light", SOMEBODY_WAITS, 60.0, 1, {"fetch": 0.3, "fit": 0.7}
    ),
    JobKind.PROXY: KindSpec(
        "Video for the browser", "heavy", LATER, None, None, {"fetch": 0.1, "encode": 0.9}
    ),
    JobKind.OVERLAY: KindSpec(
        "Overlay videos",
        "heavy",
        IDLE,
        None,
        None,
        {"fetch": 0.05, "fit": 0.65, "overlay": 0.3},
        fits=True,
    ),
    JobKind.EXPORT: KindSpec("Export", "heavy", LATER, None, None, {"export": 1.0}),
}


def overall_progress(kind: JobKind, stage: str, share: float) -> float:
    """Share of a whole job that is done when `share` of `stage` is."""
    done = 0.0
    for name, weight in KINDS[kind].stages.items():
        if name == stage:
            return done + weight * min(max(share, 0.0), 1.0)
        done += weight
    return 0.0


def remaining_s(progress: float, elapsed_s: float) -> float | None:
    """How long a job will still take; None while too little is done to tell.

    Stages that were done before (a first look) pass in no time and promise too much at first.
    """
    if progress < _TOO_LITTLE or elapsed_s < _TOO_SOON_S:
        return None
    return elapsed_s * (1.0 - progress) / progress
