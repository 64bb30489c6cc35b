"""Image motion of points of the skin against a reference frame: the evidence that reads movement.

Landmark networks under-read one-sided movement, because they were taught symmetric faces; skin
texture has no such opinion. Each point carries a patch of the reference crop; in every frame the
patch is warped by the local deformation that the landmark fit predicts, and its place is found by
inverse-compositional Gauss-Newton on gain- and offset-normalised grey values (Baker & Matthews,
IJCV 2004). The zero-mean normalised correlation at the end says how far to trust it. Everything is
plain floating point around pixel centres, so a flipped film gives the flipped motion.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.fit.crops import Grey
from models.reconstruction import Array, Array32
from models.threads import in_order

_RADIUS = 6
_ITERATIONS = 12
_LEVELS = 2


@dataclass(frozen=True)
class PointTracks:
    """Where N points of the reference frame are in T frames of one view.

    position_px (T, N, 2) in pixels of the upright full-size frame; correlation (T, N) in [-1, 1],
    NaN where the patch left the crop or did not converge.
    """

    position_px: Array
    correlation: Array32


def track_points(
    crops: Iterable[tuple[int, Grey]],
    affines: Array,
    reference: tuple[Grey, Array],
    reference_px: Array,
    predicted_px: Array,
    neighbours: NDArray[np.int64],
    wanted: NDArray[np.bool_] | None = None,
) -> PointTracks:
    """Track `reference_px` (N, 2) into every crop.

    crops: (frame index, (S, S) grey crop) in any order; affines (T, 2, 3) full-size pixels to
    crop pixels; reference: the crop and affine of the reference frame; predicted_px (T, N, 2):
    where the fit expects the points; neighbours (N, M): indices among the N points, used to
    predict how the patch deforms. Only the points that are `wanted` (N,) are looked for.
    """
    reference_crop, reference_affine = reference
    origin = apply_affine(reference_affine, reference_px)
    points = np.arange(len(origin)) if wanted is None else np.flatnonzero(wanted)
    patches = [
        _prepare(level, origin[points] / 2.0**index)
        for index, level in enumerate(_pyramid(reference_crop))
    ]

    def tracked(item: tuple[int, Grey]) -> tuple[int, Array, Array32]:
        frame, crop = item
        guess = apply_affine(affines[frame], predicted_px[frame])
        warp = local_deformation(origin, guess, neighbours)[points]
        current = _pyramid(crop)
        place = guess[points]
        for index in range(_LEVELS - 1, -1, -1):
            scale = 2.0**index
            template, gradient, hessian = patches[index]
            found, score = _align(
                current[index], template, gradient, hessian, place / scale, warp, _ITERATIONS
            )
            if index > 0:
                good = np.isfinite(score) & (score > 0.4)
                place = np.where(good[:, None], found * scale, place)
            else:
                place = found * scale
        return frame, apply_affine(_inverse(affines[frame]), place), score

    position = np.full(predicted_px.shape, np.nan)
    correlation = np.full(predicted_px.shape[:2], np.nan, dtype=np.float32)
    for frame, place, score in in_order(tracked, crops):
        position[frame, points] = place
        correlation[frame, points] = score
    return PointTracks(position, correlation)


def local_deformation(
    before: Array, after: Array, neighbours: NDArray[np.int64], stiffness: float = 0.05
) -> Array:
    """(N, 2, 2) least-squares linear map of each point's neighbourhood from before to after."""
    d0 = before[neighbours] - before[:, None]
    d1 = after[neighbours] - after[:, None]
    square = np.einsum("nmi,nmj->nij", d0, d0)
    mixed = np.einsum("nmi,nmj->nij", d1, d0)
    size = np.trace(square, axis1=1, axis2=2)[:, None, None] * stiffness + 1e-9
    return np.asarray((mixed + size * np.eye(2)) @ np.linalg.inv(square + size * np.eye(2)))


def apply_affine(affine: Array, points: Array) -> Array:
    """Points (..., 2) through an affine map (2, 3)."""
    return np.asarray(points @ affine[:, :2].T + affine[:, 2])


def _inverse(affine: Array) -> Array:
    linear = np.linalg.inv(affine[:, :2])
    return np.concatenate([linear, (-linear @ affine[:, 2])[:, None]], axis=1)


