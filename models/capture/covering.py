"""Whether a hand, a mask, glasses or a thing lies over mouth or eyes, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_dilation

from models.capture.observation import ViewObservation
from models.capture.quality import N_LOWER_SKIN
from models.capture.thresholds import Thresholds
from models.movements import Side

_FRONTAL_DEG = 25.0
_BRIDGED_S = 0.4
_MOUTH_REGIONS = ("perioral", "upper_lip", "lower_lip", "cheek", "lower_third", "face")
_EYE_REGIONS = ("periocular", "brow", "upper_third", "face")

Frames = NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """A part of the face that can be covered by itself.

    regions: of the measures that mean nothing while it is covered; side: of one eye, None for
    the mouth.
    """

    title: str
    regions: frozenset[str]
    side: Side | None = None


MOUTH = Part("the mouth", frozenset(_MOUTH_REGIONS))
EYES = (
    Part("the left eye", frozenset(_EYE_REGIONS), "left"),
    Part("the right eye", frozenset(_EYE_REGIONS), "right"),
)
PARTS = (MOUTH, *EYES)


@dataclass(frozen=True)
class Covering:
    """(N,) frames in which something covers a part, and those in which the view could tell."""

    covered: Frames
    judged: Frames

    def share(self, inside: Frames) -> float:
        """Covered share of the judged frames `inside` (N,); NaN without any."""
        judged = self.judged & inside
        return float((self.covered & judged).sum() / judged.sum()) if judged.any() else np.nan


def covering(observation: ViewObservation, part: Part, limits: Thresholds) -> Covering:
    """What covers a part of the face in one view."""
    seen = observation.seen
    if not seen.any():
        return Covering(seen, seen)
    if part.side is None:
        return Covering(_lasting(_covered_mouth(observation, limits), observation), seen)
    # The far eye of a view from the side is hidden by the nose anyway.
    toward = 1.0 if part.side == "left" else -1.0
    judged = seen & (toward * np.where(seen, observation.yaw_deg, 0.0) > -_FRONTAL_DEG)
    covered = _covered_eye(observation, EYES.index(part), limits)
    return Covering(_lasting(covered, observation) & judged, judged)


def _covered_mouth(observation: ViewObservation, limits: Thresholds) -> Frames:
    """Over a covered mouth the landmark network guesses, and guesses differently for the picture
    and its mirror image. A one-sided movement can raise that difference too, so a moderate one
    counts only while the skin around the mouth looks otherwise than usual. A mask is told by its
    colour.
    """
    seen = observation.seen
    quality = observation.quality
    difference = np.where(seen, quality.mouth_difference, 0.0)
    lower = _change(quality.skin_tone, seen)
    # What happens to the upper face as well is light, not a hand.
    light = np.median(lower[:, N_LOWER_SKIN:], axis=1, keepdims=True)
    by = np.where(seen, np.mean(np.abs(lower[:, :N_LOWER_SKIN] - light), axis=1), 0.0)
    changed = by > limits.lower_face_change
    covered = changed & (difference > limits.changed_mouth_difference)
    # From the side the far half of the mouth is a guess anyway, and its colour the background's.
    frontal = np.abs(np.where(seen, observation.yaw_deg, 90.0)) < _FRONTAL_DEG
    colour = np.where(seen, quality.lip_contrast, 0.0)
    covered |= frontal & (difference > limits.mouth_difference)
    covered |= frontal & (colour < limits.covered_lip_contrast)
    return np.asarray(covered)


def _covered_eye(observation: ViewObservation, eye: int, limits: Thresholds) -> Frames:
    """An eye, open or closed, has dark lines; a hand before it has none, and changes the skin
    around it. Dark glasses hide the lines for good, and are much darker than the face.
    """
    seen = observation.seen
    quality = observation.quality
    plain = np.where(seen, quality.eye_contrast[:, eye], np.inf) < limits.eye_contrast
    around = quality.eye_skin[:, eye]
    lower = quality.skin_tone[:, :N_LOWER_SKIN]
    # What happens to both halves of the face is light; a hand before one of them leaves the other.
    halves = [
        np.median(_change(half, seen), axis=1, keepdims=True)
        for half in (lower, quality.skin_tone[:, N_LOWER_SKIN:])
    ]
    light = np.where(np.abs(halves[0]) < np.abs(halves[1]), *halves)
    by = np.where(seen, np.mean(np.abs(_change(around, seen) - light), axis=1), 0.0)
    darker = np.where(seen, np.median(lower, axis=1) - np.median(around, axis=1), 0.0)
    return np.asarray(plain & ((by > limits.eye_skin_change) | (darker > limits.eye_skin_darker)))


def _change(tones: NDArray[np.float32], seen: Frames) -> NDArray[np.float64]:
    """(N, P) log brightness against its usual value."""
    return np.asarray(tones.astype(np.float64) - np.median(tones[seen], axis=0))


def _lasting(covered: Frames, observation: ViewObservation) -> Frames:
    """A hand stays for a while: short gaps between covered pictures, and their neighbours, are as
    bad."""
    if observation.n_frames == 1:
        return covered
    # Padding keeps a gap at the ends open.
    bridge = max(3, round(_BRIDGED_S / max(observation.frame_step_s, 1e-3)) | 1)
    padded = np.pad(covered, bridge)
    closed = binary_closing(padded, np.ones(bridge, dtype=bool))[bridge:-bridge]
    return np.asarray(binary_dilation(covered | closed, np.ones(3, dtype=bool)) & observation.seen)
