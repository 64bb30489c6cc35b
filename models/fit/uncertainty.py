"""Posterior uncertainty of the fit as coherent draws of vertex errors; no measures here."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    from `face`; identity_covariance (n + 1, n + 1) of
    the identity coefficients and the log scale; scale_sigma: relative 1 SD of the metric scale;
    lid_gap_mm and lid_sigma_mm (T, 2). Three sources: the resting shape and the scale (one draw
    for all frames), movement (grows with it, lasts through it), and frame noise.

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
    noise = _MovementNoise.drawn(generator, half, n_frames, n_moving)
    # Movement modes, then one resting error for each draw, then the scale.
    modes = np.concatenate(
        [
            shape.expression.reshape(3 * n_vertices, n_moving).T,
            resting,
            shape.template.reshape(1, -1),
        ]
    )
    draws = np.zeros((_DRAWS, n_frames, len(modes)), dtype=np.float32)
    posterior = _Posterior(precision, rows)
    mirror = face.moving_mirror
    scaled = scale_error[:half, None, None] * coefficients
    draws[:half, :, :n_moving] = noise.errors(coefficients, posterior) + scaled
    draws[half:, :, :n_moving] = scaled + mirror.of_vectors(
        noise.errors(mirror.of_vectors(coefficients), posterior.mirrored(_with_pose(mirror)))
    )
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


@dataclass(frozen=True)
class _Posterior:
    """Precisions (T, 6 + P, 6 + P) of a take's frames, taken out of the recording's one by one."""

    precision: Array32
    rows: NDArray[np.int64]
    mirror: SignedPermutation | None = None

    def mirrored(self, mirror: SignedPermutation) -> _Posterior:
        return replace(self, mirror=mirror)

    def lower(self, frame: int) -> Array:
        """(6 + P, 6 + P) lower Cholesky factor."""
        matrix = self.precision[self.rows[frame]].astype(np.float64)
        return np.linalg.cholesky(matrix if self.mirror is None else self.mirror.of_matrix(matrix))


@dataclass(frozen=True)
class _MovementNoise:
    """White noise of S draws: lasting (S, P), gain (S, P), and new in each frame (T, S, P)."""

    lasting: Array
    gain: Array
    fresh: Array

    @classmethod
    def drawn(
        cls, generator: np.random.Generator, n_draws: int, n_frames: int, n_moving: int
    ) -> _MovementNoise:
        return cls(
            generator.standard_normal((n_draws, n_moving)),
            MOVEMENT_GAIN_SIGMA * generator.standard_normal((n_draws, n_moving)),
            generator.standard_normal((n_frames, n_draws, n_moving)),
        )

    def errors(self, coefficients: Array, precision: _Posterior) -> Array:
        """(S, T, P) errors of movement coefficients (T, P) with their posterior precision."""
        activity = np.linalg.norm(coefficients, axis=1)
        progress = activity / max(float(activity.max()), 1e-9)
        found = np.empty((len(self.lasting), *coefficients.shape))
        for frame, fresh in enumerate(self.fresh):
            lower = precision.lower(frame)
            white = np.sqrt(_LASTING_SHARE) * progress[frame] * self.lasting
            white = white + np.sqrt(1.0 - _LASTING_SHARE) * fresh
            padded = np.concatenate([np.zeros((len(white), 6)), white], axis=1)
            posterior = solve_triangular(lower, padded.T, lower=True, trans="T").T[:, 6:]
            found[:, frame] = POSTERIOR_INFLATION * posterior + self.gain * coefficients[frame]
        return found


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
