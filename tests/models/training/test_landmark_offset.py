"""What is the same in all people is told from chance."""

import numpy as np
import pytest

from models.training.landmark_offset import constant_offset, groups


def test_every_landmark_is_in_one_group() -> None:
    numbers = np.concatenate(list(groups().values()))
    assert sorted(numbers) == list(range(478))


def test_chance_is_no_offset() -> None:
    noise = np.random.default_rng(3).normal(0.0, 1.0, (20, 400, 2))
    assert constant_offset(noise) < 0.1
    assert constant_offset(noise + np.array([0.3, -0.4])) == pytest.approx(0.5, abs=0.05)


def test_landmarks_that_were_not_found_do_not_count() -> None:
    errors = np.tile([[0.3, 0.4]], (20, 4, 1)) + np.random.default_rng(0).normal(
        0, 1e-3, (20, 4, 2)
    )
    errors[5, 2] = np.nan
    assert constant_offset(errors) == pytest.approx(0.5, abs=0.01)
