"""Where the eyes look: turns of the eyeballs that bring their irises onto those of the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from models.fit.projection import (
    Poses,
    pixel_jacobian,
    project,
    rotation_from_vector,
    skew_matrix,
    to_camera,
)
from models.head.topology import Topology
from models.reconstruction import Array, Camera, ViewTrack

# Landmarks in the middle of the irises, of the left and the right eye.
_PUPILS = (473, 468)
_OPEN_MM = 2.5
_READING_SIGMA_MM = 0.5
_USUAL_TURN = 0.25
_LARGEST_TURN = 0.6
# Beyond this the nose hides the iris of the far eye (sine of the camera's angle).
_BEHIND_NOSE = 0.4
_ITERATIONS = 4
_STEADY_MOMENTS = 5


@dataclass(frozen=True)
class Eyeballs:
    """Both eyes, left and right, in the head frame in mm.

    vertices: of each eyeball; centre (2, 3); pupil (2, 3): from the centre to the middle of the
    iris when the eyes look straight ahead.
    """

    vertices: tuple[NDArray[np.int64], NDArray[np.int64]]
    centre: Array
    pupil: Array

    @classmethod
    def of(cls, template: Array, topology: Topology) -> Eyeballs:
        """The eyeballs of a head whose vertices (V, 3) look straight ahead."""
        balls = (
            np.flatnonzero(topology.regions["eye_left"]),
            np.flatnonzero(topology.regions["eye_right"]),
        )
        centre = np.stack([_sphere_centre(template[ball]) for ball in balls])
        corners = template[topology.landmark_vertices[list(_PUPILS)]]
        weights = topology.landmark_weights[list(_PUPILS)]
        return cls(balls, centre, np.einsum("nc,ncd->nd", weights, corners) - centre)

    def turn(self, vertices_mm: Array, gaze: Array) -> None:
        """Turn the eyeballs of heads (T, V, 3) in place by gaze (T, 2, 2)."""
        for eye, ball in enumerate(self.vertices):
            turns = rotation_from_vector(_turns(gaze[:, eye]))
            around = vertices_mm[:, ball] - self.centre[eye]
            vertices_mm[:, ball] = around @ np.swapaxes(turns, -1, -2) + self.centre[eye]


def find_gaze(
    eyes: Eyeballs,
    tracks: Sequence[ViewTrack],
    cameras: Sequence[Camera],
    poses: Poses,
    lid_gap_mm: Array,
) -> Array:
    """(T, 2, 2) turns of the left and the right eye about the head's x and y axis, in radians.

    tracks: T moments of each view without lens distortion; lid_gap_mm (T, 2), NaN where unknown.
    Under closed lids, and where no view shows an iris, the gaze is carried between its
    neighbours; 0 where it never is seen.
    """
    gaze = np.zeros((len(lid_gap_mm), 2, 2))
    for eye in range(2):
        found, known = _seen_gaze(eyes, eye, tracks, cameras, poses)
        known &= np.nan_to_num(lid_gap_mm[:, eye]) > _OPEN_MM
        moments = np.flatnonzero(known)
        if len(moments):
            everywhere = np.arange(len(gaze))
            carried = [np.interp(everywhere, moments, found[moments, axis]) for axis in range(2)]
            # A median keeps the sudden jumps that eyes make, and drops what trembles.
            gaze[:, eye] = median_filter(
                np.stack(carried, axis=1), (_STEADY_MOMENTS, 1), mode="nearest"
            )
    return gaze


def _seen_gaze(
    eyes: Eyeballs,
    eye: int,
    tracks: Sequence[ViewTrack],
    cameras: Sequence[Camera],
    poses: Poses,
) -> tuple[Array, NDArray[np.bool_]]:
    """(T, 2) turns of one eye by least squares over the views, and (T,) where any shows it."""
    n = len(poses.rotation)
    weights = [_visibility(eyes.centre[eye], eye, camera, poses) for camera in cameras]
    targets = [track.landmarks_px[:, _PUPILS[eye], :2].astype(np.float64) for track in tracks]
    weights = [
        np.where(np.isfinite(target).all(axis=1), weight, 0.0)
        for target, weight in zip(targets, weights, strict=True)
    ]
    turn = np.zeros((n, 2))
    for _ in range(_ITERATIONS):
        arm = (rotation_from_vector(_turns(turn)) @ eyes.pupil[eye])[:, None]
        normal = np.tile(np.eye(2) / _USUAL_TURN**2, (n, 1, 1))
        pull = -turn / _USUAL_TURN**2
        for target, weight, camera in zip(targets, weights, cameras, strict=True):
            point = to_camera(eyes.centre[eye] + arm, poses, camera)
            mm_per_px = point[:, 0, 2] / camera.K[0, 0]
            precision = weight / (_READING_SIGMA_MM * mm_per_px) ** 2
            # Turning by w moves the pupil by w x arm.
            moving = pixel_jacobian(point, poses, camera)[:, 0] @ -skew_matrix(arm[:, 0])[..., :2]
            residual = np.where(weight[:, None] > 0, target - project(point, camera)[:, 0], 0.0)
            weighted = np.swapaxes(moving, -1, -2) * precision[:, None, None]
            normal += weighted @ moving
            pull += np.einsum("tij,tj->ti", weighted, residual)
        turn = turn + np.linalg.solve(normal, pull[..., None])[..., 0]
        turn = np.clip(turn, -_LARGEST_TURN, _LARGEST_TURN)
    return turn, np.sum(weights, axis=0) > 0.1


def _visibility(centre: Array, eye: int, camera: Camera, poses: Poses) -> Array:
    """(T,) 0 to 1: how well a camera sees an eye; 0 from the side where the nose hides it."""
    at_camera = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    in_head = np.einsum("tji,tj->ti", poses.rotation, at_camera - poses.translation) - centre
    toward = in_head / np.linalg.norm(in_head, axis=1, keepdims=True)
    lateral = toward[:, 0] if eye == 0 else -toward[:, 0]
    return np.where(lateral > -_BEHIND_NOSE, np.clip(toward[:, 2], 0.0, 1.0) ** 2, 0.0)


def _turns(gaze: Array) -> Array:
    """(T, 3) rotation vectors of turns (T, 2) about x and y."""
    return np.concatenate([gaze, np.zeros((len(gaze), 1))], axis=1)


def _sphere_centre(points: Array) -> Array:
    """(3,) centre of the sphere nearest to points (N, 3), by algebraic least squares."""
    rows = np.concatenate([2.0 * points, np.ones((len(points), 1))], axis=1)
    return np.asarray(np.linalg.lstsq(rows, np.sum(points**2, axis=1), rcond=None)[0][:3])
