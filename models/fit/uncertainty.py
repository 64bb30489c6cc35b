"""Posterior uncertainty of the fit as coherent draws of vertex errors; no measures here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from models.fit.basis import FaceBasis, PointBasis, SignedPermutation
from models.reconstruction import Array, Array32, VertexUncertainty

_DRAWS = 40
_SIGMA_FRAMES = 12
# What the Gauss-Newton posterior does not know: neighbouring patches and landmarks err together,
# and appearance changes with movement. Calibrated on rendered recordings of other seeds than any
# evaluation (docs/figures.md).
POSTERIOR_INFLATION = 1.5
MOVEMENT_GAIN_SIGMA = 0.06
# Share of the error variance that lasts through a movement; the rest is new in each frame.
_LASTING_SHARE = 0.8


def vertex_uncertainty(
    coefficients: Array,
    precision: Array32,
    rows: NDArray[np.int64],
    shape: PointBasis,
    face: FaceBasis,
    identity_covariance: Array,
    scale_sigma: float,
    lid_gap_mm: Array,
    lid_sigma_mm: Array,
    *,
    seed: int = 0,
) -> VertexUncertainty:
    """Draws of the error of a take's vertices.

    coefficients (T, P): movement of the take's frames relative to rest; precision
    (T', 6 + P, 6 + P): posterior of the recording's fitted frames, of which frame t of the take
    has that at `rows[t]`; shape: the basis of the movement over all V vertices in metric mm, made
    from `face`; identity_covariance (n + 1, n + 1) of the identity coefficients and the log scale;
    scale_sigma: relative 1 SD of the metric scale; lid_gap_mm and lid_sigma_mm (T, 2). Three
    sources: the resting shape and the scale (one draw for all frames), movement (grows with it,
    lasts through it), and frame noise.

    Half of the draws are what the mirrored recording would have drawn, mirrored back: so a
    mirrored recording has exactly the mirrored intervals, not only on average.
    """
    generator = np.random.default_rng(seed)
    n_frames, n_moving = coefficients.shape
    n_vertices = len(shape.template)
    half = _DRAWS // 2
    scale_error = np.tile(scale_sigma * generator.standard_normal(half), 2)
    resting = _resting_errors(
        shape, face, identity_covariance, generator.standard_normal((half, face.n_identity))
    )
    lasting = generator.standard_normal((half, n_moving))
    gain = MOVEMENT_GAIN_SIGMA * generator.standard_normal((half, n_moving))
    # Movement modes, then one resting error for each draw, then the scale.
    modes = np.concatenate(
        [
            shape.expression.reshape(3 * n_vertices, n_moving).T,
            resting,
            shape.template.reshape(1, -1),
        ]
    )
    draws = np.zeros((_DRAWS, n_frames, len(modes)), dtype=np.float32)
    mirror, whole = face.moving_mirror, _with_pose(face.moving_mirror)
    activity = np.linalg.norm(coefficients, axis=1)
    lasts = np.sqrt(_LASTING_SHARE) * activity / max(float(activity.max()), 1e-9)
    # Frame by frame, since the noise of a long film would be as large as its result.
    for frame, moved in enumerate(coefficients):
        fresh = generator.standard_normal((half, n_moving))
        white = lasts[frame] * lasting + np.sqrt(1.0 - _LASTING_SHARE) * fresh
        posterior = precision[rows[frame]].astype(np.float64)
        scaled = scale_error[:half, None] * moved
        draws[:half, frame, :n_moving] = _errors(white, posterior) + gain * moved + scaled
        errors = _errors(white, whole.of_matrix(posterior)) + gain * mirror.of_vectors(moved)
        draws[half:, frame, :n_moving] = mirror.of_vectors(errors) + scaled
    draws[np.arange(_DRAWS), :, n_moving + np.arange(_DRAWS)] = 1.0
    draws[:, :, -1] = scale_error[:, None]
    lids = generator.standard_normal((half, n_frames, 2)) * np.sqrt(0.5)
    lids += generator.standard_normal((half, 1, 2)) * np.sqrt(0.5)
    lids = np.concatenate([lids, lids[..., ::-1]]) * np.nan_to_num(lid_sigma_mm)
    lids += scale_error[:, None, None] * np.nan_to_num(lid_gap_mm)
    stacked = modes.reshape(len(modes), n_vertices, 3).astype(np.float32)
    return VertexUncertainty(
        _sigma(stacked, draws), stacked, draws, np.asarray(lids, dtype=np.float32)
    )


def _errors(white: Array, precision: Array) -> Array:
    """(S, P) errors of movement coefficients from white noise (S, P) and their posterior."""
    lower = np.linalg.cholesky(precision)
    padded = np.concatenate([np.zeros((len(white), 6)), white], axis=1)
    found = solve_triangular(lower, padded.T, lower=True, trans="T").T[:, 6:]
    return np.asarray(POSTERIOR_INFLATION * found)


def _with_pose(moving: SignedPermutation) -> SignedPermutation:
    """Mirroring of a pose step (rotation vector, translation) and movement coefficients."""
    pose_sign = np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0])
    return SignedPermutation(
        np.concatenate([np.arange(6), moving.index + 6]), np.concatenate([pose_sign, moving.sign])
    )


def _resting_errors(shape: PointBasis, face: FaceBasis, covariance: Array, white: Array) -> Array:
    """(2 S, 3V) errors of the resting shape in mm from white noise (S, n) and its mirror image.

    The symmetric root of the covariance commutes with mirroring, which a triangular one does not.
    """
    n = face.n_identity
    value, vector = np.linalg.eigh(covariance[:n, :n])
    root = (vector * np.sqrt(np.maximum(value, 0.0))) @ vector.T
    both = np.concatenate([white, face.identity_mirror.of_vectors(white)])
    return np.asarray((both @ root) @ shape.identity.reshape(-1, n).T)


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
