"""The two methods that the fit must beat: a frozen mean head and a head warped to landmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.head.topology import Topology
from models.measures.frame import rigid_fit
from models.movements import View
from models.reconstruction import Camera, ViewTrack

Array = NDArray[np.float64]

# The irises are on the eyeballs and move with the gaze: they scale, they don't warp.
N_SURFACE = 468
# Horizontal rim pairs of the subject's right and left iris.
IRIS_RIMS = ((469, 471), (474, 476))
CANTHI = (33, 133, 362, 263)
# How far beyond the midline a side view still counts, in mm of the template.
FAR_SIDE_MM = 5.0
# Smoothing of the spline: near-coincident landmarks must not tear the surface between them.
SPLINE_SMOOTHING_MM = 0.5


@dataclass(frozen=True)
class PlacedLandmarks:
    """Landmarks of a take in a head frame: (T, 468, 3) mm; NaN where no view saw the face.

    `scale` brings the template to the size of the observed head.
    """

    points_mm: Array
    scale: float


def template_landmarks_mm(topology: Topology) -> Array:
    """(468, 3) the surface landmarks of the open head's template."""
    corners = topology.template_mm[topology.landmark_vertices[:N_SURFACE]]
    return np.asarray(
        np.einsum("lc,lcd->ld", topology.landmark_weights[:N_SURFACE], corners), dtype=np.float64
    )


def triangulated_mm(
    tracks: Sequence[ViewTrack], cameras: Mapping[View, Camera], topology: Topology
) -> Array:
    """(T, 468, 3) points nearest to the views' rays, in the world frame turned to +y up.

    A side view speaks for the half that it sees, the front view for both; a frame needs two
    views, else it is NaN.
    """
    lateral_mm = template_landmarks_mm(topology)[:, 0]
    frames = len(tracks[0].presence)
    normal = np.zeros((frames, N_SURFACE, 3, 3))
    right_side = np.zeros((frames, N_SURFACE, 3))
    seen = np.zeros(frames, dtype=np.int64)
    for track in tracks:
        camera = cameras[track.view]
        rotation, translation = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
        pixels = np.nan_to_num(track.landmarks_px[:, :N_SURFACE, :2].astype(np.float64))
        homogeneous = np.concatenate([pixels, np.ones((*pixels.shape[:2], 1))], axis=2)
        rays = homogeneous @ np.linalg.inv(camera.K).T @ rotation
        rays /= np.linalg.norm(rays, axis=2, keepdims=True)
        toward = {"left": 1.0, "center": 0.0, "right": -1.0}[track.view]
        # Never exactly 0, so that the far half is still placed when the front view is missing.
        weight = np.where(toward * lateral_mm >= -FAR_SIDE_MM, 1.0, 1e-3) * track.seen[:, None]
        across = weight[..., None, None] * (np.eye(3) - rays[..., :, None] * rays[..., None, :])
        normal += across
        right_side += across @ (-rotation.T @ translation)
        seen += track.seen
    points = np.full((frames, N_SURFACE, 3), np.nan)
    usable = seen >= 2
    points[usable] = np.linalg.solve(normal[usable], right_side[usable][..., None])[..., 0]
    return points * (1.0, -1.0, -1.0)


def network_depth_mm(track: ViewTrack, iris_mm: float) -> Array:
    """(T, 468, 3) the network's own three dimensions, scaled by the iris, +y up, +z forward."""
    landmarks = track.landmarks_px.astype(np.float64)
    rims = [np.linalg.norm(landmarks[:, a, :2] - landmarks[:, b, :2], axis=1) for a, b in IRIS_RIMS]
    iris_px = float(np.nanmedian(np.mean(rims, axis=0)))
    return landmarks[:, :N_SURFACE] * (1.0, -1.0, -1.0) * (iris_mm / iris_px)


def place(points_mm: Array, topology: Topology) -> PlacedLandmarks:
    """Take the head's motion out of observed landmarks (T, 468, 3).

    Each frame is brought to the scaled template by the landmarks that hardly move: the stable
    region's and the four canthi.
    """
    template = template_landmarks_mm(topology)
    in_stable = topology.regions["stable"][topology.landmark_vertices[:N_SURFACE]].all(axis=1)
    rigid = np.union1d(np.flatnonzero(in_stable), CANTHI)
    placed = np.full_like(points_mm, np.nan)
    usable = np.flatnonzero(np.isfinite(points_mm).all(axis=(1, 2)))
    if not len(usable):
        return PlacedLandmarks(placed, 1.0)
    sizes = np.linalg.norm(
        points_mm[usable][:, rigid] - points_mm[usable][:, rigid].mean(axis=1, keepdims=True),
        axis=(1, 2),
    )
    size = np.linalg.norm(template[rigid] - template[rigid].mean(axis=0))
    scale = float(np.median(sizes) / size)
    still = np.broadcast_to(scale * template[rigid], (len(usable), len(rigid), 3))
    rotation, shift = rigid_fit(points_mm[usable][:, rigid], still)
    placed[usable] = points_mm[usable] @ np.swapaxes(rotation, -1, -2) + shift[:, None]
    return PlacedLandmarks(placed, scale)


def mean_head_mm(placed: PlacedLandmarks, topology: Topology) -> Array:
    """(T, V, 3) the template at the observed size, the same in every frame."""
    frozen = placed.scale * topology.template_mm.astype(np.float64)
    return np.broadcast_to(frozen, (len(placed.points_mm), *frozen.shape))


def warped_head_mm(placed: PlacedLandmarks, topology: Topology) -> Array:
    """(T, V, 3) the template carried to each frame's landmarks by a thin-plate spline.

    The spline of three dimensions (kernel r, affine part) is linear in where the landmarks go,
    so one solve serves all frames.
    """
    landmarks = template_landmarks_mm(topology)
    vertices = topology.template_mm.astype(np.float64)
    n = len(landmarks)
    system = np.zeros((n + 4, n + 4))
    system[:n, :n] = -np.linalg.norm(landmarks[:, None] - landmarks[None], axis=2)
    system[:n, :n] += SPLINE_SMOOTHING_MM * np.eye(n)
    system[:n, n:] = np.column_stack([np.ones(n), landmarks])
    system[n:, :n] = system[:n, n:].T
    kernel = -np.linalg.norm(vertices[:, None] - landmarks[None], axis=2)
    rows = np.column_stack([kernel, np.ones(len(vertices)), vertices])
    carry = np.linalg.solve(system, rows.T)[:n].T
    return np.asarray(np.einsum("vl,tld->tvd", carry, placed.points_mm, optimize=True))
