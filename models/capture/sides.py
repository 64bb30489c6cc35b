"""Which file is which view: told by the measured yaw of the head; labels are only checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.capture.observation import ViewObservation
from models.errors import UnusableInputError
from models.movements import View

_MIN_SIDE_YAW_DEG = 15.0
"""Two views that look past the face on different sides are left and right from here on."""

_MIN_STEP_DEG = 8.0
"""Views of one recording that differ by less in yaw show the same side."""

VIEW_TITLES: dict[View, str] = {
    "left": "camera on the patient's left",
    "center": "camera in front",
    "right": "camera on the patient's right",
}


@dataclass(frozen=True)
class SideAssignment:
    """The view that one file was given.

    yaw_deg: median yaw over the file, > 0 when the camera sees more of the patient's left half;
    NaN without a face, then the label or the remaining place decides.
    """

    view: View
    label: View | None
    yaw_deg: float

    @property
    def contradicts_label(self) -> bool:
        """Whether the measured yaw says something else than the label."""
        return self.label is not None and self.label != self.view


def assign_sides(
    observations: Sequence[ViewObservation], labels: Sequence[View | None]
) -> list[SideAssignment]:
    """Give each of one to three files its view, each view at most once.

    The three views of a recording are ordered by yaw. Of two, those on different sides of the
    face are left and right, otherwise the one nearer to the front is the front. A file without
    any face takes its label, or a place that is left over. Raises UnusableInputError for more
    than three files, labels given twice, or two files that show the same side.
    """
    if not 1 <= len(observations) <= 3:
        raise UnusableInputError(
            f"A recording has one to three views, not {len(observations)}.",
            "Give one file per camera.",
        )
    given = [label for label in labels if label is not None]
    if len(set(given)) < len(given):
        raise UnusableInputError(
            "Two files have the same label.", "Give each of left, center and right once."
        )
    yaws_deg = [median_yaw_deg(observation) for observation in observations]
    known = [i for i, yaw in enumerate(yaws_deg) if np.isfinite(yaw)]
    views: dict[int, View] = dict(
        zip(known, _by_yaw([yaws_deg[i] for i in known], len(observations)), strict=True)
    )
    for index, label in enumerate(labels):
        if index in views:
            continue
        free: list[View] = [v for v in ("center", "left", "right") if v not in views.values()]
        views[index] = label if label is not None and label in free else free[0]
    return [SideAssignment(views[i], labels[i], yaws_deg[i]) for i in range(len(observations))]


def median_yaw_deg(observation: ViewObservation) -> float:
    """Median yaw over all frames with a face; NaN without any."""
    yaws = observation.yaw_deg[observation.seen]
    return float(np.median(yaws)) if yaws.size else float("nan")


def _by_yaw(yaws_deg: Sequence[float], n_files: int) -> list[View]:
    """Views of the files with a face, in their order."""
    order = sorted(range(len(yaws_deg)), key=lambda i: -yaws_deg[i])
    for a, b in pairwise(order):
        if yaws_deg[a] - yaws_deg[b] < _MIN_STEP_DEG:
            raise UnusableInputError(
                "Two of the files show the face from the same side "
                f"(yaw {yaws_deg[a]:.0f} and {yaws_deg[b]:.0f} degrees).",
                "Give one file per camera: in front, and at 40 to 45 degrees on each side.",
            )
    names: list[View]
    if len(order) == 3:
        names = ["left", "center", "right"]
    elif len(order) == 2:
        high, low = yaws_deg[order[0]], yaws_deg[order[1]]
        if high > _MIN_SIDE_YAW_DEG and low < -_MIN_SIDE_YAW_DEG:
            names = ["left", "right"]
        elif abs(high) >= abs(low):
            names = ["left", "center"]
        else:
            names = ["center", "right"]
    elif n_files == 1 or not order:
        names = ["center"] * len(order)
    else:
        yaw = yaws_deg[0]
        names = [
            "left" if yaw > _MIN_SIDE_YAW_DEG else "right" if yaw < -_MIN_SIDE_YAW_DEG else "center"
        ]
    found: list[View] = ["center"] * len(order)
    for place, name in zip(order, names, strict=True):
        found[place] = name
    return found
