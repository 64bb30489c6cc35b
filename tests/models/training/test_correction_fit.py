"""A network that under-reads is put right, on people that were not learned from."""

from __future__ import annotations

import numpy as np
import pytest

from models.capture.correction import LandmarkCorrection
from models.capture.landmarks.topology import LIPS_OUTER_UPPER, canonical_face
from models.reconstruction import Array
from models.training.correction_fit import FitSettings, Stills, fit_correction, residual_cm

MOUTH = list(LIPS_OUTER_UPPER[-3:])
SMALL = FitSettings(features=12, hidden=16, error_shapes=6, modes=2, epochs=80, feature_noise=0.02)
PEOPLE, FRAMES = 60, 5


def under_read(seed: int, share: float = 0.8) -> tuple[Stills, Array]:
    """People whose left mouth corner goes out by 0-1 cm, of which only a share is seen."""
    rng = np.random.default_rng(seed)
    face = np.zeros((478, 3))
    face[:468] = canonical_face().vertices_cm * (1, -1, -1)
    n = PEOPLE * FRAMES
    person = np.repeat(np.arange(PEOPLE), FRAMES)
    broad = rng.normal(0, 0.03, PEOPLE)[person]
    truth = face[None] * (1 + broad[:, None, None] * np.array([1.0, 0.0, 0.0]))
    moved = rng.uniform(0, 1, n)
    moved[::FRAMES] = 0.0
    found = truth.copy()
    truth[:, MOUTH, 0] += moved[:, None]
    found[:, MOUTH, 0] += share * moved[:, None]
    found[..., :2] += rng.normal(0, 0.01, (n, 478, 2))
    stills = Stills(
        landmarks_px=found * 40.0 + 500.0,
        truth_px=truth[..., :2] * 40.0 + 500.0,
        yaw_deg=np.zeros(n),
        roll_deg=np.zeros(n),
        person=person,
        group=person,
    )
    return stills, moved


@pytest.fixture(scope="module")
def learned() -> LandmarkCorrection:
    return fit_correction(under_read(1)[0], under_read(2)[0], SMALL)


def test_most_of_what_was_under_read_is_given_back(learned: LandmarkCorrection) -> None:
    stills, moved = under_read(3)
    left = residual_cm(learned.landmarks, stills)[:, MOUTH, 0].mean(axis=1)
    assert abs(np.polyfit(moved, left, 1)[0]) < 0.06
    assert np.abs(left).mean() < 0.03


def test_a_network_that_is_right_is_left_alone() -> None:
    correction = fit_correction(under_read(1, 1.0)[0], under_read(2, 1.0)[0], SMALL)
    shift = correction.error_cm(under_read(3, 1.0)[0].levelled()[0])[0]
    assert np.abs(shift).mean() < 0.01


def test_covariance_is_that_of_what_is_left(learned: LandmarkCorrection) -> None:
    stills, _ = under_read(4)
    left = residual_cm(learned.landmarks, stills)
    stated = np.sqrt(learned.spread.covariance_cm2[0, :, 0, 0])
    np.testing.assert_allclose(
        np.median(np.sqrt((left[..., 0] ** 2).mean(0)) / stated), 1, atol=0.3
    )
