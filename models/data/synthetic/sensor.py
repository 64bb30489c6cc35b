"""From linear light to the bytes a camera hands to its encoder: optics, tone, noise, YUV."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

_LEVELS = 4096


@dataclass(frozen=True)
class Sensor:
    """blur: share of the light that spills to each neighbour, 0 to 0.25, in x and in y.

    noise: standard deviation at mid grey, in 8-bit steps; contrast: slope of the tone curve
    around mid grey; saturation; bitrate_bps for 1080p.
    """

    blur: float
    noise: float
    contrast: float
    saturation: float
    bitrate_bps: int


def draw_sensor(rng: np.random.Generator) -> Sensor:
    """A decent phone or webcam."""
    return Sensor(
        blur=float(rng.uniform(0.17, 0.25)),
        noise=float(rng.uniform(0.6, 2.4)),
        contrast=float(rng.uniform(0.92, 1.12)),
        saturation=float(rng.uniform(0.85, 1.1)),
        bitrate_bps=int(rng.uniform(2.2e6, 3.8e6)),
    )


def tone_table(sensor: Sensor, exposure: float) -> UInt8:
    """(4096,) 8-bit value of linear light sqrt-indexed from 0 to 2 after `exposure`.

    The sRGB curve with a soft shoulder: highlights roll off instead of clipping.
    """
    linear = 2.0 * (np.arange(_LEVELS) / (_LEVELS - 1)) ** 2 * exposure
    rolled = np.where(linear < 0.6, linear, 0.6 + 0.4 * np.tanh((linear - 0.6) / 0.55))
    encoded = np.where(
        rolled <= 0.0031308, 12.92 * rolled, 1.055 * np.maximum(rolled, 1e-9) ** (1 / 2.4) - 0.055
    )
    mid = 0.46
    encoded = mid + (encoded - mid) * sensor.contrast
    return np.asarray(np.clip(encoded * 255 + 0.5, 0, 255), dtype=np.uint8)


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def develop(
    layer: Float32,
    background: Float32,
    blur: float,
    saturation: float,
    table: UInt8,
    out: UInt8,
) -> None:
    """Blur `layer` (h, w, 4: premultiplied RGB, coverage), put it over `background` (h, w, 3).

    Both are linear; the result goes through `table` into `out` (h, w, 3).
    """
    height, width = layer.shape[0], layer.shape[1]
    rows = np.empty((3, width, 4), dtype=np.float32)
    side = np.float32(blur)
    middle = np.float32(1 - 2 * blur)
    steps = np.float32(_LEVELS - 1)
    for i in range(-1, height):
        r = min(i + 1, height - 1)
        target = (i + 1) % 3
        for j in range(width):
            before, after = max(j - 1, 0), min(j + 1, width - 1)
            for k in range(4):
                rows[target, j, k] = middle * layer[r, j, k] + side * (
                    layer[r, before, k] + layer[r, after, k]
                )
        if i < 0:
            for j in range(width):
                for k in range(4):
                    rows[2, j, k] = rows[0, j, k]
            continue
        above, here, below = (i + 2) % 3, i % 3, (i + 1) % 3
        for j in range(width):
            cover = middle * rows[here, j, 3] + side * (rows[above, j, 3] + rows[below, j, 3])
            rest = np.float32(1.0) - cover
            r_ = middle * rows[here, j, 0] + side * (rows[above, j, 0] + rows[below, j, 0])
            g_ = middle * rows[here, j, 1] + side * (rows[above, j, 1] + rows[below, j, 1])
            b_ = middle * rows[here, j, 2] + side * (rows[above, j, 2] + rows[below, j, 2])
            r_ += rest * background[i, j, 0]
            g_ += rest * background[i, j, 1]
            b_ += rest * background[i, j, 2]
            grey = np.float32(0.25) * r_ + np.float32(0.65) * g_ + np.float32(0.1) * b_
            r_ = grey + saturation * (r_ - grey)
            g_ = grey + saturation * (g_ - grey)
            b_ = grey + saturation * (b_ - grey)
            out[i, j, 0] = table[int(steps * np.sqrt(min(max(r_, 0.0), 2.0) * 0.5))]
            out[i, j, 1] = table[int(steps * np.sqrt(min(max(g_, 0.0), 2.0) * 0.5))]
            out[i, j, 2] = table[int(steps * np.sqrt(min(max(b_, 0.0), 2.0) * 0.5))]


def noise_field(rng: np.random.Generator) -> NDArray[np.int8]:
    """(512, 512) int8 grain of unit standard deviation times 24, slightly correlated."""
    white = rng.standard_normal((512, 512))
    white = 0.8 * white + 0.2 * (np.roll(white, 1, 0) + np.roll(white, 1, 1))
    return np.asarray(np.clip(np.round(white / white.std() * 24), -127, 127), dtype=np.int8)


@numba.njit(cache=True, nogil=True)
def expose(
    rgb: UInt8, grain: NDArray[np.int8], offset: tuple[int, int], noise: float, out: UInt8
) -> None:
    """Turn `rgb` (H, W, 3) into planar YUV 4:2:0 (H * 3 / 2, W), BT.709 limited, with noise.

    `offset` shifts the grain, so that each frame has its own. H and W are even. Noise grows
    towards the shadows, as it does after a tone curve.
    """
    height, width = rgb.shape[0], rgb.shape[1]
    planes = out.reshape(-1)
    start_u = height * width
    start_v = start_u + height * width // 4
    amount = np.empty(256, dtype=np.int32)
    for level in range(256):
        amount[level] = int(noise * (1.35 - 0.7 * level / 255.0) / 24.0 * 65536.0)
    for i in range(0, height, 2):
        for j in range(0, width, 2):
            red, green, blue = np.int32(0), np.int32(0), np.int32(0)
            for di in range(2):
                row = (i + di + offset[0]) & 511
                for dj in range(2):
                    r = np.int32(rgb[i + di, j + dj, 0])
                    g = np.int32(rgb[i + di, j + dj, 1])
                    b = np.int32(rgb[i + di, j + dj, 2])
                    red += r
                    green += g
                    blue += b
                    y = (11966 * r + 40254 * g + 4064 * b) >> 16
                    speck = np.int32(grain[row, (j + dj + offset[1]) & 511])
                    y += 16 + ((amount[y] * speck + 32768) >> 16)
                    out[i + di, j + dj] = min(max(y, 0), 255)
            position = (i // 2) * (width // 2) + j // 2
            row = (i // 2 + 2 * offset[1] + 77) & 511
            speck = np.int32(grain[row, (j // 2 + 3 * offset[0] + 191) & 511])
            shift = (amount[128] * speck) >> 18
            u = (-6596 * red - 22189 * green + 28784 * blue) >> 18
            v = (28784 * red - 26145 * green - 2639 * blue) >> 18
            planes[start_u + position] = min(max(128 + u + shift, 0), 255)
            planes[start_v + position] = min(max(128 + v - shift, 0), 255)


@numba.njit(cache=True, nogil=True)
def grainy(
    rgb: UInt8, grain: NDArray[np.int8], offset: tuple[int, int], noise: float, out: UInt8
) -> None:
    """`rgb` (H, W, 3) with the same noise, for stills that never meet a video encoder."""
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            level = np.int32(rgb[i, j, 1])
            amount = noise * (1.35 - 0.7 * level / 255.0) / 24.0
            luma = amount * grain[(i + offset[0]) & 511, (j + offset[1]) & 511]
            for k in range(3):
                own = 0.3 * amount * grain[(i + 91 * k + offset[1]) & 511, (j + offset[0]) & 511]
                value = rgb[i, j, k] + luma + own
                out[i, j, k] = np.uint8(min(max(value + 0.5, 0.0), 255.0))
