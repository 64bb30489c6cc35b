"""Smoothing lowers noise and leaves spasms and onsets their speed."""

import numpy as np

from models.fit.temporal import smooth

RATE = 30.0
TIME = np.arange(150) / RATE
NOISE = 0.1


def _smoothed(signal: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(scale=NOISE, size=(len(signal), 3))
    return smooth(signal[:, None] + noise, np.eye(3) / 3.0, TIME)


def test_noise_at_rest_falls_by_half() -> None:
    assert _smoothed(np.zeros(150)).std() < 0.5 * NOISE


def test_fast_onset_keeps_its_rise_time() -> None:
    ramp = 10.0 * np.clip((TIME - 2.0) / 0.25, 0.0, 1.0)
    smoothed = _smoothed(ramp).mean(axis=1)
    rise = np.interp(9.0, smoothed[60:75], TIME[60:75]) - np.interp(
        1.0, smoothed[60:75], TIME[60:75]
    )
    assert abs(rise - 0.2) < 0.02


def test_spasm_of_three_frames_keeps_its_height() -> None:
    spasm = np.zeros(150)
    spasm[70:73] = [1.5, 3.0, 1.5]
    assert _smoothed(spasm).mean(axis=1)[71] > 2.7


def test_constant_input_is_unchanged() -> None:
    constant = np.tile([1.0, 2.0, 3.0], (50, 1))
    np.testing.assert_array_equal(smooth(constant, np.eye(3), TIME[:50]), constant)