def _pyramid(crop: Grey) -> list[Array32]:
    """The crop lightly smoothed and its halves, all flip-exact."""
    level = smoothed(crop.astype(np.float32))
    levels = [level]
    for _ in range(_LEVELS - 1):
        level = 0.25 * (level[::2, ::2] + level[1::2, ::2] + level[::2, 1::2] + level[1::2, 1::2])
        levels.append(level)
    return [np.ascontiguousarray(level) for level in levels]


def smoothed(image: Array32) -> Array32:
    """The picture through a 3 x 3 binomial filter."""
    padded = np.pad(image, 1, mode="edge")
    rows = 0.25 * (padded[:-2] + padded[2:]) + 0.5 * padded[1:-1]
    return np.asarray(0.25 * (rows[:, :-2] + rows[:, 2:]) + 0.5 * rows[:, 1:-1], dtype=np.float32)


@njit(cache=True, inline="always")
def sample(image, x, y):  # type: ignore[no-untyped-def]
    """Bilinear value at pixel-centre coordinates; the caller checks the border."""
    fx = x - 0.5
    fy = y - 0.5
    ix = int(np.floor(fx))
    iy = int(np.floor(fy))
    ax = fx - ix
    ay = fy - iy
    top = image[iy, ix] * (1.0 - ax) + image[iy, ix + 1] * ax
    bottom = image[iy + 1, ix] * (1.0 - ax) + image[iy + 1, ix + 1] * ax
    return top * (1.0 - ay) + bottom * ay


