"""Where the resting skin lies, measured by surface-sweep stereo between calibrated views.

Landmarks say which point is which, but each errs by a constant of its own; the texture of the
skin, seen by two cameras at once, says where the surface is. A patch of the fitted face is moved
along the ray of the reference camera, and the depth at which the other view looks the same is
kept. Only where the cameras are calibrated: estimated cameras would bend the surface.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from models.fit.basis import PointBasis, select
from models.fit.bundle import BundleState, posed_points
from models.fit.crops import CropSource, Grey
from models.fit.projection import Poses, SurfaceEvidence, project
from models.fit.skin import SkinPatches, points_to_measure, skin_patches
from models.fit.tracking import apply_affine, sample, smoothed
from models.head.topology import Topology
from models.reconstruction import Array, Array32, Camera
from models.threads import in_order

# Half width of a patch in samples, and the distance of its samples on the skin.
_RADIUS = 6
_SAMPLE_MM = 1.0
# Brightness that changes more slowly than this is light, not texture.
_SLOW_CROP_PX = 2.5
_FACING_COSINE = 0.3
_MINIMUM_CORRELATION = 0.7
# Depths that are tried around the fitted face.
_DEPTHS_MM = np.arange(-7.0, 7.01, 0.35)
# The second best depth, this far away at least, must look worse by this much.
_RIVAL_MM = 2.5
_RIVAL_MARGIN = 0.03
# SD in mm of a depth from a perfect match; it grows with what the match leaves open.
_SIGMA_MM = 0.3


@dataclass(frozen=True)
class Picture:
    """A grey crop of one view at one moment; `to_crop` maps undistorted px (N, 2) into it."""

    grey: Grey
    to_crop: Callable[[Array], Array]


@dataclass(frozen=True)
class SkinSurvey:
    """Measures the resting skin of a recording from its crops."""

    topology: Topology
    crops: Sequence[CropSource]
    reference_view: int

    def measure(
        self,
        state: BundleState,
        vertex_basis: PointBasis,
        frames: NDArray[np.int64],
        at_rest: NDArray[np.bool_],
    ) -> tuple[PointBasis, SurfaceEvidence]:
        """The skin's points and where they lie in the keyframes `frames` of a bundle.

        Keyframes that are not `at_rest` (T,) say nothing: folds of a movement are not the face.
        """
        index = points_to_measure(self.topology)
        basis = select(vertex_basis, index)
        shape = np.exp(state.log_scale) * vertex_basis.resting(state.identity)
        patches = skin_patches(shape, self.topology.faces, index, _RADIUS * _SAMPLE_MM)
        resting = np.flatnonzero(at_rest)
        measured = measure_surface(
            posed_points(basis, state)[resting],
            patches,
            state.poses[resting],
            state.cameras,
            [_pictures(source, frames[resting]) for source in self.crops],
            self.reference_view,
        )

        def among_all(values: Array) -> Array:
            spread = np.zeros((len(frames), *values.shape[1:]))
            spread[resting] = values
            return spread

        return basis, SurfaceEvidence(
            among_all(measured.place),
            among_all(measured.normal),
            among_all(measured.precision),
            measured.share,
        )


def _pictures(source: CropSource, frames: NDArray[np.int64]) -> list[Picture | None]:
    found = dict(source.crops(frames))
    affines = source.affines[frames]

    def into(affine: Array) -> Callable[[Array], Array]:
        return lambda straight_px: apply_affine(affine, source.recorded(straight_px))

    return [
        Picture(found[index], into(affine)) if index in found else None
        for index, affine in enumerate(affines)
    ]


def measure_surface(
    points: Array,
    patches: SkinPatches,
    poses: Poses,
    cameras: Sequence[Camera],
    pictures: Sequence[Sequence[Picture | None]],
    reference_view: int,
) -> SurfaceEvidence:
    """Measure the skin at head points (T, N, 3) with the patches of the resting head.

    poses: of the T frames; pictures: per view and frame, None where a view shows nothing.
    """
    n_frames, n_points = points.shape[:2]
    world = np.einsum("tij,tnj->tni", poses.rotation, points) + poses.translation[:, None]
    axes = np.einsum("tij,njk->tnik", poses.rotation, patches.axes)
    normals = axes[..., 2]
    ray = world - _centre(cameras[reference_view])
    ray /= np.linalg.norm(ray, axis=2, keepdims=True)
    unseen = np.full((n_points, len(_DEPTHS_MM)), np.nan, dtype=np.float32)
    information = np.zeros(n_points)
    weighted_depth = np.zeros(n_points)
    for view, camera in enumerate(cameras):
        if view == reference_view:
            continue

        def swept(frame: int, view: int = view, camera: Camera = camera) -> Array32:
            first, second = pictures[reference_view][frame], pictures[view][frame]
            if first is None or second is None:
                return unseen
            return _sweep(
                world[frame],
                axes[frame],
                patches.bend,
                ray[frame],
                (cameras[reference_view], first),
                (camera, second),
            )

        curves = np.stack(list(in_order(swept, range(n_frames))))
        depth, precision = _best_depth(curves)
        information += precision
        weighted_depth += precision * depth
    depth = weighted_depth / np.maximum(information, 1e-12)
    place = world + depth[None, :, None] * ray
    # The sweep measures along the ray; the surface is held along its normal.
    slant = np.abs(np.sum(ray * normals, axis=2))
    precision = information / np.maximum(slant, 0.2) ** 2
    return SurfaceEvidence(place, normals, precision, 1.0 / n_frames)


def _centre(camera: Camera) -> Array:
    rotation, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    return np.asarray(-rotation.T @ shift)


def _pixels(camera: Camera, world: Array) -> Array:
    matrix = camera.world_to_camera
    return project(world @ matrix[:3, :3].T + matrix[:3, 3], camera)


def _sweep(
    world: Array,
    axes: Array,
    bend: Array,
    rays: Array,
    first: tuple[Camera, Picture],
    second: tuple[Camera, Picture],
) -> Array32:
    """(N, D) normalised correlation of the two pictures' patches at each depth; NaN unseen."""

    def columns(camera: Camera, picture: Picture) -> Array:
        middle = picture.to_crop(_pixels(camera, world))
        steps = [picture.to_crop(_pixels(camera, world + axes[..., k])) for k in range(3)]
        return np.stack([step - middle for step in steps], axis=-1)

    swept = np.stack(
        [second[1].to_crop(_pixels(second[0], world + d * rays)) for d in _DEPTHS_MM], axis=1
    )
    cosines = []
    for camera, _ in (first, second):
        towards = _centre(camera) - world
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        cosines.append(np.sum(towards * axes[..., 2], axis=1))
    return np.asarray(
        _correlations(
            _texture(first[1].grey),
            _texture(second[1].grey),
            first[1].to_crop(_pixels(first[0], world)),
            columns(*first),
            swept,
            columns(*second),
            bend,
            np.min(cosines, axis=0) > _FACING_COSINE,
        )
    )


