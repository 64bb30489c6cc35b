"""What overlay and preview draw alike: colour scale, mesh over a picture, legend, words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import cv2
import numba
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.head.topology import Topology
from models.movements import View
from models.reconstruction import Array
from models.render import Fragments, rasterize

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
# Pixels (N, 2) of a camera without distortion to the recorded ones.
Distort = Callable[[Array], Array]

VIEW_WORDS: Mapping[View, str] = {
    "left": "camera on the patient's left",
    "center": "camera in front",
    "right": "camera on the patient's right",
}
SCALE_MM = 5.0
# Blue, neutral, orange: told apart with every common colour vision.
_STOPS = np.array(
    [(20, 74, 152), (104, 156, 214), (236, 236, 232), (245, 170, 92), (196, 82, 8)],
    dtype=np.float64,
)
_WIRE = (255.0, 255.0, 255.0)
_CONTOUR = (255, 255, 255)
_SHADOW = (28, 30, 34)
_FADE_RINGS = 4
# A contour lies on the surface: what is deeper than this behind it is hidden.
_HIDDEN_MM = 4.0
_LOOPS = (
    "lid_upper_left", "lid_lower_left", "lid_upper_right", "lid_lower_right",
    "lip_outer_upper", "lip_outer_lower", "lip_inner_upper", "lip_inner_lower",
)  # fmt: skip
_LINES = ("brow_upper_left", "brow_upper_right", "nose_bridge")
_SUBPIXEL_BITS = 4
_FINE = 4


def diverging_rgb(values_mm: NDArray[np.floating], limit_mm: float = SCALE_MM) -> Float32:
    """(..., 3) colours 0-255 of signed millimetres: blue below 0, orange above, grey for NaN."""
    place = (np.clip(values_mm / limit_mm, -1.0, 1.0) + 1.0) * (len(_STOPS) - 1) / 2
    rgb = np.stack(
        [np.interp(place, np.arange(len(_STOPS)), _STOPS[:, c]) for c in range(3)], axis=-1
    )
    rgb[~np.isfinite(values_mm)] = 150.0
    return rgb.astype(np.float32)


class FaceDrawing:
    """What of a head is drawn over a picture: its face, fading out at the border, and contours."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        n = len(topology.template_mm)
        regions = topology.regions
        shown = regions["face"] & ~regions["inside"]
        faces = topology.faces
        weight = shown.astype(np.float64)
        skin = faces[~regions["inside"][faces].any(axis=1)]
        for _ in range(_FADE_RINGS):
            lowest = weight[skin].min(axis=1)
            around = np.ones(n)
            for corner in range(3):
                np.minimum.at(around, skin[:, corner], lowest)
            weight = np.where(shown, 0.5 * (weight + around), 0.0)
        self.weight: Float32 = weight.astype(np.float32)
        self._line_vertices, self._line_weights, self._joined = _lines(topology)

    def paint(self, picture: UInt8, screen: Array, values_mm: NDArray[np.floating] | None) -> None:
        """Draw the mesh at `screen` (V, 3), x px, y px, depth mm, into `picture` (H, W, 3).

        Colours show `values_mm` (V,), more opaque the farther from 0; only what faces the camera
        and is not hidden is drawn.
        """
        box = _box(screen, self.weight, picture.shape[:2])
        if box is None:
            return
        top, bottom, left, right = box
        moved = screen - (left, top, 0.0)
        front = facing_faces(moved, self.topology.faces)
        seen = rasterize(moved, front, (bottom - top, right - left), near=1.0)
        part = picture[top:bottom, left:right]
        _tint(part, seen.pix_to_face, seen.bary, front, moved, self._rgba(values_mm))
        self._draw_contours(part, moved, seen)

    def _rgba(self, values_mm: NDArray[np.floating] | None) -> Float32:
        rgba = np.empty((len(self.weight), 4), dtype=np.float32)
        values = np.zeros(len(self.weight)) if values_mm is None else values_mm
        rgba[:, :3] = diverging_rgb(values)
        strength = np.nan_to_num(np.abs(values)) / SCALE_MM
        rgba[:, 3] = self.weight * (0.1 + 0.6 * np.clip(2.0 * strength, 0.0, 1.0))
        return rgba

    def _draw_contours(self, part: UInt8, screen: Array, seen: Fragments) -> None:
        height, width = part.shape[:2]
        points = np.einsum("pkc,pk->pc", screen[self._line_vertices], self._line_weights)
        column = np.clip(points[:, 0].astype(np.int64), 0, width - 1)
        row = np.clip(points[:, 1].astype(np.int64), 0, height - 1)
        surface = seen.depth[row, column]
        visible = (surface < 0) | (points[:, 2] < surface + _HIDDEN_MM)
        # OpenCV puts the centre of the first pixel at 0.
        fixed = np.round((points[:, :2] - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
        joined = self._joined & visible[1:] & visible[:-1]
        segments = np.stack([fixed[:-1][joined], fixed[1:][joined]], axis=1)
        lines = [np.ascontiguousarray(segment) for segment in segments]
        for colour, thickness in ((_SHADOW, 2), (_CONTOUR, 1)):
            cv2.polylines(part, lines, False, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _lines(topology: Topology) -> tuple[NDArray[np.int64], Array, NDArray[np.bool_]]:
    """Lid and lip margins and brows: vertices (P, 3), weights (P, 3), joined to the next (P-1,)."""
    vertices, weights, numbers = [], [], []
    for number, name in enumerate(_LOOPS):
        loop = topology.loops[name].astype(np.int64)
        vertices.append(np.repeat(loop[:, None], 3, axis=1))
        weights.append(np.tile([1.0, 0.0, 0.0], (len(loop), 1)))
        numbers.append(np.full(len(loop), number))
    for number, name in enumerate(_LINES, start=len(_LOOPS)):
        index = np.array(topology.contours[name])
        vertices.append(topology.landmark_vertices[index].astype(np.int64))
        weights.append(topology.landmark_weights[index])
        numbers.append(np.full(len(index), number))
    line = np.concatenate(numbers)
    return np.concatenate(vertices), np.concatenate(weights), line[1:] == line[:-1]


def facing_faces(screen: Array, faces: NDArray[np.int32]) -> NDArray[np.int32]:
    """The faces (F', 3) that turn their outer side to the camera."""
    x, y = screen[:, 0], screen[:, 1]
    a, b, c = faces[:, 0], faces[:, 1], faces[:, 2]
    area = (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a])
    # Anticlockwise from outside, and y points down.
    return np.ascontiguousarray(faces[area < 0])


def _box(screen: Array, weight: Float32, size: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """Rows and columns (top, bottom, left, right) of what is drawn inside the picture."""
    points = screen[weight > 0]
    if not np.isfinite(points).all() or (points[:, 2] <= 1.0).any():
        return None
    left, top = np.clip(np.floor(points[:, :2].min(axis=0)), 0, size[1::-1]).astype(int)
    right, bottom = np.clip(np.ceil(points[:, :2].max(axis=0)), 0, size[1::-1]).astype(int)
    if right <= left or bottom <= top:
        return None
    return int(top), int(bottom), int(left), int(right)


@numba.njit(cache=True, nogil=True)
def _tint(
    picture: UInt8,
    pix_to_face: NDArray[np.int32],
    bary: Array,
    faces: NDArray[np.int32],
    screen: Array,
    rgba: Float32,
) -> None:
    """Blend per-vertex colours and a fine wire along the edges into `picture` (H, W, 3)."""
    height, width = pix_to_face.shape
    for i in range(height):
        for j in range(width):
            f = pix_to_face[i, j]
            if f < 0:
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            wa, wb, wc = bary[i, j, 0], bary[i, j, 1], bary[i, j, 2]
            alpha = wa * rgba[a, 3] + wb * rgba[b, 3] + wc * rgba[c, 3]
            if alpha <= 0.0:
                continue
            ax, ay, bx, by = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1]
            cx, cy = screen[c, 0], screen[c, 1]
            area = abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
            distance = min(
                wa * area / np.sqrt((cx - bx) ** 2 + (cy - by) ** 2),
                wb * area / np.sqrt((ax - cx) ** 2 + (ay - cy) ** 2),
                wc * area / np.sqrt((bx - ax) ** 2 + (by - ay) ** 2),
            )
            wire = 0.8 * min(alpha * 2.5, 0.3) * max(0.0, 1.0 - distance / 0.7)
            for k in range(3):
                colour = wa * rgba[a, k] + wb * rgba[b, k] + wc * rgba[c, k]
                tinted = picture[i, j, k] * (1.0 - alpha) + colour * alpha
                picture[i, j, k] = np.uint8(tinted * (1.0 - wire) + _WIRE[k] * wire + 0.5)


@lru_cache(maxsize=16)
def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font: the same on every machine."""
    return ImageFont.load_default(size_px)


def text_width(text: str, size_px: int) -> int:
    """Width of one line of text in px."""
    return int(np.ceil(font(size_px * _FINE).getlength(text) / _FINE))


def fitting_size(text: str, largest_px: int, width_px: int) -> int:
    """The largest size up to `largest_px`, at least 6, at which the line fits `width_px`."""
    size = largest_px
    while size > 6 and text_width(text, size) > width_px:
        size -= 1
    return size


@lru_cache(maxsize=256)
def text_block(
    text: str, size_px: int, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> UInt8:
    """(H, W, 3) one line of text with a little margin, to be laid into a picture."""
    margin = max(2, size_px // 3)
    size = (text_width(text, size_px) + 2 * margin, size_px + 2 * margin)
    # Drawn large and shrunk: at its own size Pillow rounds every letter's place.
    large = Image.new("RGB", (size[0] * _FINE, size[1] * _FINE), paper)
    place = (margin * _FINE, (margin + 0.82 * size_px) * _FINE)
    ImageDraw.Draw(large).text(place, text, fill=ink, font=font(size_px * _FINE), anchor="ls")
    return np.asarray(large.resize(size, Image.Resampling.BOX))


def lay(picture: UInt8, block: UInt8, left: int, top: int) -> None:
    """Copy `block` into `picture`, cut off at its borders."""
    height, width = picture.shape[:2]
    left, top = max(left, 0), max(top, 0)
    part = block[: max(height - top, 0), : max(width - left, 0)]
    picture[top : top + part.shape[0], left : left + part.shape[1]] = part


def legend_bar(width_px: int, height_px: int) -> UInt8:
    """(height, width, 3) the colour scale from -5 to +5 mm, left to right."""
    values = np.linspace(-SCALE_MM, SCALE_MM, width_px)
    row = np.round(diverging_rgb(values)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(row, (height_px, width_px, 3)))
