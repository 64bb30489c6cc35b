"""Whether a hand, a mask or a thing lies over the mouth, frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_dilation

from models.capture.observation import ViewObservation
from models.capture.thresholds import Thresholds

_USUAL_PERCENTILE = 20
_BRIDGED_FRAMES = 5


def covered_frames(observation: ViewObservation, limits: Thresholds) -> NDArray[np.bool_]:
    """(N,) frames in which something covers the mouth; False where no face was found.

    Over a covered mouth the landmark network guesses, and guesses differently for the picture and
    its mirror image: several times more than on a free one, which movement, blur and noise do
    not bring about. A mask is told by its colour.
    """
    seen = observation.seen
    if not seen.any():
        return np.zeros(observation.n_frames, dtype=bool)
    difference = np.where(seen, observation.quality.mouth_difference, 0.0)
    usual = float(np.percentile(difference[seen], _USUAL_PERCENTILE))
    # From the side the far half of the mouth is a guess anyway: only a rise counts there.
    at_least = max(limits.mouth_difference_least, limits.mouth_difference_rise * usual)
    frontal = np.abs(np.where(seen, observation.yaw_deg, 90.0)) < 25
    covered = difference > at_least
    covered |= frontal & (difference > limits.mouth_difference)
    colour = np.where(seen, observation.quality.lip_contrast, 0.0)
    covered |= frontal & (colour < limits.covered_lip_contrast)
    if observation.n_frames == 1:
        return np.asarray(covered & seen)
    # A hand comes and goes: single pictures between covered ones and beside them are as bad.
    covered = binary_closing(covered, np.ones(_BRIDGED_FRAMES, dtype=bool)) | covered
    return np.asarray(binary_dilation(covered, np.ones(3, dtype=bool)) & seen)
