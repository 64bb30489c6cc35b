"""The correction moves mirrored faces in mirrored ways, and follows place, size and roll."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.capture.correction import (
    ErrorSpread,
    LandmarkCorrection,
    LandmarkModel,
    LevelFrames,
    mirrored,
)
from models.capture.landmarks.topology import canonical_face, mirror_landmarks, mirror_permutation
from models.reconstruction import Array

WIDTH_PX = 1920


@pytest.fixture(scope="module")
def correction() -> LandmarkCorrection:
    """The arrays' shapes and symmetries of the real one, with drawn numbers."""
    rng = np.random.default_rng(0)
    modes = rng.normal(0, 0.05, (3, 478, 2))
    parity = np.array([1.0, -1.0, 1.0])
    modes = 0.5 * (modes + parity[:, None, None] * mirrored(modes))
    half = rng.normal(0, 0.05, (2, 478, 2, 2))
    covariance = half @ np.swapaxes(half, -1, -2)
    swapped = covariance[0, mirror_permutation()] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    covariance[0] = 0.5 * (covariance[0] + swapped)
    spread = rng.normal(0, 1, (2, 3, 3))
    spread = spread @ np.swapaxes(spread, 1, 2)
    spread[0] *= (parity[:, None] == parity).astype(float)
    model = LandmarkModel(
        feature_mean=np.zeros(478 * 3),
        feature_axes=rng.normal(0, 0.01, (6, 478 * 3)),
        hidden_weight=rng.normal(0, 0.5, (8, 6)),
        hidden_bias=rng.normal(0, 0.1, 8),
        out_weight=rng.normal(0, 0.3, (4, 8)),
        out_bias=rng.normal(0, 0.1, 4),
        linear_weight=rng.normal(0, 0.1, (4, 6)),
        error_axes=rng.normal(0, 0.1, (4, 478 * 2)),
        error_limit=np.full(4, 5.0),
        novelty_limit=np.array(1e9),
    )
    return LandmarkCorrection(
        model, ErrorSpread(np.array([0.0, 45.0]), covariance, modes, parity, spread)
    )


def faces_px(yaw_deg: float = 20.0) -> Array:
    """Three faces (3, 478, 3) in px at 40 px a cm, the later ones a little different."""
    rng = np.random.default_rng(1)
    face = np.zeros((478, 3))
    face[:468] = canonical_face().vertices_cm
    face[468:473] = face[[33, 159, 133, 145, 144]]
    face[473:] = face[[263, 386, 362, 374, 373]]
    turned = face @ Rotation.from_euler("y", -yaw_deg, degrees=True).as_matrix().T
    shapes = turned + rng.normal(0, 0.1, (3, 478, 3))
    return np.asarray(shapes * (40.0, -40.0, -40.0) + np.array([1100.0, 500.0, 0.0]))


def test_a_mirrored_face_is_corrected_to_the_mirror_image(correction: LandmarkCorrection) -> None:
    faces = faces_px()
    flipped = np.stack([mirror_landmarks(face, WIDTH_PX) for face in faces])
    yaw, roll = np.full(3, 20.0), np.full(3, 4.0)
    direct = correction.apply(faces, yaw, roll)
    other = correction.apply(flipped, -yaw, -roll)
    order = mirror_permutation()
    back = other.points_px[:, order] * (-1, 1) + np.array([WIDTH_PX, 0])
    np.testing.assert_allclose(back, direct.points_px, atol=2e-3)
    np.testing.assert_allclose(
        other.covariance_px2[:, order] * np.array([[1, -1], [-1, 1]]),
        direct.covariance_px2,
        rtol=1e-3,
        atol=1e-3,
    )
    sign = correction.spread.mode_parity[:, None, None]
    np.testing.assert_allclose(
        other.modes_px[:, :, order] * (-1, 1) * sign, direct.modes_px, rtol=1e-3, atol=2e-3
    )


def test_place_and_size_of_the_face_carry_the_correction_along(
    correction: LandmarkCorrection,
) -> None:
    faces, yaw, roll = faces_px(), np.full(3, 20.0), np.zeros(3)
    shift = (correction.apply(faces, yaw, roll).points_px - faces[..., :2]) * 0.5
    half = faces * 0.5 + np.array([30.0, 20.0, 0.0])
    np.testing.assert_allclose(
        correction.apply(half, yaw, roll).points_px - half[..., :2], shift, atol=1e-3
    )


def test_roll_turns_the_correction(correction: LandmarkCorrection) -> None:
    faces, yaw = faces_px(), np.full(3, 20.0)
    turn = Rotation.from_euler("z", 30, degrees=True)
    turned = turn.apply(faces.reshape(-1, 3)).reshape(faces.shape)
    level = correction.apply(faces, yaw, np.zeros(3))
    rolled = correction.apply(turned, yaw, np.full(3, 30.0))
    expected = turn.apply(np.pad(level.points_px, ((0, 0), (0, 0), (0, 1))).reshape(-1, 3))
    np.testing.assert_allclose(rolled.points_px, expected[:, :2].reshape(3, 478, 2), atol=5e-3)


def test_frames_without_a_face_stay_empty(correction: LandmarkCorrection) -> None:
    faces = faces_px()
    faces[1] = np.nan
    result = correction.apply(faces, np.array([20.0, np.nan, 20.0]), np.array([0.0, np.nan, 0.0]))
    for values in (result.points_px, result.covariance_px2, result.modes_px, result.trust):
        assert np.isnan(values[1]).all()
        assert np.isfinite(values[[0, 2]]).all()


def test_a_strange_face_is_treated_as_the_nearest_known_one(
    correction: LandmarkCorrection,
) -> None:
    yaw, roll = np.full(3, 20.0), np.zeros(3)
    faces = faces_px()
    usual = correction.apply(faces, yaw, roll)
    model = replace(correction.landmarks, novelty_limit=np.array(1e-6))
    wary = replace(correction, landmarks=model).apply(faces, yaw, roll)
    mean_face = correction.error_cm(correction.landmarks.feature_mean.reshape(1, 478, 3))[0]
    expected = LevelFrames.of(faces, roll).vectors_px(np.repeat(mean_face, 3, axis=0))
    assert (wary.trust < 0.5).all()
    np.testing.assert_allclose(wary.points_px - faces[..., :2], expected, atol=0.3)
    assert (wary.covariance_px2[..., 0, 0] > usual.covariance_px2[..., 0, 0]).all()


def test_covariances_are_covariances(correction: LandmarkCorrection) -> None:
    yaw = np.array([-60.0, 10.0, 45.0])
    covariance = correction.apply(faces_px(), yaw, np.array([5.0, -3.0, 0.0])).covariance_px2
    assert (np.linalg.eigvalsh(covariance.astype(np.float64)) > 0).all()
    np.testing.assert_allclose(covariance, np.swapaxes(covariance, -1, -2), rtol=1e-5)


def test_level_frames_and_back() -> None:
    faces = faces_px()
    frames = LevelFrames.of(faces, np.array([3.0, 0.0, -8.0]))
    level = frames.level(faces)
    assert np.allclose(frames.px_per_cm, 40.0, rtol=0.05)
    back = frames.vectors_px(level[..., :2]) + frames.centre_px[:, None]
    np.testing.assert_allclose(back, faces[..., :2], atol=1e-6)
