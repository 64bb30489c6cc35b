"""One to three observed files as one recording: sides, synchronisation and the common clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.capture.clock import SourceFrames, common_moments, resample
from models.capture.observation import ViewObservation
from models.capture.sides import SideAssignment, assign_sides
from models.capture.sync import ViewSync, reference_view, synchronise
from models.errors import UnusableInputError
from models.movements import View
from models.reconstruction import ViewTrack

_SHORTEST_OVERLAP_SHARE = 0.3


@dataclass(frozen=True)
class Recording:
    """What all views show on one clock of T moments.

    time_s: (T,) seconds from the first common moment. fps: moments a second; 0 for a still.
    origin_s: the reference file's own time at the first moment: a time in the reference file
    minus `origin_s` is a time of the recording.
    sources: where the moments lie in each file (for crops and corrections by frame).
    """

    time_s: NDArray[np.float64]
    fps: float
    origin_s: float
    reference: View
    tracks: Mapping[View, ViewTrack]
    sources: Mapping[View, SourceFrames]
    observations: Mapping[View, ViewObservation]
    sides: Mapping[View, SideAssignment]
    syncs: Mapping[View, ViewSync]

    @property
    def views(self) -> tuple[View, ...]:
        """The views there are, the reference first."""
        others = [view for view in self.tracks if view != self.reference]
        return (self.reference, *sorted(others))

    @property
    def is_still(self) -> bool:
        """Whether the recording is of photographs."""
        return self.time_s.size == 1


def bring_together(
    observations: Sequence[ViewObservation],
    labels: Sequence[View | None],
    entered_offsets_s: Mapping[View, float],
) -> Recording:
    """Sides by yaw, offsets, and the tracks of all views on the common clock.

    `entered_offsets_s` are by the views that are used in the end. A view that could not be
    synchronised keeps its offset of 0 and says so in its `ViewSync`. Raises UnusableInputError
    for files that can't be of one recording and for offsets that leave hardly any common time.
    """
    sides = assign_sides(observations, labels)
    by_view = {side.view: o for side, o in zip(sides, observations, strict=True)}
    syncs = synchronise(by_view, entered_offsets_s)
    reference = reference_view(by_view)
    starts_s = [float(o.time_s[0]) + syncs[v].offset_s for v, o in by_view.items()]
    ends_s = [float(o.time_s[-1]) + syncs[v].offset_s for v, o in by_view.items()]
    still = by_view[reference].media.kind == "still"
    shortest_s = min(float(o.time_s[-1] - o.time_s[0]) for o in observations)
    if not still and min(ends_s) - max(starts_s) < _SHORTEST_OVERLAP_SHARE * shortest_s:
        raise UnusableInputError(
            "With the entered offsets the views hardly overlap in time.",
            "Correct the offsets, or leave them out.",
        )
    moments_s = common_moments(by_view[reference].time_s, max(starts_s), min(ends_s))
    tracks: dict[View, ViewTrack] = {}
    sources: dict[View, SourceFrames] = {}
    for view, observation in by_view.items():
        tracks[view], sources[view] = resample(observation, view, syncs[view].offset_s, moments_s)
    steps = np.diff(moments_s)
    return Recording(
        time_s=moments_s - moments_s[0],
        fps=float(1 / steps.mean()) if steps.size else 0.0,
        origin_s=float(moments_s[0]),
        reference=reference,
        tracks=tracks,
        sources=sources,
        observations=by_view,
        sides={side.view: side for side in sides},
        syncs=syncs,
    )
