"""Smoothing over time that averages noise and lets spasms and fast onsets pass."""

from __future__ import annotations

import numpy as np

from models.reconstruction import Array

_HALF_WINDOW_S = 0.15
# Frames further apart than this many noise SDs hardly speak for each other.
_NOISE_REACH = 3.0


def smooth(coefficients: Array, gram: Array, time_s: Array) -> Array:
    """Edge-preserving local-linear smoothing of coefficients (T, P) over time.

    gram (P, P) turns coefficients into squared millimetres: the mean squared vertex distance of
    two frames is (a - b)' gram (a - b). Weights fall with that distance measured in units of the
    frame-to-frame noise (estimated from second differences, robustly), as the dynamic weights of
    the paper's eq. 8 do: a slow drift is averaged, a spasm is not. A straight line is fitted
    instead of a mean, so that a ramp is not delayed.
    """
    n_frames = len(coefficients)
    if n_frames < 5:
        return coefficients
    chord = 0.5 * (coefficients[:-2] + coefficients[2:]) - coefficients[1:-1]
    # Var(x_t - (x_{t-1} + x_{t+1}) / 2) = 1.5 sigma^2 for white noise.
    noise = np.median(np.einsum("ti,ij,tj->t", chord, gram, chord)) / 1.5
    if noise <= 0.0:
        return coefficients
    smoothed = np.empty_like(coefficients)
    for frame in range(n_frames):
        near = np.flatnonzero(np.abs(time_s - time_s[frame]) <= _HALF_WINDOW_S)
        step = coefficients[near] - coefficients[frame]
        distance = np.einsum("ti,ij,tj->t", step, gram, step)
        lag = (time_s[near] - time_s[frame]) / _HALF_WINDOW_S
        weight = np.exp(-0.5 * distance / (_NOISE_REACH**2 * 2.0 * noise)) * (1.0 - lag**2 * 0.75)
        total = weight.sum()
        mean_lag = weight @ lag / total
        spread = weight @ (lag - mean_lag) ** 2
        mean = weight @ coefficients[near] / total
        # A ridge on the slope: with few neighbours the line falls back to the mean.
        slope = (weight * (lag - mean_lag)) @ coefficients[near] / (spread + 0.05)
        smoothed[frame] = mean - slope * mean_lag
    return smoothed
