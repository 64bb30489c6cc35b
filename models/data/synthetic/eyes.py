"""Paints an eyeball as seen along its axis: sclera with vessels, limbus, iris fibres, pupil."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.synthetic.appearance import Look
from models.data.synthetic.skin import blurred, cloud
from models.render.deferred import Texture

Array = NDArray[np.float64]

# The picture spans this many eye radii from the axis to its border.
EXTENT = 1.06


def eye_texel(direction: Array, size: int) -> Array:
    """(..., 2) texel of unit directions (..., 3) from the eye's centre, z along the gaze."""
    flat = direction[..., :2] * np.where(direction[..., 2:] < 0, 1.0, 1.0)
    # Behind the equator the picture's border is repeated.
    behind = direction[..., 2] < 0
    length = np.linalg.norm(flat, axis=-1, keepdims=True)
    flat = np.where(behind[..., None], flat / np.maximum(length, 1e-9), flat)
    return np.asarray(size / 2 * (1 + flat * np.array([1.0, -1.0]) / EXTENT))


def paint_eye(look: Look, rng: np.random.Generator, size: int, radius_mm: float) -> Texture:
    """The texture of one eye of `radius_mm`; its iris is `look.iris_mm` wide."""
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(axis * EXTENT * radius_mm, -axis * EXTENT * radius_mm)
    r = np.hypot(x, y)
    angle = np.arctan2(y, x)
    mm = size / (2 * EXTENT * radius_mm)

    white = np.array([0.62, 0.585, 0.55]) - np.array([0.02, 0.05, 0.10]) * np.clip(
        (look.age - 40) / 50, 0, 1
    )
    colour = np.broadcast_to(white, (size, size, 3)).copy()
    pink = np.clip((np.abs(x) - 7.5) / 4.5, 0, 1)[..., None]
    colour *= 1 - pink * np.array([0.12, 0.42, 0.42])
    # The upper lid and its lashes shade the top of the eyeball.
    colour *= (1 - 0.4 * np.clip((y - 1.5) / 5.0, 0, 1))[..., None]
    vessels = np.zeros((size, size), dtype=np.float32)
    for _ in range(int(10 + 30 * look.vessels)):
        side = rng.choice([-1.0, 1.0])
        at = np.array([side * rng.uniform(9.5, 12.0), rng.uniform(-6, 6)])
        heading = np.array([-side, rng.normal(0, 0.5)])
        points = [at]
        for _ in range(rng.integers(4, 11)):
            heading = heading + rng.normal(0, 0.55, 2)
            heading /= np.linalg.norm(heading)
            at = at + 0.55 * heading
            points.append(at)
        line = np.stack(points)
        line = size / 2 * (1 + line * [1, -1] / (EXTENT * radius_mm))
        cv2.polylines(
            vessels,
            [np.round(line * 16).astype(np.int32)[:, None]],
            False,
            float(rng.uniform(0.15, 0.5)),
            1,
            cv2.LINE_AA,
            4,
        )
    veins = blurred(vessels, 0.07 * mm)[..., None]
    colour *= 1 - veins * np.array([0.15, 0.7, 0.7]) * (0.4 + look.vessels)

    iris_r = 0.5 * look.iris_mm
    pupil_r = 0.5 * look.pupil_mm
    inside = np.clip((iris_r - r) * mm / 3.0 + 0.5, 0, 1)
    polar_u = ((angle / (2 * np.pi)) % 1.0 * size).astype(np.float32)
    depth = np.clip((r - pupil_r) / (iris_r - pupil_r), 0, 1)
    fibres = cv2.remap(
        cloud(rng, size, 3.0),
        polar_u,
        (depth * size * 0.06).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    coarse = cv2.remap(
        cloud(rng, size, 14.0),
        polar_u,
        (depth * size * 0.2).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    shade = 1.0 + 0.22 * fibres + 0.15 * coarse
    shade *= 0.75 + 0.5 * np.exp(-(((depth - 0.3) / 0.22) ** 2))
    warm = look.iris * np.array([1.35, 1.05, 0.7])
    mix = np.exp(-((depth / 0.35) ** 2))[..., None] * 0.6
    iris = (look.iris * (1 - mix) + warm * mix) * np.clip(shade, 0.25, 2.0)[..., None]
    limbus = np.clip((depth - 0.80) / 0.2, 0, 1) ** 1.5
    iris *= 1 - 0.72 * limbus[..., None]
    pupil = np.clip((pupil_r + 0.05 * coarse - r) * mm / 2.0 + 0.5, 0, 1)
    iris = iris * (1 - pupil[..., None]) + 0.004 * pupil[..., None]
    colour = colour * (1 - inside[..., None]) + iris * inside[..., None]
    halo = np.exp(-(((r - iris_r) / 0.45) ** 2)) * (r > iris_r)
    colour *= 1 - 0.35 * halo[..., None]

    albedo = np.empty((size, size, 4), dtype=np.uint8)
    albedo[..., :3] = np.clip(np.sqrt(np.clip(colour, 0, 1)) * 255 + 0.5, 0, 255)
    albedo[..., 3] = np.where(r < iris_r + 1.0, 255, 170)
    # The cornea bulges: seen from its centre its surface is steeper than the eyeball's.
    bulge = np.where(r < iris_r + 0.4, 0.35 * r / radius_mm, 0.0) * np.clip(
        (iris_r + 0.4 - r) / 0.8, 0, 1
    )
    direction = np.stack([np.cos(angle), -np.sin(angle)], axis=-1)
    slope = np.clip(np.round(-bulge[..., None] * direction * 64), -127, 127).astype(np.int8)
    return Texture(albedo, slope)
