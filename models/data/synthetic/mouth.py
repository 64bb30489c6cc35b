"""The inside of the mouth: two rows of teeth on gums, a tongue and the dark behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.data.synthetic.skin import cloud
from models.head.topology import Topology

Array = NDArray[np.float64]
Int32 = NDArray[np.int32]

_ALONG, _UP = 57, 7
# Widths of the teeth from the middle to the side, mm.
_UPPER = (8.6, 6.7, 7.7, 7.1, 6.9, 10.0)
_LOWER = (5.4, 5.9, 6.9, 7.1, 7.2, 10.8)
_SWATCH = 256


def _arch(distance: Array, width_mm: float, depth_mm: float) -> tuple[Array, Array]:
    """x and z (0 at the front) of a dental arch at signed arc length `distance` in mm."""
    t = np.linspace(-1, 1, 801)
    x = width_mm * np.sin(t * np.pi / 2) ** 1 * (0.9 + 0.1 * np.abs(t))
    z = -depth_mm * (1 - np.cos(t * np.pi / 2)) ** 0.85
    s = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    s -= s[400]
    return np.interp(distance, s, x), np.interp(distance, s, z)


class Mouth:
    """`count` own points; `parts` names faces and texels, `pose` places the points.

    Face indices below the head's vertex count V name head vertices; own points follow from V.
    """

    def __init__(self, topology: Topology, opening: Int32, rest_mm: Array) -> None:
        self._topology = topology
        self._opening = opening
        self._rest = rest_mm
        points = topology.points
        self._jaw = [points["menton"], points["pogonion"]]
        lips = rest_mm[[points["stomion_superius"], points["stomion_inferius"]]].mean(axis=0)
        width = np.ptp(rest_mm[[points["commissure_left"], points["commissure_right"]], 0])
        size = width / 50.0
        self._upper = self._row(_UPPER, lips, size, top=7.5, bottom=-2.5, front=-6.5, gum=9.0)
        self._lower = self._row(_LOWER, lips, size, top=-2.0, bottom=-10.0, front=-9.5, gum=-9.0)
        u = np.linspace(-1, 1, 13)[:, None]
        v = np.linspace(0, 1, 11)[None, :]
        x = 19.0 * size * u * np.sqrt(1 - 0.75 * v**4)
        y = -9.0 + 5.0 * (1 - u**2) * np.ones_like(v) - 3.0 * v**2 + 5.0 * v * (1 - v)
        z = -46.0 + 32.0 * v * (1 - 0.25 * u**2)
        tongue = np.stack(np.broadcast_arrays(x, y, z), axis=-1).reshape(-1, 3) * size + lips
        self._tongue = tongue
        self.count = len(self._upper) + len(self._lower) + len(tongue) + 1

    @staticmethod
    def _row(
        widths: tuple[float, ...],
        lips: Array,
        size: float,
        *,
        top: float,
        bottom: float,
        front: float,
        gum: float,
    ) -> Array:
        """(_ALONG * _UP, 3) a strip along the arch; the last rings are the gum."""
        total = sum(widths)
        s = np.linspace(-total, total, _ALONG)
        x, z = _arch(s, 24.5, 34.0)
        edges = np.cumsum((0.0, *widths))
        index = np.clip(np.searchsorted(edges, np.abs(s), side="right") - 1, 0, len(widths) - 1)
        inside = (np.abs(s) - edges[index]) / np.array(widths)[index]
        belly = 0.9 * (1 - (2 * inside - 1) ** 2)
        edge, neck = (bottom, top) if gum > 0 else (top, bottom)
        rows = []
        for k in range(_UP):
            t = k / (_UP - 1)
            if t <= 0.7:
                height = edge + (neck - edge) * t / 0.7
                out = belly * np.sin(np.pi * (0.15 + 0.7 * t / 0.7)) - 1.2 * (1 - t) * (t < 0.1)
            else:
                height = neck + (gum * 0.8) * (t - 0.7) / 0.3
                out = np.full_like(s, 0.8 - 3.0 * (t - 0.7))
            scale = 1 + out / 26.0
            rows.append(np.stack([x * scale, np.full_like(s, height), z + out + front], axis=1))
        return np.asarray(np.stack(rows, axis=1).reshape(-1, 3) * size + lips)

    @staticmethod
    def _grid(rows: int, columns: int) -> Int32:
        index = np.arange(rows * columns).reshape(rows, columns)
        quads = np.stack(
            [index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], axis=-1
        ).reshape(-1, 4)
        return np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.int32)

    def parts(self, swatch: Array) -> list[tuple[Int32, Array]]:
        """Faces and their texels; `swatch` (2,) is the corner of the mouth's atlas area."""
        start = len(self._rest)
        result = []
        grid = self._grid(_ALONG, _UP)
        along, up = np.divmod(np.arange(_ALONG * _UP), _UP)
        for k in range(2):
            uv = np.stack([along / (_ALONG - 1), (up / (_UP - 1) + k) / 2], axis=1)
            uv = 2 + uv * (_SWATCH - 4) + swatch
            result.append(((grid + start).astype(np.int32), uv[grid]))
            start += _ALONG * _UP
        grid = self._grid(13, 11)
        uv = np.stack(np.divmod(np.arange(13 * 11), 11), axis=1) / [12, 10]
        uv = uv * 110 + swatch + [_SWATCH + 8, 8]
        result.append(((grid + start).astype(np.int32), uv[grid]))
        start += len(self._tongue)
        loop = self._opening
        bag = np.stack([loop, np.roll(loop, -1), np.full(len(loop), start)], axis=1)
        uv = np.zeros((len(bag), 3, 2)) + swatch + [24.0, 384.0]
        result.append((bag.astype(np.int32), uv))
        return result

    def paint(self, area: NDArray[np.uint8], rng: np.random.Generator) -> None:
        """Fill the atlas area (512, 512, 4): teeth rows, tongue, dark."""
        ivory = np.array([0.80, 0.74, 0.62]) * rng.uniform(0.8, 1.0)
        gum = np.array([0.42, 0.16, 0.15])
        for k, widths in enumerate((_UPPER, _LOWER)):
            half = _SWATCH // 2
            v = np.linspace(0, 1, half)[:, None]
            total = sum(widths)
            s = np.linspace(-total, total, _SWATCH)[None]
            edges = np.cumsum((0.0, *widths))
            gap = np.abs(np.abs(s)[..., None] - edges).min(axis=-1)
            between = np.exp(-((gap / 0.28) ** 2))
            colour = np.broadcast_to(ivory, (half, _SWATCH, 3)).copy()
            colour *= (1 - 0.65 * between * np.clip(1.3 - 0.5 * v, 0, 1))[..., None]
            colour *= (0.92 + 0.10 * v)[..., None]
            colour *= (1 - 0.35 * np.clip(np.abs(s) / total, 0, 1) ** 1.5)[..., None]
            line = 0.68 - 0.05 * np.cos(np.pi * np.minimum(gap / 3.0, 1))
            pink = np.clip((v - line) / 0.03, 0, 1)[..., None]
            colour = colour * (1 - pink) + gum * pink
            rows = slice(k * half, (k + 1) * half)
            area[rows, :_SWATCH, :3] = np.sqrt(np.clip(colour, 0, 1)) * 255
            area[rows, :_SWATCH, 3] = 200
        tongue = np.array([0.40, 0.13, 0.13]) * (1 + 0.12 * cloud(rng, 128, 3.0))[..., None]
        area[:128, _SWATCH:384, :3] = np.sqrt(np.clip(tongue, 0, 1)) * 255
        area[:128, _SWATCH:384, 3] = 170
        area[_SWATCH:, :_SWATCH, :3] = np.sqrt([0.035, 0.010, 0.009]) * 255 * np.ones((1, 1, 3))
        area[_SWATCH:, :_SWATCH, 3] = 0

    def pose(self, face_mm: Array) -> Array:
        """(count, 3) own points: the upper jaw stays, the lower one follows the chin."""
        drop = 0.85 * (face_mm[self._jaw] - self._rest[self._jaw]).mean(axis=0)
        back = face_mm[self._opening].mean(axis=0) + np.array([0.0, 0.0, -42.0])
        return np.concatenate([self._upper, self._lower + drop, self._tongue + drop, back[None]])
