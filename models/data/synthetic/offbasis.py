"""Geometry that no head basis holds: smooth random deformation, folds, one-sided fullness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.head.topology import Topology

Array = NDArray[np.float64]


def draw_offset(topology: Topology, rng: np.random.Generator, size_mm: float = 1.0) -> Array:
    """(V, 3) mm displacement of the unposed template, about `size_mm` RMS over the face.

    A sum of smooth random fields of 20 to 60 mm, nasolabial and forehead folds, and a fullness of
    one cheek. It fades to zero around the lids and on the eyeballs, so that closed lids still
    close, and moves both lips of a closed mouth alike.
    """
    points = topology.template_mm.astype(np.float64)
    offset = np.zeros_like(points)
    for _ in range(24):
        wave = rng.normal(size=3)
        wave *= 2 * np.pi / (np.linalg.norm(wave) * rng.uniform(40.0, 120.0))
        phase = rng.uniform(0, 2 * np.pi)
        offset += np.sin(points @ wave + phase)[:, None] * rng.normal(0, 1.0, 3)
    face = topology.regions["face"]
    offset *= size_mm / np.sqrt((offset[face] ** 2).sum(axis=1).mean())

    normals = outward_normals(points, topology.faces)
    named = topology.points
    for side in ("left", "right"):
        sign = 1.0 if side == "left" else -1.0
        ala, mouth = points[named[f"ala_{side}"]], points[named[f"commissure_{side}"]]
        fold = points[named[f"nasolabial_{side}"]]
        t = np.linspace(0, 1, 30)[:, None]
        end = mouth + np.array([sign * 8.0, -2.0, 0.0])
        line = (
            (1 - t) ** 2 * (ala + np.array([sign * 2, 2, 0])) + 2 * t * (1 - t) * fold + t**2 * end
        )
        distance = np.linalg.norm(points[:, None, :2] - line[None, :, :2], axis=2).min(axis=1)
        outer = np.sign((points[:, 0] - fold[0]) * sign)
        depth = rng.uniform(0.0, 1.2) * size_mm
        ridge = np.exp(-0.5 * (distance / 4.0) ** 2)
        bulge = np.exp(-0.5 * ((distance - 6) / 5.0) ** 2) * (outer > 0)
        front = points[:, 2] > fold[2] - 30
        offset += (depth * (0.8 * bulge - ridge) * front)[:, None] * normals
    brow = points[named["glabella"]] + np.array([0, 24.0, 0])
    near = np.exp(-0.5 * (((points - brow) / [30.0, 14.0, 30.0]) ** 2).sum(axis=1))
    waves = np.sin((points[:, 1] - brow[1]) * 2 * np.pi / rng.uniform(11, 15))
    offset += (rng.uniform(0, 0.35) * size_mm * near * waves)[:, None] * normals
    full = str(rng.choice(["left", "right"]))
    cheek = points[named[f"cheek_{full}"]] + np.array([0, -14.0, 0])
    near = np.exp(-0.5 * (((points - cheek) / 18.0) ** 2).sum(axis=1))
    offset += (rng.normal(0, 1.2) * size_mm * near)[:, None] * normals

    for side in ("left", "right"):
        lids = points[
            np.concatenate([topology.loops[f"lid_{w}_{side}"] for w in ("upper", "lower")])
        ]
        distance = np.linalg.norm(points[:, None] - lids[None], axis=2).min(axis=1)
        offset *= (1 - np.exp(-0.5 * (distance / 7.0) ** 2))[:, None]
    lips = topology.regions["lips"]
    centre = points[lips].mean(axis=0)
    near = np.exp(-0.5 * (((points - centre) / [26.0, 14.0, 26.0]) ** 2).sum(axis=1))[:, None]
    # Around the mouth the field is replaced by its mean there: lips that touch keep touching.
    offset = offset * (1 - near) + near * offset[lips].mean(axis=0)
    offset[topology.regions["eye_left"] | topology.regions["eye_right"]] = 0.0
    return np.asarray(offset)


def outward_normals(points: Array, faces: NDArray[np.integer]) -> Array:
    """(V, 3) unit vertex normals, weighted by area."""
    corners = points[faces]
    weighted = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros_like(points)
    for k in range(3):
        np.add.at(total, faces[:, k], weighted)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))
