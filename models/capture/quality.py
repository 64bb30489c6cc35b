"""Picture quality of one frame, measured on the aligned crop; verdicts are made in qc."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks import topology

_LIPS = np.array(
    [
        (outer, inner)
        for outer_line, inner_line in (
            (topology.LIPS_OUTER_UPPER, topology.LIPS_INNER_UPPER),
            (topology.LIPS_OUTER_LOWER, topology.LIPS_INNER_LOWER),
        )
        for outer, inner in zip(outer_line[2:-2], inner_line[2:-2], strict=True)
    ]
)
# Skin that hands and masks usually leave free, and skin that they cover.
_UPPER_SKIN = np.array([(i, i) for i in (6, 8, 9, 151, 117, 346, 118, 347, 101, 330, 108, 337)])
_LOWER_SKIN = np.array(
    [
        *(199, 200, 175, 18, 83, 313),
        *(208, 202, 210, 43, 204, 57, 212, 214, 92, 165, 164, 32, 211),
        *(428, 422, 430, 273, 424, 287, 432, 434, 322, 391, 262, 431),
    ]
)
_LOWER_PAIRS = np.stack([_LOWER_SKIN, _LOWER_SKIN], axis=1)
# Outer and inner canthus, and skin around the eye, of the left and the right one.
_CANTHI = (
    (topology.LEFT_OUTER_CANTHUS, topology.LEFT_INNER_CANTHUS),
    (topology.RIGHT_OUTER_CANTHUS, topology.RIGHT_INNER_CANTHUS),
)
_EYE_SKIN = np.array(
    [
        *(446, 261, 448, 449, 450, 451, 452, 464, 342, 353, 340, 346),
        *(226, 31, 228, 229, 230, 231, 232, 244, 113, 124, 111, 117),
    ]
)
_EYE_SKIN_PAIRS = np.stack([_EYE_SKIN, _EYE_SKIN], axis=1)
# The middle half of the eye, and as far above and below as an open eye reaches; in its widths.
_EYE_ALONG = np.linspace(0.25, 0.75, 9)
_EYE_ACROSS = np.linspace(-0.4, 0.4, 17)
_BROWS = (
    np.array(topology.LEFT_BROW_UPPER + topology.LEFT_BROW_LOWER),
    np.array(topology.RIGHT_BROW_UPPER + topology.RIGHT_BROW_LOWER),
)
# Down the bridge of the nose, where the bridge of glasses crosses it.
_BRIDGE = (168, 6, 197, 195)
_BRIDGE_SAMPLES = 32
_LIP_POINTS = np.unique(_LIPS)
N_LOWER_SKIN = len(_LOWER_SKIN)
N_SKIN = N_LOWER_SKIN + len(_UPPER_SKIN)
N_EYE_SKIN = len(_EYE_SKIN) // 2
_LUMA = np.array([0.299, 0.587, 0.114])
_SRGB_TO_LIGHT = np.round(
    65535
    * np.where(
        np.arange(256) <= 10,
        np.arange(256) / 3294.6,
        ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
    )
).astype(np.int64)


@dataclass(frozen=True)
class FaceQuality:
    """What `FrameQuality` holds of a face, for one frame."""

    sharpness: float
    clipped_share: float
    dark_share: float
    face_luma: float
    light_balance: float
    iris_px: float
    face_height_px: float
    lip_contrast: float
    mouth_difference: float
    bridge_edge: float
    brow_difference: float
    eye_contrast: NDArray[np.float64]
    eye_skin: NDArray[np.float64]
    skin_tone: NDArray[np.float64]


def luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) uint8 luma of (H, W, 3) RGB."""
    out = np.empty(rgb.shape[:2], dtype=np.uint8)
    _luma(rgb, out)
    return out


