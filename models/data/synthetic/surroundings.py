"""What stands still around a patient: the clothed torso and the room behind."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.synthetic.skin import blurred, cloud
from models.render.deferred import Texture

Array = NDArray[np.float64]
Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

_AROUND = 48


def tube(rings: list[Array]) -> tuple[Array, Int32]:
    """Points and outward faces of a surface through closed `rings` of (n, 3) points each."""
    n = len(rings[0])
    index = np.arange(len(rings) * n).reshape(len(rings), n)
    following = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], following[:-1], following[1:], index[1:]], axis=-1).reshape(-1, 4)
    faces = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.int32)
    points = np.concatenate(rings)
    corners = points[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = corners.mean(axis=1) - points.mean(axis=0)
    if (normal * away).sum() < 0:
        faces = np.ascontiguousarray(faces[:, [0, 2, 1]])
    return points, faces


def torso(neck_mm: Array, rng: np.random.Generator, collar: float) -> tuple[Array, Int32, Array]:
    """Clothed shoulders in the head frame under a neck that ends at `neck_mm`.

    Returns points (N, 3), faces (F, 3) and places (F, 3, 2) in a square of cloth, 0 to 1.

    neck_mm: (n, 3) the head's lower border. `collar` 0 to 1: how closely the collar fits.
    """
    middle = neck_mm.mean(axis=0)
    radius = np.linalg.norm((neck_mm - middle)[:, [0, 2]], axis=1).max()
    broad = rng.uniform(0.9, 1.1)
    slope = rng.uniform(0.85, 1.15)
    loose = 5.0 + 14.0 * (1 - collar)
    # Drop below the neck's border, half width, half depth, shift forward.
    shape = [
        (4.0 - 18.0 * (1 - collar), radius + loose, radius + loose, 2.0),
        (-6.0 - 18.0 * (1 - collar), radius + loose + 2.5, radius + loose + 2.5, 3.0),
        (-24.0, radius + 20 + loose, radius + 10 + loose, 2.0),
        (-42.0 * slope, 122.0 * broad, 78.0, -2.0),
        (-58.0 * slope, 165.0 * broad, 92.0, -6.0),
        (-78.0 * slope, 196.0 * broad, 102.0, -8.0),
        (-120.0 * slope, 214.0 * broad, 112.0, -8.0),
        (-220.0, 218.0 * broad, 120.0, -6.0),
        (-420.0, 214.0 * broad, 124.0, -4.0),
    ]
    angle = np.arange(_AROUND) / _AROUND * 2 * np.pi
    rings = []
    for drop, a, b, shift in shape:
        square = 0.82 if a > 120 else 1.0
        c, s = np.sin(angle), np.cos(angle)
        ring = np.stack(
            [
                a * np.sign(c) * np.abs(c) ** square,
                np.full(_AROUND, drop - 0.0),
                b * np.sign(s) * np.abs(s) ** square + shift,
            ],
            axis=1,
        )
        if a > 60 and drop > -30:
            ring[:, 1] -= 9.0 * np.maximum(s, 0)  # the collar lies lower in front
        rings.append(middle + ring)
    points, faces = tube(rings)
    points[2 * _AROUND :] += 1.8 * rng.normal(0, 1, (len(points) - 2 * _AROUND, 3))
    # To and fro over the cloth: a mirrored weave has no seam.
    ring, place = np.divmod(np.arange(len(points)), _AROUND)
    u = np.abs(place / _AROUND * 8 % 2 - 1)
    v = np.abs(ring * 0.35 % 2 - 1)
    return points, faces, np.stack([u, v], axis=1)[faces]


def paint_cloth(colour: Array, rng: np.random.Generator, size: int) -> Texture:
    """Woven cloth; (size, size), repeated by the chart of whoever wears it."""
    weave = np.sin(np.arange(size) * 1.9)[None] * np.sin(np.arange(size) * 1.9)[:, None]
    shade = 1 + 0.05 * weave + 0.04 * cloud(rng, size, 2.0) + 0.05 * cloud(rng, size, 40.0)
    if rng.random() < 0.3:
        stripe = np.sign(np.sin(np.arange(size) * 2 * np.pi / rng.uniform(10, 40)))
        shade = shade * (1 + rng.uniform(0.05, 0.3) * stripe[:, None])
    albedo = np.zeros((size, size, 4), dtype=np.uint8)
    value = np.clip(colour * np.clip(shade, 0.2, 1.6)[..., None], 0, 1)
    albedo[..., :3] = np.sqrt(value) * 255
    return Texture(albedo, np.zeros((size, size, 2), dtype=np.int8))


def draw_background(rng: np.random.Generator, size: tuple[int, int], light: Array) -> Float32:
    """(H, W, 3) linear picture of a room out of focus; `light` (3,) is its colour.

    size: (width, height).
    """
    width, height = size
    w, h = width // 8, height // 8
    wall = rng.uniform(0.12, 0.75) * (1 + rng.normal(0, 0.07, 3))
    x, y = np.meshgrid(np.linspace(-1, 1, w), np.linspace(-1, 1, h))
    fall = 1 + rng.normal(0, 0.2) * x + rng.normal(0, 0.15) * y - rng.uniform(0, 0.2) * (x * x)
    picture = (wall * np.clip(fall, 0.3, 1.6)[..., None]).astype(np.float32)
    for _ in range(rng.integers(0, 7)):
        colour = np.clip(rng.uniform(0.03, 0.9) * (1 + rng.normal(0, 0.15, 3)), 0.02, 1.2)
        centre = rng.uniform([0, 0], [w, h])
        half = rng.uniform([0.04, 0.06], [0.25, 0.5]) * [w, h]
        low, high = (centre - half).astype(int), (centre + half).astype(int)
        cv2.rectangle(
            picture, tuple(low.tolist()), tuple(high.tolist()), tuple(colour.tolist()), -1
        )
    picture = blurred(picture, float(rng.uniform(1.5, 7.0)) * w / 240)
    large = np.asarray(
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32
    )
    large *= (light * rng.uniform(0.5, 1.0)).astype(np.float32)
    return np.maximum(large, 0.002)
