"""The learned landmark correction at run time: where the embedding's points truly are.

The network under-reads one-sided movement and pulls the far half of a turned face to its mean.
What it does so is a property of the network: it was measured on renders whose truth is known
(`models.training.landmark_correction`) and is predicted here from the landmarks and, where
crops are at hand, from the picture; together with what remains uncertain afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.assets import verified_path
from models.capture.correction.evidence import (
    CropSource,
    EvidenceHead,
    ImageEvidence,
    Patches,
    cut_patches,
)
from models.capture.correction.level import LevelFrames, mirrored
from models.capture.correction.spread import ErrorSpread
from models.capture.landmarks.topology import mirror_permutation
from models.reconstruction import Array, Array32

ASSET = "landmark_correction"
# Features beyond this many SD of the training faces are held there: no extrapolation.
FEATURE_LIMIT = 3.5
# The finest that landmarks are known at all, whatever the size of the face in the image.
PIXEL_NOISE_PX = 0.3
_BATCH = 32


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
class LandmarkModel:
    """From landmarks alone to their error: one tanh layer and a linear path beside it.

    feature_mean (1434,), feature_axes (F, 1434) scaled to unit variance; error_axes (E, 956) cm,
    error_limit (E,); novelty_limit: mean squared feature up to which a face counts as known.
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

    def features(self, level_cm: Array) -> tuple[Array, Array]:
        """Features (N, F) of level landmarks (N, 478, 3), held to known faces, and trust (N,)."""
        features = (level_cm.reshape(len(level_cm), -1) - self.feature_mean) @ self.feature_axes.T
        novelty = np.maximum((features**2).mean(axis=1), 1e-9)
        trust = np.minimum(1.0, np.sqrt(self.novelty_limit / novelty))
        return np.clip(features * trust[:, None], -FEATURE_LIMIT, FEATURE_LIMIT), trust

    def error_cm(self, features: Array) -> Array:
        """(N, 478, 2) true minus observed place."""
        hidden = np.tanh(features @ self.hidden_weight.T + self.hidden_bias)
        coefficients = hidden @ self.out_weight.T + features @ self.linear_weight.T + self.out_bias
        coefficients = np.clip(coefficients, -self.error_limit, self.error_limit)
        return np.asarray((coefficients @ self.error_axes).reshape(len(features), -1, 2))