def scene_luma(rgb: NDArray[np.uint8], tiles: int = 4, step_px: int = 16) -> NDArray[np.float32]:
    """(tiles, tiles) mean luma of the whole picture, from every `step_px`-th pixel.

    The sampled columns lie symmetrically, so that a mirrored picture gives mirrored tiles.
    """
    height, width = rgb.shape[:2]
    columns = _symmetric(width, step_px)
    grey = luma(rgb[_symmetric(height, step_px)][:, columns]).astype(np.int64)
    rows = np.arange(grey.shape[0]) * tiles // grey.shape[0]
    sides = np.arange(grey.shape[1])
    half = np.minimum(sides, sides[::-1]) * tiles // grey.shape[1]
    place = np.where(sides < grey.shape[1] / 2, half, tiles - 1 - half)
    sums = np.zeros((tiles, tiles), dtype=np.int64)
    np.add.at(sums, (rows[:, None], place[None, :]), grey)
    counts = np.bincount(rows, minlength=tiles)[:, None] * np.bincount(place, minlength=tiles)
    means: NDArray[np.float32] = (sums / np.maximum(counts, 1)).astype(np.float32)
    return means


def face_quality(
    crop: NDArray[np.uint8],
    grey: NDArray[np.uint8],
    affine: NDArray[np.float64],
    landmarks_px: NDArray[np.float32],
    pass_difference_px: NDArray[np.float32],
) -> FaceQuality:
    """Measure one face.

    crop: (S, S, 3) aligned RGB crop, grey: (S, S) its luma, affine: (2, 3) frame px to crop px,
    landmarks_px: (478, 3) and pass_difference_px: (478,) as observed.
    """
    sums = _face_sums(grey, _SRGB_TO_LIGHT)
    count, total, squares, lap, lap_squares, white, black, light_left, light_right = (
        int(v) for v in sums
    )
    variance = (squares - total * total / count) / count
    laplacian = (lap_squares - lap * lap / count) / count
    points = landmarks_px[:, :2] @ affine[:, :2].T + affine[:, 2]
    lips = _log_rgb(crop, points, _LIPS)
    upper = _log_rgb(crop, points, _UPPER_SKIN)
    lower = _log_rgb(crop, points, _LOWER_PAIRS)
    around_eyes = _log_rgb(crop, points, _EYE_SKIN_PAIRS) @ _LUMA
    height_px = float(np.linalg.norm(landmarks_px[10, :2] - landmarks_px[topology.MENTON, :2]))
    return FaceQuality(
        # The kernel of the Laplacian has an integer weight of 16 from its smoothing.
        sharpness=laplacian / 256 / (variance + 25.0),
        clipped_share=white / count,
        dark_share=black / count,
        face_luma=total / count,
        light_balance=float(np.log((light_left + count) / (light_right + count))),
        iris_px=_iris_px(landmarks_px),
        face_height_px=height_px,
        lip_contrast=_redness(lips) - _redness(upper),
        mouth_difference=float(np.median(pass_difference_px[_LIP_POINTS])) / height_px,
        bridge_edge=_bridge_edge(grey, points),
        brow_difference=max(float(np.median(pass_difference_px[brow])) for brow in _BROWS)
        / height_px,
        eye_contrast=np.array([_eye_contrast(grey, points[list(eye)]) for eye in _CANTHI]),
        eye_skin=around_eyes.reshape(2, N_EYE_SKIN),
        skin_tone=np.concatenate([lower, upper]) @ _LUMA,
    )


def _iris_px(landmarks_px: NDArray[np.float32]) -> float:
    """Diameter of the larger iris: the mean of the longer of its two axes in both eyes' order."""
    diameters = []
    for iris in (topology.RIGHT_IRIS, topology.LEFT_IRIS):
        rim = landmarks_px[list(iris[1:]), :2].astype(np.float64)
        # A turned head narrows one axis, a lid hides the other: the longer one is the diameter.
        diameters.append(
            max(float(np.hypot(*(rim[0] - rim[2]))), float(np.hypot(*(rim[1] - rim[3]))))
        )
    return max(diameters)


def _bridge_edge(grey: NDArray[np.uint8], points: NDArray[np.float64]) -> float:
    """Steepest step in brightness down the bridge of the nose, over its mean brightness."""
    line = points[list(_BRIDGE)]
    along = np.linspace(0, len(_BRIDGE) - 1, _BRIDGE_SAMPLES)
    x = np.interp(along, np.arange(len(_BRIDGE)), line[:, 0])
    y = np.interp(along, np.arange(len(_BRIDGE)), line[:, 1])
    places = np.clip(np.floor(np.stack([y, x])).astype(np.int64), 1, grey.shape[0] - 2)
    rows, columns = places
    profile = (
        2 * grey[rows, columns].astype(np.int64)
        + grey[rows, columns - 1].astype(np.int64)
        + grey[rows, columns + 1].astype(np.int64)
    )
    return float(np.abs(profile[3:] - profile[:-3]).max() / (profile.mean() + 4.0))


