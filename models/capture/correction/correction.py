"""The learned landmark correction at run time: where the embedding's points truly are.

The network under-reads one-sided movement and pulls the far half of a turned face to its mean.
What it does so is a property of the network: it was measured on renders whose truth is known
(`models.training.landmark_correction`) and is predicted here from the landmarks alone, together
with what remains uncertain afterwards. NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.assets import verified_path
from models.capture.correction.level import LevelFrames, mirrored
from models.capture.landmarks.topology import mirror_permutation
from models.reconstruction import Array, Array32

ASSET = "landmark_correction"
# Features beyond this many SD of the training faces are held there: no extrapolation.
FEATURE_LIMIT = 3.5
# The finest that landmarks are known at all, whatever the size of the face in the image.
PIXEL_NOISE_PX = 0.3


@dataclass(frozen=True)
class CorrectedLandmarks:
    """Where the points of the head's embedding are in an image, and how well that is known.

    points_px (T, 478, 2); covariance_px2 (T, 478, 2, 2) of each point's whole error; modes_px
    (T, K, 478, 2): 1 SD of the K dominant shapes of the error that changes with expression, the
    part that a movement does not cancel. trust (T,) 1 for a face like those of the training;
    a stranger one is corrected as the nearest familiar one and is less certain by this factor.
    NaN where no face was seen.
    """

    points_px: Array32
    covariance_px2: Array32
    modes_px: Array32
    trust: Array32


@dataclass(frozen=True)
class LandmarkCorrection:
    """A small network from landmarks to their error, exactly mirror-equivariant.

    Everything is in the level frame, cm of the canonical face. feature_mean (1434,),
    feature_axes (F, 1434) scaled to unit variance; hidden_* and out_*: one tanh layer and a
    linear path beside it; error_axes (E, 956), error_limit (E,); novelty_limit: mean squared
    feature up to which a face counts as known. yaw_deg (B,) ascending from 0 with the
    covariance (B, 478, 2, 2) and, over modes (K, 478, 2) that are even or odd under mirroring
    (parity (K,) of +-1), their covariance (B, K, K).
    """

    feature_mean: Array
    feature_axes: Array
    hidden_weight: Array
    hidden_bias: Array
    out_weight: Array
    out_bias: Array
    linear_weight: Array
    error_axes: Array
    error_limit: Array
    novelty_limit: Array
    yaw_deg: Array
    covariance_cm2: Array
    modes_cm: Array
    mode_parity: Array
    mode_covariance: Array

    @classmethod
    @cache
    def load(cls) -> LandmarkCorrection:
        """The committed correction. Raises AssetError when it is missing or altered."""
        with np.load(verified_path(ASSET), allow_pickle=False) as stored:
            return cls(**{f.name: stored[f.name].astype(np.float64) for f in fields(cls)})

    def apply(
        self,
        landmarks_px: NDArray[np.floating],
        yaw_deg: NDArray[np.floating],
        roll_deg: NDArray[np.floating],
    ) -> CorrectedLandmarks:
        """Correct landmarks (T, 478, 3) px of one view, with the measured yaw and roll (T,)."""
        n_frames, count = landmarks_px.shape[:2]
        seen = np.flatnonzero(np.isfinite(landmarks_px).all(axis=(1, 2)))
        points = np.full((n_frames, count, 2), np.nan, np.float32)
        covariance = np.full((n_frames, count, 2, 2), np.nan, np.float32)
        modes = np.full((n_frames, len(self.modes_cm), count, 2), np.nan, np.float32)
        trust = np.full(n_frames, np.nan, np.float32)
        frames = LevelFrames.of(landmarks_px[seen], np.asarray(roll_deg)[seen])
        level = frames.level(landmarks_px[seen])
        error, known = self.error_cm(level)
        points[seen] = landmarks_px[seen, :, :2] + frames.vectors_px(error)
        trust[seen] = known
        yaw = np.asarray(yaw_deg, dtype=np.float64)[seen]
        spread = self._covariance_cm2(yaw) / known[:, None, None, None] ** 2
        covariance[seen] = frames.covariances_px2(spread) + PIXEL_NOISE_PX**2 * np.eye(2)
        shapes = self._mode_roots(yaw) @ self.modes_cm.reshape(len(self.modes_cm), -1)
        shapes = shapes.reshape(len(seen), len(self.modes_cm), count, 2)
        modes[seen] = frames.vectors_px(shapes / known[:, None, None, None])
        return CorrectedLandmarks(points, covariance, modes, trust)

    def error_cm(self, level_cm: Array) -> tuple[Array, Array]:
        """True minus observed place (N, 478, 2) of level landmarks (N, 478, 3), and trust (N,)."""
        direct, own = self._one_sided(level_cm)
        reflected, other = self._one_sided(mirrored(level_cm))
        return 0.5 * (direct + mirrored(reflected)), np.minimum(own, other)

    def _one_sided(self, level_cm: Array) -> tuple[Array, Array]:
        """What the network says of one orientation: error (N, 478, 2) and trust (N,)."""
        flat = level_cm.reshape(len(level_cm), -1) - self.feature_mean
        features = flat @ self.feature_axes.T
        novelty = np.maximum((features**2).mean(axis=1), 1e-9)
        trust = np.minimum(1.0, np.sqrt(self.novelty_limit / novelty))
        features = np.clip(features * trust[:, None], -FEATURE_LIMIT, FEATURE_LIMIT)
        hidden = np.tanh(features @ self.hidden_weight.T + self.hidden_bias)
        coefficients = hidden @ self.out_weight.T + features @ self.linear_weight.T + self.out_bias
        coefficients = np.clip(coefficients, -self.error_limit, self.error_limit)
        return (coefficients @ self.error_axes).reshape(len(level_cm), -1, 2), trust

    def _bins(self, yaw_deg: Array) -> tuple[NDArray[np.int64], Array]:
        """Lower bin (N,) and share (N,) of the next one for |yaw|."""
        place = np.interp(np.abs(yaw_deg), self.yaw_deg, np.arange(len(self.yaw_deg)))
        low = np.minimum(place.astype(np.int64), len(self.yaw_deg) - 2)
        return low, place - low

    def _covariance_cm2(self, yaw_deg: Array) -> Array:
        low, share = self._bins(yaw_deg)
        weight = share[:, None, None, None]
        mixed = self.covariance_cm2[low] * (1 - weight) + self.covariance_cm2[low + 1] * weight
        swapped = mixed[:, mirror_permutation()] * np.array([[1.0, -1.0], [-1.0, 1.0]])
        return np.where((yaw_deg < 0)[:, None, None, None], swapped, mixed)

    def _mode_roots(self, yaw_deg: Array) -> Array:
        """(N, K, K) symmetric square roots of the modes' covariance; smooth in yaw."""
        low, share = self._bins(yaw_deg)
        weight = share[:, None, None]
        mixed = self.mode_covariance[low] * (1 - weight) + self.mode_covariance[low + 1] * weight
        values, vectors = np.linalg.eigh(mixed)
        root = (vectors * np.sqrt(np.maximum(values, 0.0))[:, None]) @ np.swapaxes(vectors, 1, 2)
        sign = np.where((yaw_deg < 0)[:, None], self.mode_parity, 1.0)
        return np.asarray(root * sign[:, :, None] * sign[:, None, :])
