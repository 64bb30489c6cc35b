"""How wrong corrected landmarks still are, by yaw: covariance and dominant shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks.topology import mirror_permutation
from models.reconstruction import Array


@dataclass(frozen=True)
class ErrorSpread:
    """Error of corrected landmarks in the level frame, cm of the canonical face.

    yaw_deg (B,) ascending from 0 (negative yaw: the mirror image). covariance_cm2
    (B, 478, 2, 2) of each point's whole error. modes_cm (K, 478, 2): orthonormal shapes of the
    part that changes with expression, even or odd under mirroring (parity (K,) of +-1);
    mode_covariance (B, K, K) of their amplitudes.
    """

    yaw_deg: Array
    covariance_cm2: Array
    modes_cm: Array
    mode_parity: Array
    mode_covariance: Array

    def covariance_at(self, yaw_deg: Array) -> Array:
        """(N, 478, 2, 2) at the yaws (N,)."""
        mixed = self._between(self.covariance_cm2, yaw_deg)
        swapped = mixed[:, mirror_permutation()] * np.array([[1.0, -1.0], [-1.0, 1.0]])
        return np.where((yaw_deg < 0)[:, None, None, None], swapped, mixed)

    def shapes_at(self, yaw_deg: Array) -> Array:
        """(N, K, 478, 2) 1 SD of each dominant shape at the yaws (N,); smooth in yaw.

        They are the rows of the symmetric square root of the modes' covariance.
        """
        values, vectors = np.linalg.eigh(self._between(self.mode_covariance, yaw_deg))
        root = (vectors * np.sqrt(np.maximum(values, 0.0))[:, None]) @ np.swapaxes(vectors, 1, 2)
        sign = np.where((yaw_deg < 0)[:, None], self.mode_parity, 1.0)
        root = root * sign[:, :, None] * sign[:, None, :]
        count = len(self.modes_cm)
        shapes = root @ self.modes_cm.reshape(count, -1)
        return np.asarray(shapes.reshape(len(yaw_deg), *self.modes_cm.shape))

    def _between(self, values: NDArray[np.floating], yaw_deg: Array) -> Array:
        """`values` (B, ...) interpolated at |yaw|, held beyond the last bin."""
        place = np.interp(np.abs(yaw_deg), self.yaw_deg, np.arange(len(self.yaw_deg)))
        low = np.minimum(place.astype(np.int64), len(self.yaw_deg) - 2)
        share = (place - low).reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray(values[low] * (1 - share) + values[low + 1] * share)