def _eye_contrast(grey: NDArray[np.uint8], canthi: NDArray[np.float64]) -> float:
    """Range of log brightness across an eye: iris, lashes and white, or the lash line when closed.

    canthi: (2, 2) outer and inner corner in crop px. The median over lines across the eye, so
    that one hair or the edge of a finger does not make an eye.
    """
    along = canthi[1] - canthi[0]
    down = np.array([-along[1], along[0]])
    down *= 1.0 if down[1] > 0 else -1.0
    places = canthi[0] + _EYE_ALONG[:, None, None] * along + _EYE_ACROSS[None, :, None] * down
    columns, rows = (
        np.clip(np.floor(places), 0, grey.shape[0] - 1).astype(np.int64).transpose(2, 0, 1)
    )
    profile = np.log(grey[rows, columns] + 8.0)
    smooth = (profile[:-2] + profile[1:-1] + profile[2:]) / 3.0
    return float(np.median(smooth.max(axis=1) - smooth.min(axis=1)))


def _log_rgb(
    crop: NDArray[np.uint8], points: NDArray[np.float64], pairs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n, 3) logarithm of the mean colour of 3x3 px around the middles of landmark pairs."""
    middle = (points[pairs[:, 0]] + points[pairs[:, 1]]) / 2
    size = crop.shape[0]
    x = np.clip(np.floor(middle[:, 0]).astype(np.int64), 1, size - 2)
    y = np.clip(np.floor(middle[:, 1]).astype(np.int64), 1, size - 2)
    patch = np.zeros((len(pairs), 3), dtype=np.float64)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            patch += crop[y + dy, x + dx]
    return np.log(patch / 9 + 4.0)


def _redness(log_rgb: NDArray[np.float64]) -> float:
    return float(np.median(log_rgb[:, 0] - log_rgb[:, 1]))


def _symmetric(length: int, step: int) -> NDArray[np.int64]:
    """Indices about `step` apart that are mapped to themselves by i -> length - 1 - i."""
    first = np.arange(0, (length + 1) // 2, step)
    return np.unique(np.concatenate([first, length - 1 - first]))


@numba.njit(cache=True)
def _luma(rgb, out):  # type: ignore[no-untyped-def]
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            value = 77 * int(rgb[i, j, 0]) + 150 * int(rgb[i, j, 1]) + 29 * int(rgb[i, j, 2])
            out[i, j] = (value + 128) >> 8


@numba.njit(cache=True)
def _face_sums(grey, light):  # type: ignore[no-untyped-def]
    """Integer sums over an ellipse in the middle of the crop: exact, so mirroring is exact."""
    size = grey.shape[0]
    sums = np.zeros(9, dtype=np.int64)
    centre = size - 1
    # Half axes of the ellipse in half pixels: the face fills 1 / 1.4 of the crop's height.
    across = 0.52 * size
    along = 0.66 * size
    for i in range(2, size - 2):
        y = (2 * i - centre) / along
        for j in range(2, size - 2):
            x = (2 * j - centre) / across
            if x * x + y * y > 1.0:
                continue
            value = int(grey[i, j])
            lap = 0
            for k in range(-1, 2):
                for m in range(-1, 2):
                    weight = (2 - abs(k)) * (2 - abs(m))
                    a = i + k
                    b = j + m
                    lap += weight * (
                        int(grey[a - 1, b])
                        + int(grey[a + 1, b])
                        + int(grey[a, b - 1])
                        + int(grey[a, b + 1])
                        - 4 * int(grey[a, b])
                    )
            sums[0] += 1
            sums[1] += value
            sums[2] += value * value
            sums[3] += lap
            sums[4] += lap * lap
            if value >= 250:
                sums[5] += 1
            elif value <= 10:
                sums[6] += 1
            # In an upright picture the subject's left half is on the right.
            if 2 * j > centre:
                sums[7] += light[value]
            else:
                sums[8] += light[value]
    return sums
