"""Posterior uncertainty of the fit as coherent draws of vertex errors; no measures here."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from models.fit.basis import PointBasis
from models.fit.sequence import SequenceFit
from models.reconstruction import Array, Array32, VertexUncertainty

_DRAWS = 40
_IDENTITY_MODES = 16
_SIGMA_FRAMES = 12
# What the Gauss-Newton posterior does not know: neighbouring patches and landmarks err together,
# and appearance changes with movement. Calibrated on rendered recordings of other seeds than any
# evaluation (docs/figures.md).
POSTERIOR_INFLATION = 1.5
MOVEMENT_GAIN_SIGMA = 0.06
# Share of the error variance that lasts through a movement; the rest is new in each frame.
_LASTING_SHARE = 0.8


def vertex_uncertainty(
    refined: SequenceFit,
    shape: PointBasis,
    identity_covariance: Array,
    scale: float,
    scale_sigma: float,
    lid_gap_mm: Array,
    lid_sigma_mm: Array,
    *,
    seed: int = 0,
) -> VertexUncertainty:
    """Draws of the error of a take's vertices.

    refined: movement fit of the take's frames, coefficients (T, P) relative to rest; shape: its
    basis over all V vertices in metric mm; identity_covariance (n + 1, n + 1) of the identity
    coefficients and the log scale; scale_sigma: relative 1 SD of the metric scale; lid_gap_mm and
    lid_sigma_mm (T, 2). Three sources: the resting shape and the scale (one draw for all frames),
    movement (grows with it, lasts through it), and frame noise.
    """
    generator = np.random.default_rng(seed)
    coefficients = refined.coefficients
    n_frames, n_moving = coefficients.shape
    n_vertices = len(shape.template)
    identity_modes = _identity_modes(shape, identity_covariance, scale)
    modes = np.concatenate(
        [
            shape.expression.reshape(3 * n_vertices, n_moving).T,
            identity_modes,
            shape.template.reshape(1, -1),
        ]
    ).astype(np.float32)
    draws = np.zeros((_DRAWS, n_frames, len(modes)), dtype=np.float32)
    activity = np.linalg.norm(coefficients, axis=1)
    progress = activity / max(float(activity.max()), 1e-9)
    lasting = generator.standard_normal((_DRAWS, n_moving))
    gain = MOVEMENT_GAIN_SIGMA * generator.standard_normal((_DRAWS, n_moving))
    scale_error = scale_sigma * generator.standard_normal(_DRAWS)
    resting = generator.standard_normal((_DRAWS, len(identity_modes)))
    for frame in range(n_frames):
        lower = np.linalg.cholesky(refined.precision[frame])
        white = np.sqrt(_LASTING_SHARE) * progress[frame] * lasting
        white = white + np.sqrt(1.0 - _LASTING_SHARE) * generator.standard_normal(white.shape)
        padded = np.concatenate([np.zeros((_DRAWS, 6)), white], axis=1)
        posterior = solve_triangular(lower, padded.T, lower=True, trans="T").T[:, 6:]
        draws[:, frame, :n_moving] = POSTERIOR_INFLATION * posterior
        draws[:, frame, :n_moving] += (gain + scale_error[:, None]) * coefficients[frame]
    draws[:, :, n_moving:-1] = resting[:, None]
    draws[:, :, -1] = scale_error[:, None]
    lid_noise = generator.standard_normal((_DRAWS, n_frames, 2)) * np.sqrt(0.5)
    lid_noise += generator.standard_normal((_DRAWS, 1, 2)) * np.sqrt(0.5)
    lid_draws = lid_noise * np.nan_to_num(lid_sigma_mm) + scale_error[:, None, None] * (
        np.nan_to_num(lid_gap_mm)
    )
    modes = modes.reshape(len(modes), n_vertices, 3)
    return VertexUncertainty(
        _sigma(modes, draws), modes, draws, np.asarray(lid_draws, dtype=np.float32)
    )


def _identity_modes(shape: PointBasis, covariance: Array, scale: float) -> Array:
    """(K, 3V) the strongest shapes of the resting error, scaled to 1 SD."""
    n = shape.identity.shape[2]
    value, vector = np.linalg.eigh(covariance[:n, :n])
    strongest = np.argsort(value)[::-1]
    spread = vector[:, strongest] * np.sqrt(np.maximum(value[strongest], 0.0))
    flat = scale * shape.identity.reshape(-1, n)
    # The largest in parameters need not be the largest in millimetres: rank by the latter.
    gram = flat.T @ flat / len(shape.template)
    inner = spread.T @ gram @ spread
    energy, mixing = np.linalg.eigh(inner)
    best = np.argsort(energy)[::-1][:_IDENTITY_MODES]
    return np.asarray((flat @ (spread @ mixing[:, best])).T)


def _sigma(modes: Array32, draws: Array32) -> Array32:
    """(T, V) 1 SD along the worst axis, at some frames and linear in time between."""
    n_frames = draws.shape[1]
    chosen = np.unique(np.round(np.linspace(0, n_frames - 1, _SIGMA_FRAMES)).astype(int))
    levels = []
    for frame in chosen:
        errors = np.tensordot(draws[:, frame], modes, axes=1)
        covariance = np.einsum("svi,svj->vij", errors, errors) / len(errors)
        levels.append(np.sqrt(np.linalg.eigvalsh(covariance)[:, -1]))
    known = np.stack(levels)
    position = np.interp(np.arange(n_frames), chosen, np.arange(len(chosen)))
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, len(chosen) - 1)
    share = (position - low)[:, None]
    return np.asarray(known[low] * (1 - share) + known[high] * share, dtype=np.float32)
