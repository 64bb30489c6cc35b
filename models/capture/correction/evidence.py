"""What the picture itself says about mouth, lids and brows, beyond the landmarks.

Two small networks look at patches of the aligned grey crop around the mouth and one eye; the
right eye is shown to the left eye's network in a mirror. Where to cut is told by the landmarks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.capture.correction.spread import ErrorSpread
from models.capture.landmarks.sessions import AssetNetwork
from models.capture.landmarks.topology import (
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    LIPS_INNER_LOWER,
    LIPS_INNER_UPPER,
    LIPS_OUTER_LOWER,
    LIPS_OUTER_UPPER,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_LID,
)
from models.reconstruction import Array

Grey = NDArray[np.uint8]
Patch = NDArray[np.float32]

MOUTH_ASSET, EYE_ASSET = "mouth_evidence_onnx", "eye_evidence_onnx"
# Height and width in px of the crop (about 0.95 mm each), and how far above the landmarks'
# centre the patch lies: nose base and chin, brow and cheek are on it.
MOUTH_PATCH, EYE_PATCH, RAISED_PX = (96, 112), (64, 80), 8
# Keeps a black patch (no picture there) from being blown up to noise.
FLAT_CONTRAST = 4.0

_LIPS = sorted({*LIPS_OUTER_UPPER, *LIPS_OUTER_LOWER, *LIPS_INNER_UPPER, *LIPS_INNER_LOWER})
_LEFT_LIDS = sorted({*LEFT_UPPER_LID, *LEFT_LOWER_LID})
_RIGHT_LIDS = sorted({*RIGHT_UPPER_LID, *RIGHT_LOWER_LID})


class CropSource(Protocol):
    """Aligned grey crops of one view; affines (T, 2, 3) frame px to crop px, NaN without."""

    @property
    def affines(self) -> Array: ...

    def crops(self, frames: NDArray[np.int64]) -> Iterator[tuple[int, Grey]]:
        """(index into `frames`, crop) of the frames that have one."""


@dataclass(frozen=True)
class Patches:
    """Patches of N crops as they are and of their mirror images: mouth and the eye on the left.

    mouth (N, 2, 1, 96, 112) and eye (N, 2, 1, 64, 80), brightness and contrast evened out; the
    second of each pair is the mirrored crop's.
    """

    mouth: Patch
    eye: Patch


@dataclass(frozen=True)
class ImageEvidence:
    """The heads of the two networks; F landmark features and each network's own H features.

    mouth_points, eye_points: landmarks that they place, the eye's on the subject's left. Each
    head: tanh(network + hidden_weight @ features + hidden_bias), then `out` beside a linear
    path, giving coefficients of `axes` (E, 2 L) in cm, held within `limit` (E,).
    """

    mouth_points: NDArray[np.int64]
    eye_points: NDArray[np.int64]
    mouth: EvidenceHead
    eye: EvidenceHead
    spread: ErrorSpread
    mouth_network: AssetNetwork = field(default_factory=lambda: AssetNetwork(MOUTH_ASSET, 1))
    eye_network: AssetNetwork = field(default_factory=lambda: AssetNetwork(EYE_ASSET, 1))

    def errors_cm(self, patches: Patches, features: Array, mirrored: Array) -> tuple[Array, Array]:
        """True minus observed place of the mouth's and the eye's points, direct and mirrored.

        features and mirrored (N, F): landmark features of the face and of its mirror image.
        Returns (2, N, L, 2) for the mouth and the eye; [1] is in the mirrored face's frame.
        """
        both = np.stack([features, mirrored], axis=1).reshape(-1, features.shape[1])
        results = []
        for network, head, patch in (
            (self.mouth_network, self.mouth, patches.mouth),
            (self.eye_network, self.eye, patches.eye),
        ):
            (seen,) = network(patch.reshape(-1, *patch.shape[2:]))
            error = head.errors_cm(seen.astype(np.float64), both)
            results.append(np.moveaxis(error.reshape(len(features), 2, -1, 2), 1, 0))
        return results[0], results[1]


@dataclass(frozen=True)
class EvidenceHead:
    """From a network's answer and landmark features to displacements; see `ImageEvidence`."""

    hidden_weight: Array
    hidden_bias: Array
    out_weight: Array
    out_bias: Array
    linear_weight: Array
    axes: Array
    limit: Array

    def errors_cm(self, seen: Array, features: Array) -> Array:
        """(N, 2 L) from the network's answers (N, H) and features (N, F)."""
        hidden = np.tanh(seen + features @ self.hidden_weight.T + self.hidden_bias)
        coefficients = hidden @ self.out_weight.T + features @ self.linear_weight.T + self.out_bias
        return np.asarray(np.clip(coefficients, -self.limit, self.limit) @ self.axes)


def cut_patches(crop: Grey, landmarks_px: NDArray[np.floating]) -> Patches:
    """Patches of one crop (H, W); landmarks (478, 2) in px of the crop. N = 1."""
    raised = np.array([0.0, RAISED_PX])
    lips = landmarks_px[_LIPS, :2].mean(axis=0) - raised
    left = landmarks_px[_LEFT_LIDS, :2].mean(axis=0) - raised
    right = landmarks_px[_RIGHT_LIDS, :2].mean(axis=0) - raised
    mouth = even_light(window(crop, lips, MOUTH_PATCH))
    eye = even_light(window(crop, left, EYE_PATCH))
    other = even_light(window(crop, right, EYE_PATCH))
    return Patches(
        np.stack([mouth, mouth[:, ::-1]])[None, :, None],
        np.stack([eye, other[:, ::-1]])[None, :, None],
    )


def window(crop: Grey, centre_px: NDArray[np.floating], size: tuple[int, int]) -> Grey:
    """(height, width) of the crop around a centre, black outside; whole pixels.

    Rounding the low edge of an even window is exact under mirroring but for ties.
    """
    patch = np.zeros(size, dtype=np.uint8)
    top, left = (round(float(c) - s / 2) for c, s in zip(centre_px[::-1], size, strict=True))
    rows = slice(max(top, 0), max(min(top + size[0], crop.shape[0]), 0))
    columns = slice(max(left, 0), max(min(left + size[1], crop.shape[1]), 0))
    inside = crop[rows, columns]
    if inside.size:
        y, x = rows.start - top, columns.start - left
        patch[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    return patch


def even_light(patch: Grey) -> Patch:
    """The patch with mean 0 and unit contrast."""
    values = patch.astype(np.float32)
    return np.asarray((values - values.mean()) / (values.std() + FLAT_CONTRAST), dtype=np.float32)
