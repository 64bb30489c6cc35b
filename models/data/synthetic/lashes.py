"""Eyelashes: short curved ribbons that ride on the lid margins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.head.topology import Topology

Array = NDArray[np.float64]
Int32 = NDArray[np.int32]


class Lashes:
    """`count` points and `faces` (F, 3); `pose` places them on a face."""

    def __init__(self, topology: Topology, rng: np.random.Generator) -> None:
        self._topology = topology
        self._rows: list[tuple[str, str, Array, Array, Array]] = []
        for side in ("left", "right"):
            for lid, number, length in (("upper", 46, 7.5), ("lower", 26, 4.2)):
                at = np.sort(rng.uniform(0.06, 0.97, number))
                reach = length * rng.uniform(0.7, 1.1, number) * (0.65 + 0.45 * at)
                lean = 0.75 * (at - 0.45) + rng.normal(0, 0.12, number)
                self._rows.append((lid, side, at, reach, lean))
        total = sum(len(row[2]) for row in self._rows)
        self.count = total * 6
        base = np.arange(total)[:, None] * 6 + np.array([0, 2])
        quads = np.stack([base, base + 1, base + 3, base + 2], axis=-1).reshape(-1, 4)
        self.faces: Int32 = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.int32)

    def pose(self, face_mm: Array) -> Array:
        """(count, 3) points for a face (V, 3) in the head frame."""
        topology = self._topology
        result = []
        for lid, side, at, reach, lean in self._rows:
            loop = face_mm[topology.loops[f"lid_{lid}_{side}"]]
            centre = face_mm[topology.regions[f"eye_{side}"]].mean(axis=0)
            knots = np.linspace(0, 1, len(loop))
            root = np.stack([np.interp(at, knots, loop[:, k]) for k in range(3)], axis=1)
            outward = root - centre
            outward /= np.linalg.norm(outward, axis=1, keepdims=True)
            up = np.array([0.0, 1.0 if lid == "upper" else -1.0, 0.0])
            up = up - outward * (outward @ up)[:, None]
            sign = 1.0 if side == "left" else -1.0
            fan = lean[:, None] * np.array([sign, 0.0, 0.0])
            first = outward + 0.15 * up + fan
            first /= np.linalg.norm(first, axis=1, keepdims=True)
            second = outward + 0.9 * up + fan
            second /= np.linalg.norm(second, axis=1, keepdims=True)
            middle = root + 0.5 * reach[:, None] * first
            tip = middle + 0.5 * reach[:, None] * second
            across = np.cross(first, outward + np.array([0.0, 0.0, 0.6]))
            across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
            for spine, width in ((root, 0.16), (middle, 0.12), (tip, 0.03)):
                result.append(np.stack([spine - width * across, spine + width * across], axis=1))
        stacked = []
        for k in range(0, len(result), 3):
            stacked.append(np.concatenate(result[k : k + 3], axis=1).reshape(-1, 3))
        return np.concatenate(stacked)
