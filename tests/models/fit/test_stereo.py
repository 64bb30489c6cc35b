"""A textured wall seen by two cameras is found where it stands, not where it was expected."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from models.fit.projection import Poses, collapse_surface
from models.fit.skin import SkinPatches, skin_patches
from models.fit.stereo import Picture, measure_surface
from models.head.topology import load_topology
from models.reconstruction import Array, Camera

SIZE = 256
DISTANCE_MM = 600.0
RNG = np.random.default_rng(3)
TEXTURE = gaussian_filter(RNG.normal(size=(600, 600)), 1.5)


def _camera(angle_deg: float) -> Camera:
    """A camera that looks at the point 600 mm in front of the reference camera."""
    angle = np.radians(angle_deg)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    target = np.array([0.0, 0.0, DISTANCE_MM])
    matrix[:3, 3] = np.array([0.0, 0.0, DISTANCE_MM]) - turn @ target
    K = np.array([[700.0, 0, SIZE / 2], [0, 700.0, SIZE / 2], [0, 0, 1]])
    return Camera(K, matrix, SIZE, SIZE)


def _seen_wall(camera: Camera, wall_mm: float) -> Picture:
    """What the camera sees of a textured wall at z = `wall_mm` in the world."""
    x, y = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(camera.K).T
    rotation, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    rays = rays @ rotation
    origin = -rotation.T @ shift
    hit = origin + rays * ((wall_mm - origin[2]) / rays[..., 2])[..., None]
    # Texture has 2 samples a millimetre.
    values = map_coordinates(TEXTURE, [300 + 2 * hit[..., 1], 300 + 2 * hit[..., 0]], order=1)
    grey = np.clip(128 + 300 * values, 0, 255).astype(np.uint8)
    return Picture(grey, lambda px: px)


def _expected_wall() -> tuple[Array, SkinPatches]:
    """A grid of points on the wall where it is expected, facing the cameras."""
    grid = np.linspace(-40, 40, 7)
    points = np.array([[x, y, DISTANCE_MM] for x in grid for y in grid])
    axes = np.tile(np.array([[-1.0, 0, 0], [0, 1.0, 0], [0, 0, -1.0]]).T, (len(points), 1, 1))
    return points, SkinPatches(axes, np.zeros((len(points), 3)))


@pytest.mark.parametrize("moved_mm", [0.0, 3.1, -2.4])
def test_a_textured_wall_is_found_where_it_stands(moved_mm: float) -> None:
    cameras = (_camera(0.0), _camera(38.0), _camera(-38.0))
    pictures = [[_seen_wall(camera, DISTANCE_MM + moved_mm)] for camera in cameras]
    points, patches = _expected_wall()
    pose = Poses(np.eye(3)[None], np.zeros((1, 3)))
    surface = measure_surface(points[None], patches, pose, cameras, pictures, 0)
    measured = surface.precision[0] > 0
    assert measured.mean() > 0.9
    assert np.abs(surface.place[0, measured, 2] - DISTANCE_MM - moved_mm).max() < 0.3
    # The evidence pulls the points towards the wall and nowhere else.
    pull = collapse_surface(points[None], pose, surface).pull[0, measured]
    assert np.abs(pull[:, :2]).max() < 1e-9
    if moved_mm:
        assert np.all(np.sign(pull[:, 2]) == np.sign(moved_mm))


def test_a_view_without_texture_or_picture_says_nothing() -> None:
    cameras = (_camera(0.0), _camera(38.0), _camera(-38.0))
    blank = Picture(np.full((SIZE, SIZE), 120, dtype=np.uint8), lambda px: px)
    pictures = [[_seen_wall(cameras[0], DISTANCE_MM)], [blank], [None]]
    points, patches = _expected_wall()
    pose = Poses(np.eye(3)[None], np.zeros((1, 3)))
    surface = measure_surface(points[None], patches, pose, cameras, pictures, 0)
    assert not surface.precision.any()


def test_patches_follow_the_curve_of_the_skin() -> None:
    topology = load_topology()
    index = np.flatnonzero(topology.regions["stable"])
    patches = skin_patches(topology.template_mm, topology.faces, index, 6.0)
    frames = np.swapaxes(patches.axes, 1, 2) @ patches.axes
    assert np.allclose(frames, np.eye(3))
    # The bridge of the nose bulges: the skin falls away from the tangent plane sideways.
    assert np.median(patches.bend[:, 0]) < 0.0
