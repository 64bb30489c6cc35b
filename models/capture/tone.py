"""High-dynamic-range pictures (PQ, HLG; BT.2020) brought to sRGB; no other colour work."""

from __future__ import annotations

from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray

from models.capture.media import Transfer

_SDR_WHITE_NITS = 203.0
"""Graphics white of HDR pictures (ITU-R BT.2408): becomes the white of the sRGB picture."""

_HLG_PEAK_NITS = 1000.0
_KNEE = 0.8
_OUT_STEPS = 4096
# ITU-R BT.2087: linear BT.2020 to linear BT.709.
_TO_709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    dtype=np.float32,
)


def tone_map(rgb48: NDArray[np.uint16], transfer: Transfer) -> NDArray[np.uint8]:
    """(H, W, 3) uint16 BT.2020 in PQ or HLG -> (H, W, 3) uint8 sRGB.

    Up to 80 % of graphics white the picture is reproduced exactly; highlights above are
    compressed, so that a lamp does not darken the face.
    """
    linear, encode = _tables(transfer)
    out = np.empty(rgb48.shape, dtype=np.uint8)
    _map(rgb48.reshape(-1, 3), linear, encode, _TO_709, out.reshape(-1, 3))
    return out


@cache
def _tables(transfer: Transfer) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """10-bit code -> light relative to graphics white; compressed light (0..1) -> sRGB byte."""
    code = np.arange(1024) / 1023.0
    if transfer == "pq":
        # SMPTE ST 2084, equation 4.1.
        power = code ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (
            1 / 0.1593017578125
        )
    else:
        # ARIB STD-B67 inverse OETF; the system gamma 1.2 is applied per channel.
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
        nits = _HLG_PEAK_NITS * scene**1.2
    linear = (nits / _SDR_WHITE_NITS).astype(np.float32)
    light = np.arange(_OUT_STEPS) / (_OUT_STEPS - 1)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return linear, np.round(255 * srgb).astype(np.uint8)


@numba.njit(cache=True)
def _map(rgb48, linear, encode, to_709, out):  # type: ignore[no-untyped-def]
    steps = encode.shape[0] - 1
    for i in range(rgb48.shape[0]):
        r = linear[rgb48[i, 0] >> 6]
        g = linear[rgb48[i, 1] >> 6]
        b = linear[rgb48[i, 2] >> 6]
        for k in range(3):
            x = to_709[k, 0] * r + to_709[k, 1] * g + to_709[k, 2] * b
            if x < 0.0:
                x = np.float32(0.0)
            elif x > _KNEE:
                over = (x - _KNEE) / (1.0 - _KNEE)
                x = _KNEE + (1.0 - _KNEE) * over / (1.0 + over)
            out[i, k] = encode[int(x * steps + 0.5)]
