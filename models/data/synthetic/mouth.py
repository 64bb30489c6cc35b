"""Paints the inside of the mouth: single teeth on gums, tongue, and the dark behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.data.synthetic.skin import cloud
from models.head.extras import HeadExtras

Array = NDArray[np.float64]
Int32 = NDArray[np.int32]

# Widths of the teeth from the middle to the side, mm; length of the crowns in the middle.
_UPPER = (8.6, 6.7, 7.7, 7.1, 6.9, 10.0, 9.6)
_LOWER = (5.4, 5.9, 6.9, 7.1, 7.2, 10.8, 10.4)
_CROWN_MM = (10.0, 8.8)

# Places in the atlas area, (x, y, width, height) in shares of its side.
_PLACES = {
    "upper_teeth": (0.0, 0.0, 0.5, 0.25),
    "lower_teeth": (0.0, 0.25, 0.5, 0.25),
    "tongue": (0.5, 0.0, 0.25, 0.25),
    "cavity": (0.0, 0.5, 0.5, 0.5),
}


def _along_arch(points: Array) -> Array:
    """(N,) signed length in mm along a dental arch of points (N, 3), 0 in the middle."""
    back = points[:, 2].min()
    angle = np.arctan2(points[:, 0], points[:, 2] - back + 4.0)
    bins = np.linspace(-np.pi / 2, np.pi / 2, 41)
    radius = np.hypot(points[:, 0], points[:, 2] - back + 4.0)
    order = np.argsort(angle)
    outer = np.interp(bins, angle[order], radius[order])
    x, z = outer * np.sin(bins), outer * np.cos(bins)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    return np.asarray(np.interp(angle, bins, length - length[20]))


def mouth_uv(extras: HeadExtras, part: str) -> Array:
    """(F, 3, 2) places of the corners of a part's faces, in shares of the atlas area's side."""
    faces = extras.faces[part]
    points = extras.template_mm
    own = np.unique(faces)
    p = points[own]
    if part in ("upper_teeth", "lower_teeth"):
        u = 0.5 + _along_arch(p) / (2 * sum(_UPPER if part == "upper_teeth" else _LOWER))
        low, high = p[:, 1].min(), p[:, 1].max()
        v = (p[:, 1] - low) / (high - low)
        v = v if part == "upper_teeth" else 1 - v
    else:
        u = (p[:, 0] - p[:, 0].min()) / np.ptp(p[:, 0])
        v = (p[:, 2] - p[:, 2].min()) / np.ptp(p[:, 2])
    place = np.zeros((len(points), 2))
    x, y, w, h = _PLACES[part]
    place[own] = np.stack([x + w * (0.03 + 0.94 * np.clip(u, 0, 1)), y + h * (0.03 + 0.94 * v)], 1)
    return place[faces]


def paint_mouth(area: NDArray[np.uint8], extras: HeadExtras, rng: np.random.Generator) -> None:
    """Fill the places of the parts in the square atlas area (S, S, 4)."""
    side = len(area)
    ivory = np.array([0.82, 0.76, 0.64]) * rng.uniform(0.75, 1.0)
    gum = np.array([0.45, 0.19, 0.18])
    for part, widths, crown in zip(
        ("upper_teeth", "lower_teeth"), (_UPPER, _LOWER), _CROWN_MM, strict=True
    ):
        x, y, w, h = (round(side * value) for value in _PLACES[part])
        height = float(np.ptp(extras.template_mm[np.unique(extras.faces[part]), 1]))
        v = (np.linspace(0, 1, h)[:, None] - 0.03) / 0.94 * height
        total = sum(widths)
        s = np.abs((np.linspace(-1, 1, w)[None]) / 0.94 * total)
        edges = np.cumsum((0.0, *widths))
        index = np.clip(np.searchsorted(edges, s, side="right") - 1, 0, len(widths) - 1)
        inside = (s - edges[index]) / np.array(widths)[index]
        gap = np.minimum(inside, 1 - inside) * np.array(widths)[index]
        length = crown * (1 - 0.03 * index) - 1.4 * np.abs(2 * inside - 1) ** 2.5
        shade = 1 - 0.55 * np.exp(-((gap / 0.3) ** 2)) * np.clip(1.4 - v / crown, 0.3, 1)
        shade = shade * (0.90 + 0.12 * v / crown) * (1 - 0.45 * (s / total) ** 1.3)
        shade = shade * (1 - 0.5 * np.exp(-((v / 0.5) ** 2)) * np.abs(2 * inside - 1) ** 4)
        pink = np.clip((v - length) / 0.5 + 0.5, 0, 1)[..., None]
        colour = ivory * shade[..., None] * (1 - pink) + gum * pink
        area[y : y + h, x : x + w, :3] = np.sqrt(np.clip(colour, 0, 1)) * 255
        area[y : y + h, x : x + w, 3] = 190
    x, y, w, h = (round(side * value) for value in _PLACES["tongue"])
    red = np.array([0.42, 0.15, 0.15]) * (1 + 0.12 * cloud(rng, max(w, h), 3.0))[..., None]
    area[y : y + h, x : x + w, :3] = np.sqrt(np.clip(red, 0, 1))[:h, :w] * 255
    area[y : y + h, x : x + w, 3] = 150
    x, y, w, h = (round(side * value) for value in _PLACES["cavity"])
    depth = np.linspace(0.08, 1.0, h)[:, None, None] ** 2
    dark = np.array([0.10, 0.030, 0.028]) * depth
    area[y : y + h, x : x + w, :3] = np.sqrt(dark) * 255
    area[y : y + h, x : x + w, 3] = 20
