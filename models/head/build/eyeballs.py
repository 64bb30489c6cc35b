"""The two eyeballs: 546-vertex spheres with a ring exactly at the limbus; no lids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.head.build.source import Source

EYE_RADIUS_MM = 12.0
IRIS_RADIUS_MM = 5.855
SEGMENTS = 32
LIMBUS_RING = 5
_LIMBUS_DEG = float(np.degrees(np.arcsin(IRIS_RADIUS_MM / EYE_RADIUS_MM)))
RING_ANGLES_DEG = np.array(
    [
        *(4.8, 9.6, 14.4, 19.2, 24.3, _LIMBUS_DEG, 34.5, 41.0, 49.0),
        *(59.0, 70.0, 82.0, 94.0, 107.0, 121.0, 137.0, 156.0),
    ]
)
VERTICES = 2 + len(RING_ANGLES_DEG) * SEGMENTS


def sphere_mm() -> NDArray[np.float64]:
    """Vertices (546,3) about the eye's centre: front pole, 17 rings, back pole; gaze +z.

    Segment k of a ring lies at angle 2 pi k / 32 from +x (subject's left) towards +y.
    """
    theta = np.radians(RING_ANGLES_DEG)[:, None]
    phi = 2 * np.pi * np.arange(SEGMENTS)[None] / SEGMENTS
    rings = np.stack(
        np.broadcast_arrays(
            np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)
        ),
        axis=-1,
    ).reshape(-1, 3)
    return EYE_RADIUS_MM * np.vstack([[0, 0, 1.0], rings, [0, 0, -1.0]])


def ring_vertex(ring: int, segment: int) -> int:
    return 1 + ring * SEGMENTS + segment % SEGMENTS


def sphere_faces() -> NDArray[np.int64]:
    """Outward triangles (1088,3)."""
    faces: list[tuple[int, int, int]] = []
    last = len(RING_ANGLES_DEG) - 1
    for k in range(SEGMENTS):
        faces.append((0, ring_vertex(0, k), ring_vertex(0, k + 1)))
        for ring in range(last):
            a, b = ring_vertex(ring, k), ring_vertex(ring, k + 1)
            c, d = ring_vertex(ring + 1, k), ring_vertex(ring + 1, k + 1)
            faces += [(a, c, d), (a, d, b)]
        faces.append((ring_vertex(last, k), VERTICES - 1, ring_vertex(last, k + 1)))
    return np.array(faces)


def mirror_map() -> NDArray[np.int64]:
    """Vertex of the right eyeball (546,) that mirrors each vertex of the left one."""
    rings = np.arange(len(RING_ANGLES_DEG))[:, None]
    segments = (SEGMENTS // 2 - np.arange(SEGMENTS))[None]
    return np.concatenate(
        [[0], (1 + rings * SEGMENTS + segments % SEGMENTS).ravel(), [VERTICES - 1]]
    )


def sphere_uv() -> NDArray[np.float64]:
    """Equal-angle map (546,2) of the sphere into the disc of radius 0.5 about (0.5, 0.5)."""
    radius = np.concatenate([[0], np.repeat(RING_ANGLES_DEG, SEGMENTS), [180]]) / 360.0
    phi = 2 * np.pi * np.tile(np.arange(SEGMENTS), len(RING_ANGLES_DEG)) / SEGMENTS
    angle = np.concatenate([[0], phi, [0]])
    return 0.5 + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def source_front(source: Source, side: str) -> NDArray[np.int64]:
    """Source vertices around the front pole of a helper eye (`l` or `r`): they carry the eye.

    The front moves with the lids when an identity scales its eyes, so that a ball of fixed
    radius keeps touching them.
    """
    ids = np.unique(source.polygons(f"helper-{side}-eye").vertices)
    depth = source.positions[ids, 2]
    return np.asarray(ids[depth > depth.max() - 1e-3])


def source_centre(source: Source, side: str) -> NDArray[np.float64]:
    ids = np.unique(source.polygons(f"helper-{side}-eye").vertices)
    return np.asarray(source.positions[ids].mean(axis=0))
