"""First guesses in closed form: head poses from the network's relative depth, camera places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.fit.projection import Poses
from models.reconstruction import Array, Camera, ViewTrack

# A phone's or webcam's focal length as a share of the longer image side; wide spread (bundle).
TYPICAL_FOCAL = 1.0
# Head axes (x left, y up, z forward) in the axes of a camera that looks at the face.
_FACING = np.diag([1.0, -1.0, -1.0])


def guessed_camera(track: ViewTrack) -> Camera:
    """A camera with a typical focal length and its principal point in the middle."""
    focal = TYPICAL_FOCAL * max(track.width, track.height)
    K = np.array([[focal, 0.0, track.width / 2], [0.0, focal, track.height / 2], [0.0, 0.0, 1.0]])
    return Camera(K, np.eye(4), track.width, track.height)


def poses_in_camera(track: ViewTrack, camera: Camera, template: Array) -> Poses:
    """Head-to-camera poses (T) by rigid alignment of the landmarks with `template` (478, 3) mm.

    The network's z is read as scaled-orthographic depth. Frames without a face give NaN.
    """
    observed = track.landmarks_px[:, :468].astype(np.float64)
    model = template[:468]
    # Mouth and lids move; the rest of the face carries the pose.
    still = np.ones(468, dtype=bool)
    still[model[:, 1] < np.quantile(model[:, 1], 0.35)] = False
    observed, model = observed[:, still], model[still]
    centre = observed.mean(axis=1)
    centred = observed - centre[:, None]
    centred_model = model - model.mean(axis=0)
    covariance = np.einsum("tni,nj->tij", np.nan_to_num(centred), centred_model @ _FACING)
    u, singular, vt = np.linalg.svd(covariance)
    sign = np.ones((len(u), 3))
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, None, :]) @ vt @ _FACING
    scale = np.sum(singular * sign, axis=1) / np.sum(centred_model**2)
    missing = ~track.seen
    scale[missing] = np.nan
    depth = camera.K[1, 1] / scale
    ray = (centre[:, :2] - camera.K[:2, 2]) / np.array([camera.K[0, 0], camera.K[1, 1]])
    place = np.concatenate([ray, np.ones((len(ray), 1))], axis=1) * depth[:, None]
    translation = place - rotation @ model.mean(axis=0)
    rotation[missing] = np.nan
    return Poses(rotation, translation)


def place_cameras(
    cameras: tuple[Camera, ...], per_view: tuple[Poses, ...], reference_view: int
) -> tuple[Camera, ...]:
    """The cameras with their places relative to the reference view, averaged over all frames."""
    placed = []
    anchor = per_view[reference_view]
    for view, (camera, poses) in enumerate(zip(cameras, per_view, strict=True)):
        if view == reference_view:
            placed.append(replace(camera, world_to_camera=np.eye(4)))
            continue
        relative = poses.rotation @ np.swapaxes(anchor.rotation, -1, -2)
        both = np.isfinite(relative[:, 0, 0])
        rotation = mean_rotation(relative[both])
        offset = poses.translation[both] - anchor.translation[both] @ rotation.T
        matrix = np.eye(4)
        matrix[:3, :3] = rotation
        matrix[:3, 3] = np.median(offset, axis=0)
        placed.append(replace(camera, world_to_camera=matrix))
    return tuple(placed)


def world_poses(cameras: tuple[Camera, ...], per_view: tuple[Poses, ...]) -> Poses:
    """One head-to-world pose per frame: the mean of what the views say; NaN where none saw it."""
    rotations, translations = [], []
    for camera, poses in zip(cameras, per_view, strict=True):
        inverse = np.linalg.inv(camera.world_to_camera)
        rotations.append(inverse[:3, :3] @ poses.rotation)
        translations.append(poses.translation @ inverse[:3, :3].T + inverse[:3, 3])
    stacked = np.stack(rotations)
    seen = np.isfinite(stacked[..., 0, 0])
    n_seen = seen.sum(axis=0)
    some = n_seen > 0
    rotation = np.full(stacked.shape[1:], np.nan)
    total = np.nansum(stacked, axis=0)
    u, _, vt = np.linalg.svd(total[some])
    rotation[some] = u @ vt
    translation = np.full((len(total), 3), np.nan)
    summed = np.nansum(np.stack(translations), axis=0)
    translation[some] = summed[some] / n_seen[some, None]
    return Poses(rotation, translation)


def mean_rotation(rotations: Array) -> Array:
    """(3, 3) chordal mean of rotations (T, 3, 3)."""
    u, _, vt = np.linalg.svd(rotations.sum(axis=0))
    return np.asarray(u @ vt)


def spread_frames(frames: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` of the frames, evenly spread and symmetric under time reversal."""
    if len(frames) <= count:
        return frames
    return frames[np.round(np.linspace(0, len(frames) - 1, count)).astype(np.int64)]