def _texture(grey: Grey) -> Array32:
    """The picture without its slow part: highlights move with the camera, pores stay."""
    picture = grey.astype(np.float32)
    slow = gaussian_filter(picture, _SLOW_CROP_PX, mode="nearest")
    return np.asarray(smoothed(picture) - slow, dtype=np.float32)


def _best_depth(curves: Array32) -> tuple[Array, Array]:
    """Depth (N,) in mm and its precision in 1/mm^2 from the correlations (T, N, D)."""
    seen = np.asarray(np.isfinite(curves).all(axis=2))
    count = seen.sum(axis=0)
    mean = np.where(seen[..., None], curves, 0.0).sum(axis=0) / np.maximum(count, 1)[:, None]
    rows = np.arange(len(mean))
    best = mean.argmax(axis=1)
    inner = np.clip(best, 1, len(_DEPTHS_MM) - 2)
    low, middle, high = mean[rows, inner - 1], mean[rows, inner], mean[rows, inner + 1]
    bend = np.maximum(2.0 * middle - low - high, 1e-6)
    step = _DEPTHS_MM[1] - _DEPTHS_MM[0]
    depth = _DEPTHS_MM[inner] + np.clip(0.5 * (high - low) / bend, -1.0, 1.0) * step
    far = np.abs(_DEPTHS_MM[None] - _DEPTHS_MM[best][:, None]) > _RIVAL_MM
    rival = np.where(far, mean, -1.0).max(axis=1)
    usable = (
        (count >= max(1, len(curves) // 2))
        & (best == inner)
        & (middle > _MINIMUM_CORRELATION)
        & (middle - rival > _RIVAL_MARGIN)
    )
    sigma = _SIGMA_MM * np.sqrt(1.0 + 20.0 * (1.0 - middle**2))
    return depth, np.where(usable, 1.0 / sigma**2, 0.0)


@njit(cache=True, nogil=True)
def _correlations(first, second, place, warp, swept, other_warp, bend, facing):  # type: ignore[no-untyped-def]
    """(N, D) zero-mean normalised correlations of curved patches; NaN off the pictures."""
    n, n_depths = swept.shape[:2]
    side = 2 * _RADIUS + 1
    size = side * side
    out = np.full((n, n_depths), np.nan, dtype=np.float32)
    for i in range(n):
        if not facing[i]:
            continue
        offsets = np.empty((size, 2))
        others = np.empty((size, 2))
        for k in range(size):
            u = (k % side - _RADIUS) * _SAMPLE_MM
            v = (k // side - _RADIUS) * _SAMPLE_MM
            height = bend[i, 0] * u * u + bend[i, 1] * u * v + bend[i, 2] * v * v
            for axis in range(2):
                offsets[k, axis] = (
                    warp[i, axis, 0] * u + warp[i, axis, 1] * v + warp[i, axis, 2] * height
                )
                others[k, axis] = (
                    other_warp[i, axis, 0] * u
                    + other_warp[i, axis, 1] * v
                    + other_warp[i, axis, 2] * height
                )
        template = np.empty(size, dtype=np.float32)
        if not _patch(first, place[i], offsets, template):
            continue
        values = np.empty(size, dtype=np.float32)
        for d in range(n_depths):
            if _patch(second, swept[i, d], others, values):
                out[i, d] = np.sum(template * values)
    return out


@njit(cache=True, nogil=True)
def _patch(image, place, offsets, values):  # type: ignore[no-untyped-def]
    """Fill `values` (P,) with the zero-mean, unit-norm grey values; False off the picture."""
    height, width = image.shape
    mean = 0.0
    for k in range(len(offsets)):
        x = place[0] + offsets[k, 0]
        y = place[1] + offsets[k, 1]
        if not (1.5 < x < width - 1.5 and 1.5 < y < height - 1.5):
            return False
        values[k] = sample(image, x, y)
        mean += values[k]
    mean /= len(offsets)
    norm = 0.0
    for k in range(len(offsets)):
        values[k] -= mean
        norm += values[k] ** 2
    values /= np.sqrt(norm) + 1e-3
    return True
