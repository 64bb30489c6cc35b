"""Whether a hand, a mask or a thing lies over the mouth, frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_dilation

from models.capture.observation import ViewObservation
from models.capture.quality import N_LOWER_SKIN
from models.capture.thresholds import Thresholds

_FRONTAL_DEG = 25.0
_BRIDGED_S = 0.4


def covered_frames(observation: ViewObservation, limits: Thresholds) -> NDArray[np.bool_]:
    """(N,) frames in which something covers the mouth; False where no face was found.

    Over a covered mouth the landmark network guesses, and guesses differently for the picture and
    its mirror image. A one-sided movement can raise that difference too, so a moderate one counts
    only while the skin around the mouth looks otherwise than usual. A mask is told by its colour.
    """
    seen = observation.seen
    if not seen.any():
        return np.zeros(observation.n_frames, dtype=bool)
    quality = observation.quality
    difference = np.where(seen, quality.mouth_difference, 0.0)
    change = quality.skin_tone.astype(np.float64)
    change -= np.median(change[seen], axis=0)
    # What happens to the upper face as well is light, not a hand.
    lower = change[:, :N_LOWER_SKIN] - np.median(change[:, N_LOWER_SKIN:], axis=1, keepdims=True)
    by = np.where(seen, np.mean(np.abs(lower), axis=1), 0.0)
    changed = by > limits.lower_face_change
    covered = changed & (difference > limits.changed_mouth_difference)
    # From the side the far half of the mouth is a guess anyway, and its colour the background's.
    frontal = np.abs(np.where(seen, observation.yaw_deg, 90.0)) < _FRONTAL_DEG
    colour = np.where(seen, quality.lip_contrast, 0.0)
    covered |= frontal & (difference > limits.mouth_difference)
    covered |= frontal & (colour < limits.covered_lip_contrast)
    if observation.n_frames == 1:
        return np.asarray(covered & seen)
    # A hand stays for a while: short gaps between covered pictures, and their neighbours, are as
    # bad. Padding keeps a gap at the ends open.
    bridge = max(3, round(_BRIDGED_S / max(observation.frame_step_s, 1e-3)) | 1)
    padded = np.pad(covered, bridge)
    closed = binary_closing(padded, np.ones(bridge, dtype=bool))[bridge:-bridge]
    return np.asarray(binary_dilation(covered | closed, np.ones(3, dtype=bool)) & seen)
