"""Crops for the encoders: upright, in place, still when the mouth opens, and mirrorable."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.capture.landmarks import FaceObservation, aligned_crop, face_region
from models.capture.landmarks.topology import LIPS_OUTER_LOWER, MENTON, mirror_landmarks


def test_the_crop_of_a_mirrored_image_is_the_mirrored_crop(
    portrait: NDArray[np.uint8], observation: FaceObservation
) -> None:
    crop, _ = aligned_crop(portrait, observation.landmarks_px)
    mirrored, _ = aligned_crop(
        np.ascontiguousarray(portrait[:, ::-1]), mirror_landmarks(observation.landmarks_px, 512)
    )
    difference = np.abs(crop.astype(int) - mirrored[:, ::-1])
    assert difference.max() <= 1
    assert difference.mean() < 1e-3


@pytest.mark.parametrize("size", [224, 256])
def test_the_affine_puts_the_face_level_in_the_middle(
    portrait: NDArray[np.uint8], observation: FaceObservation, size: int
) -> None:
    crop, affine = aligned_crop(portrait, observation.landmarks_px, size)
    assert crop.shape == (size, size, 3)
    points = observation.landmarks_px[:, :2] @ affine[:, :2].T + affine[:, 2]
    assert 0.1 * size < points.min()
    assert points.max() < 0.9 * size
    assert abs(points[263, 1] - points[33, 1]) < 0.02 * size
    np.testing.assert_allclose((points.min(0) + points.max(0)) / 2, size / 2, atol=0.06 * size)


def test_an_opening_mouth_does_not_move_the_crop(observation: FaceObservation) -> None:
    before = face_region(observation.landmarks_px)
    opened = observation.landmarks_px.copy()
    opened[[*LIPS_OUTER_LOWER[1:-1], MENTON], 1] += 15
    after = face_region(opened)
    assert after.side_px == pytest.approx(before.side_px, rel=1e-6)
    assert (after.x_px, after.y_px) == pytest.approx((before.x_px, before.y_px), abs=1e-6)