@dataclass(frozen=True)
class LandmarkCorrection:
    """The whole correction, exactly mirror-equivariant: every face is also seen in a mirror.

    landmarks, spread: what landmarks alone say, and what they leave. evidence: what the picture
    adds, with a spread of its own; None in a correction that was learned without pictures.
    """

    landmarks: LandmarkModel
    spread: ErrorSpread
    evidence: ImageEvidence | None = None

    @classmethod
    @cache
    def load(cls) -> LandmarkCorrection:
        """The committed correction. Raises AssetError when it is missing or altered."""
        with np.load(verified_path(ASSET), allow_pickle=False) as stored:
            return cls.unpack({name: stored[name] for name in stored.files})

    def pack(self) -> dict[str, NDArray[np.generic]]:
        """All numbers by name; `unpack` is the inverse. The networks are files of their own."""
        parts: dict[str, object] = {"landmarks": self.landmarks, "spread": self.spread}
        packed: dict[str, NDArray[np.generic]] = {}
        if self.evidence is not None:
            parts |= {
                "mouth": self.evidence.mouth,
                "eye": self.evidence.eye,
                "evidence_spread": self.evidence.spread,
            }
            packed["mouth_points"] = self.evidence.mouth_points
            packed["eye_points"] = self.evidence.eye_points
        for prefix, part in parts.items():
            for name, value in vars(part).items():
                packed[f"{prefix}.{name}"] = np.asarray(value)
        return packed

    @classmethod
    def unpack(cls, packed: Mapping[str, NDArray[np.generic]]) -> LandmarkCorrection:
        """From numbers by name."""

        def numbers(prefix: str, kind: type) -> dict[str, Array]:
            return {f.name: packed[f"{prefix}.{f.name}"].astype(np.float64) for f in fields(kind)}

        evidence = None
        if "mouth_points" in packed:
            evidence = ImageEvidence(
                packed["mouth_points"].astype(np.int64),
                packed["eye_points"].astype(np.int64),
                EvidenceHead(**numbers("mouth", EvidenceHead)),
                EvidenceHead(**numbers("eye", EvidenceHead)),
                ErrorSpread(**numbers("evidence_spread", ErrorSpread)),
            )
        return cls(
            LandmarkModel(**numbers("landmarks", LandmarkModel)),
            ErrorSpread(**numbers("spread", ErrorSpread)),
            evidence,
        )

    def apply(
        self,
        landmarks_px: NDArray[np.floating],
        yaw_deg: NDArray[np.floating],
        roll_deg: NDArray[np.floating],
        pictures: CropSource | None = None,
    ) -> CorrectedLandmarks:
        """Correct landmarks (T, 478, 3) px of one view, with the measured yaw and roll (T,).

        With `pictures`, crops of the same view and clock, mouth, lids and brows are placed by
        what is seen; frames without a crop are corrected by their landmarks alone.
        """
        n_frames, count = landmarks_px.shape[:2]
        n_modes = len(self.spread.modes_cm)
        result = CorrectedLandmarks(
            np.full((n_frames, count, 2), np.nan, np.float32),
            np.full((n_frames, count, 2, 2), np.nan, np.float32),
            np.full((n_frames, n_modes, count, 2), np.nan, np.float32),
            np.full(n_frames, np.nan, np.float32),
        )
        seen = np.flatnonzero(np.isfinite(landmarks_px).all(axis=(1, 2)))
        for rows, patches in self._batches(landmarks_px, seen, pictures):
            frames = LevelFrames.of(landmarks_px[rows], np.asarray(roll_deg)[rows])
            error, trust = self.error_cm(frames.level(landmarks_px[rows]), patches)
            yaw = np.asarray(yaw_deg, dtype=np.float64)[rows]
            spread = self.spread
            if patches is not None and self.evidence is not None:
                spread = self.evidence.spread
            covariance = spread.covariance_at(yaw) / trust[:, None, None, None] ** 2
            shapes = spread.shapes_at(yaw) / trust[:, None, None, None]
            result.points_px[rows] = landmarks_px[rows, :, :2] + frames.vectors_px(error)
            result.covariance_px2[rows] = frames.covariances_px2(covariance)
            result.covariance_px2[rows] += (PIXEL_NOISE_PX**2 * np.eye(2)).astype(np.float32)
            result.modes_px[rows] = frames.vectors_px(shapes)
            result.trust[rows] = trust
        return result

    def error_cm(self, level_cm: Array, patches: Patches | None = None) -> tuple[Array, Array]:
        """True minus observed place (N, 478, 2) of level landmarks (N, 478, 3), and trust (N,)."""
        direct, own = self.landmarks.features(level_cm)
        reflected, other = self.landmarks.features(mirrored(level_cm))
        error = 0.5 * (
            self.landmarks.error_cm(direct) + mirrored(self.landmarks.error_cm(reflected))
        )
        if patches is not None and self.evidence is not None:
            mouth, eye = self.evidence.errors_cm(patches, direct, reflected)
            both = np.stack([error, error])
            both[1] = mirrored(both[1])
            both[:, :, self.evidence.mouth_points] = mouth
            both[:, :, self.evidence.eye_points] = eye
            back = mirrored(both[1])
            lips = self.evidence.mouth_points
            right_eye = mirror_permutation()[self.evidence.eye_points]
            error = both[0]
            error[:, lips] = 0.5 * (error[:, lips] + back[:, lips])
            error[:, right_eye] = back[:, right_eye]
        return error, np.minimum(own, other)

    def _batches(
        self,
        landmarks_px: NDArray[np.floating],
        seen: NDArray[np.int64],
        pictures: CropSource | None,
    ) -> Iterator[tuple[NDArray[np.int64], Patches | None]]:
        """The frames in batches that have patches, then those that have none."""
        without = np.zeros(len(landmarks_px), dtype=bool)
        without[seen] = True
        if pictures is not None and self.evidence is not None:
            affines = pictures.affines
            rows: list[int] = []
            cut: list[Patches] = []
            for index, crop in pictures.crops(seen):
                row = int(seen[index])
                affine = affines[row]
                points = landmarks_px[row, :, :2] @ affine[:, :2].T + affine[:, 2]
                rows.append(row)
                cut.append(cut_patches(crop, points))
                without[row] = False
                if len(rows) == _BATCH:
                    yield np.array(rows), _joined(cut)
                    rows, cut = [], []
            if rows:
                yield np.array(rows), _joined(cut)
        left = np.flatnonzero(without)
        for start in range(0, len(left), _BATCH):
            yield left[start : start + _BATCH], None


def _joined(cut: list[Patches]) -> Patches:
    return Patches(np.concatenate([c.mouth for c in cut]), np.concatenate([c.eye for c in cut]))