@njit(cache=True, nogil=True)
def _prepare(image, points):  # type: ignore[no-untyped-def]
    """Normalised patches (N, P), their gradients (N, 2, P) and 2x2 Hessians; NaN outside."""
    n = len(points)
    side = 2 * _RADIUS + 1
    size = side * side
    template = np.full((n, size), np.nan, dtype=np.float32)
    gradient = np.zeros((n, 2, size), dtype=np.float32)
    hessian = np.zeros((n, 2, 2))
    height, width = image.shape
    for i in range(n):
        x0 = points[i, 0]
        y0 = points[i, 1]
        margin = _RADIUS + 2
        if not (margin < x0 < width - margin and margin < y0 < height - margin):
            continue
        mean = 0.0
        for k in range(size):
            u = float(k % side - _RADIUS)
            v = float(k // side - _RADIUS)
            value = sample(image, x0 + u, y0 + v)
            template[i, k] = value
            mean += value
            gradient[i, 0, k] = 0.5 * (
                sample(image, x0 + u + 1.0, y0 + v) - sample(image, x0 + u - 1.0, y0 + v)
            )
            gradient[i, 1, k] = 0.5 * (
                sample(image, x0 + u, y0 + v + 1.0) - sample(image, x0 + u, y0 + v - 1.0)
            )
        mean /= size
        norm = 0.0
        for k in range(size):
            template[i, k] -= mean
            norm += template[i, k] ** 2
        norm = np.sqrt(norm) + 1e-3
        gx = 0.0
        gy = 0.0
        for k in range(size):
            template[i, k] /= norm
            gradient[i, 0, k] /= norm
            gradient[i, 1, k] /= norm
            gx += gradient[i, 0, k]
            gy += gradient[i, 1, k]
        gx /= size
        gy /= size
        a = 0.0
        b = 0.0
        c = 0.0
        for k in range(size):
            gradient[i, 0, k] -= gx
            gradient[i, 1, k] -= gy
            a += gradient[i, 0, k] ** 2
            b += gradient[i, 0, k] * gradient[i, 1, k]
            c += gradient[i, 1, k] ** 2
        hessian[i, 0, 0] = a
        hessian[i, 0, 1] = b
        hessian[i, 1, 0] = b
        hessian[i, 1, 1] = c
    return template, gradient, hessian


@njit(cache=True, nogil=True)
def _align(image, template, gradient, hessian, start, warp, iterations):  # type: ignore[no-untyped-def]
    """Places (N, 2) and correlations (N,) of the warped patches in `image`, from `start`."""
    n, size = template.shape
    height, width = image.shape
    place = start.copy()
    score = np.full(n, np.nan, dtype=np.float32)
    values = np.empty(size, dtype=np.float32)
    for i in range(n):
        if np.isnan(template[i, 0]) or np.isnan(start[i, 0]):
            continue
        a = hessian[i, 0, 0]
        b = hessian[i, 0, 1]
        c = hessian[i, 1, 1]
        # A ridge keeps patches with an edge but no corner from sliding along it.
        ridge = 0.02 * (a + c) + 1e-9
        determinant = (a + ridge) * (c + ridge) - b * b
        still_x, still_y = _dots(template[i], gradient[i, 0], gradient[i, 1])[1:]
        x = place[i, 0]
        y = place[i, 1]
        w00 = warp[i, 0, 0]
        w01 = warp[i, 0, 1]
        w10 = warp[i, 1, 0]
        w11 = warp[i, 1, 1]
        reach_x = _RADIUS * (abs(w00) + abs(w01)) + 1.5
        reach_y = _RADIUS * (abs(w10) + abs(w11)) + 1.5
        inside = True
        correlation = 0.0
        for step in range(iterations + 1):
            if not (reach_x < x < width - reach_x and reach_y < y < height - reach_y):
                inside = False
                break
            _cut(image, x, y, warp[i], values)
            correlation, along_x, along_y = _compared(values, template[i], gradient[i])
            if step == iterations:
                break
            rx = along_x - still_x
            ry = along_y - still_y
            du = ((c + ridge) * rx - b * ry) / determinant
            dv = ((a + ridge) * ry - b * rx) / determinant
            length = np.sqrt(du * du + dv * dv)
            if length > 2.0:
                du *= 2.0 / length
                dv *= 2.0 / length
            # Inverse composition: the patch moves by minus the warped step.
            x -= w00 * du + w01 * dv
            y -= w10 * du + w11 * dv
            # The correlation is that of the place before a step too small to matter.
            if length < 0.02:
                break
        if inside:
            place[i, 0] = x
            place[i, 1] = y
            score[i] = correlation
    return place, score


@njit(cache=True, nogil=True, fastmath=True)
def _cut(image, x, y, warp, values):  # type: ignore[no-untyped-def]
    """Fill `values` (P,) with the patch at (x, y), warped; single precision from whole pixels."""
    column = np.int32(x - 0.5)
    row = np.int32(y - 0.5)
    x0 = np.float32(x - 0.5 - column)
    y0 = np.float32(y - 0.5 - row)
    w00 = np.float32(warp[0, 0])
    w01 = np.float32(warp[0, 1])
    w10 = np.float32(warp[1, 0])
    w11 = np.float32(warp[1, 1])
    k = 0
    for v in range(-_RADIUS, _RADIUS + 1):
        for u in range(-_RADIUS, _RADIUS + 1):
            fx = x0 + w00 * np.float32(u) + w01 * np.float32(v)
            fy = y0 + w10 * np.float32(u) + w11 * np.float32(v)
            left = np.floor(fx)
            upper = np.floor(fy)
            ax = fx - left
            ay = fy - upper
            j = column + np.int32(left)
            i = row + np.int32(upper)
            top = image[i, j] * (np.float32(1.0) - ax) + image[i, j + 1] * ax
            bottom = image[i + 1, j] * (np.float32(1.0) - ax) + image[i + 1, j + 1] * ax
            values[k] = top * (np.float32(1.0) - ay) + bottom * ay
            k += 1


@njit(cache=True, nogil=True, fastmath=True)
def _dots(values, first, second):  # type: ignore[no-untyped-def]
    """Squared norm of `values` and its products with two other vectors."""
    square = np.float32(0.0)
    a = np.float32(0.0)
    b = np.float32(0.0)
    for k in range(len(values)):
        square += values[k] * values[k]
        a += values[k] * first[k]
        b += values[k] * second[k]
    return square, a, b


@njit(cache=True, nogil=True, fastmath=True)
def _compared(values, template, gradient):  # type: ignore[no-untyped-def]
    """Correlation with the template, and the normalised patch along its two gradients."""
    n = len(values)
    mean = np.float32(0.0)
    for k in range(n):
        mean += values[k]
    mean /= np.float32(n)
    square = np.float32(0.0)
    product = np.float32(0.0)
    along_x = np.float32(0.0)
    along_y = np.float32(0.0)
    for k in range(n):
        value = values[k] - mean
        square += value * value
        product += value * template[k]
        along_x += value * gradient[0, k]
        along_y += value * gradient[1, k]
    norm = np.sqrt(square) + np.float32(1e-3)
    return product / norm, along_x / norm, along_y / norm
