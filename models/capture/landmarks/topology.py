"""Names for the 478 landmarks: ordered contours, irises, mirror pairs and the canonical face.

"Right" and "left" are the subject's. Numbers are those of MediaPipe's face mesh; nothing is
measured here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.assets import verified_path

COUNT = 478

# Lips run from the subject's right corner to the left one; both corners are included.
LIPS_OUTER_UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LIPS_OUTER_LOWER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LIPS_INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIPS_INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)

# Lids and brows run from the temple to the nose; lids include both corners of the eye.
RIGHT_UPPER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER_LID = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER_LID = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_LOWER_LID = (263, 249, 390, 373, 374, 380, 381, 382, 362)
RIGHT_BROW_UPPER = (70, 63, 105, 66, 107)
RIGHT_BROW_LOWER = (46, 53, 52, 65, 55)
LEFT_BROW_UPPER = (300, 293, 334, 296, 336)
LEFT_BROW_LOWER = (276, 283, 282, 295, 285)

# Centre, then the points towards the subject's left, up, towards the right, and down.
RIGHT_IRIS = (468, 469, 470, 471, 472)
LEFT_IRIS = (473, 474, 475, 476, 477)

# From the forehead over the subject's left side, chin and right side, closed.
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
NOSE_RIDGE = (168, 6, 197, 195, 5, 4, 1)
NOSE_BASE = (129, 98, 97, 2, 326, 327, 358)

RIGHT_COMMISSURE, LEFT_COMMISSURE = 61, 291
RIGHT_OUTER_CANTHUS, RIGHT_INNER_CANTHUS = 33, 133
LEFT_OUTER_CANTHUS, LEFT_INNER_CANTHUS = 263, 362
RIGHT_ALA, LEFT_ALA = 129, 358
NASION, NOSE_TIP, SUBNASALE, MENTON = 168, 1, 2, 152
UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE = 0, 17

CONTOURS: dict[str, tuple[int, ...]] = {
    "lips_outer_upper": LIPS_OUTER_UPPER,
    "lips_outer_lower": LIPS_OUTER_LOWER,
    "lips_inner_upper": LIPS_INNER_UPPER,
    "lips_inner_lower": LIPS_INNER_LOWER,
    "right_upper_lid": RIGHT_UPPER_LID,
    "right_lower_lid": RIGHT_LOWER_LID,
    "left_upper_lid": LEFT_UPPER_LID,
    "left_lower_lid": LEFT_LOWER_LID,
    "right_brow_upper": RIGHT_BROW_UPPER,
    "right_brow_lower": RIGHT_BROW_LOWER,
    "left_brow_upper": LEFT_BROW_UPPER,
    "left_brow_lower": LEFT_BROW_LOWER,
    "right_iris": (*RIGHT_IRIS[1:], RIGHT_IRIS[1]),
    "left_iris": (*LEFT_IRIS[1:], LEFT_IRIS[1]),
    "oval": (*OVAL, OVAL[0]),
    "nose_ridge": NOSE_RIDGE,
    "nose_base": NOSE_BASE,
}
"""Polylines to draw or to fit, by name; closed ones repeat their first point."""


@dataclass(frozen=True)
class CanonicalFace:
    """The network's mean face; x = subject's left, y up, z forward, exactly mirror-symmetric.

    ``vertices_cm`` (468, 3), ``uv`` (468, 2), ``triangles`` (898, 3) anticlockwise from outside,
    ``pose_weights`` (468,) of the landmarks that move little with expression, ``mirror`` (478,).
    """

    vertices_cm: NDArray[np.float64]
    uv: NDArray[np.float64]
    triangles: NDArray[np.int64]
    pose_weights: NDArray[np.float64]
    mirror: NDArray[np.int64]


@cache
def canonical_face() -> CanonicalFace:
    """Load the canonical face (MediaPipe's face geometry metadata). Raises AssetError."""
    with np.load(verified_path("canonical_face")) as file:
        return CanonicalFace(
            file["vertices_cm"].astype(np.float64),
            file["uv"].astype(np.float64),
            file["triangles"].astype(np.int64),
            file["pose_weights"].astype(np.float64),
            file["mirror"].astype(np.int64),
        )


def mirror_permutation() -> NDArray[np.int64]:
    """Return (478,) int64: the landmark that takes each one's place in a mirrored image."""
    return canonical_face().mirror


def mirror_landmarks(
    landmarks_px: NDArray[np.floating], image_width_px: int
) -> NDArray[np.float32]:
    """Return (478, 3) landmarks as they lie in the horizontally mirrored image."""
    mirrored = np.asarray(landmarks_px, np.float32)[mirror_permutation()]
    mirrored[:, 0] = image_width_px - mirrored[:, 0]
    return mirrored
