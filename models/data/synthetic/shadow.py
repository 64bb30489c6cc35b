"""Which vertices see how much of the sky and of each light: soft shadows, computed once."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from models.render import zbuffer

Array = NDArray[np.float64]
Float32 = NDArray[np.float32]

_MAP = 288


def _frame(direction: Array) -> Array:
    """(3, 3) rotation whose third row is `direction`."""
    other = np.array([0.0, 1.0, 0.0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0, 0])
    right = np.cross(other, direction)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(direction, right), direction])


@numba.njit(cache=True)
def _lit(points: Array, inverse_depth: Array, bias: Float32, out: Float32) -> None:
    """1 where nothing lies nearer to the light than a point (N, 3), in map coordinates."""
    size = inverse_depth.shape[0]
    for n in range(points.shape[0]):
        x, y = points[n, 0] - 0.5, points[n, 1] - 0.5
        j, i = int(np.floor(x)), int(np.floor(y))
        total = 0.0
        for di in range(2):
            for dj in range(2):
                r, c = min(max(i + di, 0), size - 1), min(max(j + dj, 0), size - 1)
                weight = (x - j if dj else 1 - x + j) * (y - i if di else 1 - y + i)
                nearest = inverse_depth[r, c]
                if nearest == 0.0 or points[n, 2] - bias[n] <= 1.0 / nearest:
                    total += weight
        out[n] = total


def visibility(points: Array, faces: NDArray[np.int32], direction: Array, bias: Float32) -> Float32:
    """(N,) share of light from unit `direction` that reaches each of `points` (N, 3), in mm."""
    turned = points @ _frame(-direction).T
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = (_MAP - 4) / max(high[0] - low[0], high[1] - low[1])
    screen = (turned - low) * np.array([scale, scale, 1.0]) + np.array([2.0, 2.0, 10.0])
    snapped = zbuffer.snap(screen)
    pix_to_face = np.full((_MAP, _MAP), -1, dtype=np.int32)
    inverse = np.zeros((_MAP, _MAP))
    zbuffer.cover(snapped, faces, 1.0, pix_to_face, inverse)
    lit = np.empty(len(points), dtype=np.float32)
    _lit(snapped, inverse, bias, lit)
    return lit


def _cone(rng: np.random.Generator, direction: Array, spread: float, count: int) -> Array:
    """(count, 3) unit directions within about `spread` radians of `direction`."""
    scattered = direction + spread * rng.normal(0, 0.6, (count, 3))
    return np.asarray(scattered / np.linalg.norm(scattered, axis=1, keepdims=True))


def bake(
    rng: np.random.Generator,
    points: Array,
    faces: NDArray[np.int32],
    normals: Float32,
    towards: Array,
    spread: Array,
    bias: Float32,
    rays: int,
) -> Float32:
    """(N, 4) openness to the sky and visibility of three lights, each in [0, 1].

    points (N, 3) mm and faces cast the shadows; `normals` (N, 3) are unit and may be zero for
    points that collect light from everywhere; `towards` (3, 3), `spread` (3,) as in
    `Illumination` but in the frame of the points; `bias` (N,) mm keeps a surface from shading
    itself; `rays` directions sample the sky.
    """
    result = np.zeros((len(points), 4), dtype=np.float32)
    sky = rng.normal(size=(rays, 3))
    sky /= np.linalg.norm(sky, axis=1, keepdims=True)
    weight_sum = np.full(len(points), 1e-6, dtype=np.float32)
    flat = np.linalg.norm(normals, axis=1) < 0.5
    for direction in sky:
        weight = np.maximum(normals @ direction.astype(np.float32), 0)
        weight[flat] = 0.5
        result[:, 0] += weight * visibility(points, faces, direction, bias)
        weight_sum += weight
    result[:, 0] /= weight_sum
    for k in range(3):
        directions = _cone(rng, towards[k], float(spread[k]), max(rays // 4, 3))
        for direction in directions:
            result[:, 1 + k] += visibility(points, faces, direction, bias) / len(directions)
    return result
