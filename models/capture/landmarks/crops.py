"""Square face crops for the encoders: level, expression-independent and exactly mirrorable."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks.pose import head_pose
from models.capture.landmarks.topology import canonical_face
from models.capture.landmarks.warp import Image, SquareRegion, warp_region


def face_region(landmarks_px: NDArray[np.floating], *, margin: float = 1.4) -> SquareRegion:
    """Return the level square around the face, ``margin`` x the canonical face's height.

    Centre and side follow the rigid pose and not the outline: an opening mouth does not zoom, and
    a turned head keeps its scale.
    """
    pose = head_pose(landmarks_px)
    vertices = canonical_face().vertices_cm * np.array([1.0, -1.0, -1.0])
    low, high = vertices.min(0), vertices.max(0)
    x, y, _ = pose.scale_px_per_cm * pose.rotation @ ((low + high) / 2) + pose.shift_px
    side = margin * pose.scale_px_per_cm * float(high[1] - low[1])
    return SquareRegion(float(x), float(y), side, math.radians(pose.roll_deg))


def aligned_crop(
    image: Image,
    landmarks_px: NDArray[np.floating],
    size: int = 256,
    *,
    margin: float = 1.4,
) -> tuple[Image, NDArray[np.float64]]:
    """Cut the face out of an RGB image (H, W, 3) as an upright square.

    Returns the crop (size, size, 3) uint8 and the affine (2, 3) that maps full-frame px to crop
    px (pixel (i, j) is centred at j+0.5, i+0.5). Crops of mirrored images are mirrored crops.
    """
    region = face_region(landmarks_px, margin=margin)
    planes = warp_region(image, region, size)
    crop = np.rint(planes).astype(np.uint8).transpose(1, 2, 0)
    return np.ascontiguousarray(crop), region.frame_to_crop(size)
