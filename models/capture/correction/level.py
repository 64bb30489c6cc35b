"""The level frame of a face: landmarks without place, size and roll, as the correction sees them.

Unit: centimetres of the canonical face; x to the right of the level image, y down, z away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks.topology import canonical_face, mirror_permutation
from models.reconstruction import Array


@dataclass(frozen=True)
class LevelFrames:
    """Where the level frame of each of N faces lies in its image.

    centre_px (N, 2): the weighted mean of the landmarks that move little with expression.
    px_per_cm (N,). rotation (N, 2, 2): level axes to image axes.
    """

    centre_px: Array
    px_per_cm: Array
    rotation: Array

    @classmethod
    def of(cls, landmarks_px: NDArray[np.floating], roll_deg: NDArray[np.floating]) -> LevelFrames:
        """Frames of landmarks (N, 478, 3) px with the head's roll (N,) in degrees."""
        face = canonical_face()
        weights = face.pose_weights / face.pose_weights.sum()
        n = len(weights)
        points = np.asarray(landmarks_px[:, :n], dtype=np.float64)
        centre = np.einsum("l,nlc->nc", weights, points)
        spread = np.einsum("l,nlc->n", weights, (points - centre[:, None]) ** 2)
        model = face.vertices_cm - weights @ face.vertices_cm
        size = float(weights @ (model**2).sum(axis=1))
        angle = np.radians(np.asarray(roll_deg, dtype=np.float64))
        cos, sin = np.cos(angle), np.sin(angle)
        rotation = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
        return cls(centre[:, :2], np.sqrt(spread / size), rotation)

    def level(self, landmarks_px: NDArray[np.floating]) -> Array:
        """Landmarks (N, 478, 2 or 3) px -> level frame, cm; z is scaled only."""
        points = np.asarray(landmarks_px, dtype=np.float64)
        flat = (points[..., :2] - self.centre_px[:, None]) @ self.rotation
        return np.concatenate([flat, points[..., 2:]], axis=-1) / self.px_per_cm[:, None, None]

    def vectors_px(self, vectors_cm: NDArray[np.floating]) -> Array:
        """Vectors (N, ..., 2) of the level frame -> image px; no shift."""
        flat = vectors_cm.reshape(len(self.px_per_cm), -1, 2)
        turned = flat @ np.swapaxes(self.rotation, -1, -2) * self.px_per_cm[:, None, None]
        return np.asarray(turned.reshape(vectors_cm.shape))

    def covariances_px2(self, covariance_cm2: NDArray[np.floating]) -> Array:
        """Covariances (N, 478, 2, 2) of the level frame -> image px^2."""
        turn = (self.rotation * self.px_per_cm[:, None, None])[:, None]
        return np.asarray(turn @ covariance_cm2 @ np.swapaxes(turn, -1, -2))


def mirrored(values: NDArray[np.floating]) -> Array:
    """Points or vectors (..., 478, 2 or 3) of the level frame as the mirrored face has them."""
    swapped = np.array(values, dtype=np.float64)[..., mirror_permutation(), :]
    swapped[..., 0] *= -1.0
    return swapped
