"""The baselines on landmarks that were projected from a known head."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.evaluation.baselines import (
    mean_head_mm,
    network_depth_mm,
    place,
    template_landmarks_mm,
    triangulated_mm,
    warped_head_mm,
)
from models.head.topology import Topology, load_topology
from models.movements import VIEWS, View
from models.reconstruction import Array, Camera, ViewTrack

FRAMES = 4


@pytest.fixture(scope="module")
def topology() -> Topology:
    return load_topology()


def camera_at(yaw_deg: float) -> Camera:
    """A camera 800 mm from the head's centre, which lies 800 mm in front of the centre one."""
    turn = Rotation.from_euler("y", yaw_deg, degrees=True).as_matrix()
    place_mm = np.array([0.0, 0.0, 800.0])
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = place_mm - turn @ place_mm
    K = np.array([[1500.0, 0.0, 960.0], [0.0, 1500.0, 540.0], [0.0, 0.0, 1.0]])
    return Camera(K, matrix, 1920, 1080)


def track_of(view: View, landmarks_px: Array) -> ViewTrack:
    nothing = np.zeros(len(landmarks_px), dtype=np.float32)
    return ViewTrack(
        view,
        1920,
        1080,
        landmarks_px.astype(np.float32),
        np.zeros(landmarks_px.shape[:2], dtype=np.float32),
        nothing + 1,
        nothing,
        nothing,
        nothing,
    )


def observed(points_mm: Array, camera: Camera) -> Array:
    """(T, 478, 3) px of points (T, 468, 3) in +y up axes, irises added far from anything."""
    in_camera = (points_mm * (1, -1, -1)) @ camera.world_to_camera[:3, :3].T
    in_camera = in_camera + camera.world_to_camera[:3, 3]
    pixels = in_camera @ camera.K.T
    landmarks = np.zeros((len(points_mm), 478, 3))
    landmarks[:, :468, :2] = pixels[..., :2] / pixels[..., 2:]
    return landmarks


def moving_head(topology: Topology) -> Array:
    """Landmarks of a head 1.1 x the template's size that turns from frame to frame, in mm."""
    turns = Rotation.from_euler("y", np.linspace([-4], [4], FRAMES), degrees=True).as_matrix()
    points = 1.1 * template_landmarks_mm(topology) @ np.swapaxes(turns, 1, 2)
    return np.asarray(points - np.array([0.0, 0.0, 800.0]))


def test_three_rays_meet_in_the_point(topology: Topology) -> None:
    points = moving_head(topology)
    cameras: dict[View, Camera] = {
        "left": camera_at(40.0), "center": camera_at(0.0), "right": camera_at(-40.0)
    }  # fmt: skip
    tracks = [track_of(view, observed(points, cameras[view])) for view in VIEWS]
    np.testing.assert_allclose(triangulated_mm(tracks, cameras, topology), points, atol=0.02)


def test_one_view_alone_is_not_triangulated(topology: Topology) -> None:
    points = moving_head(topology)
    camera = camera_at(0.0)
    alone = triangulated_mm(
        [track_of("center", observed(points, camera))], {"center": camera}, topology
    )
    assert np.isnan(alone).all()


def test_head_motion_is_taken_out_and_the_size_is_kept(topology: Topology) -> None:
    placed = place(moving_head(topology), topology)
    assert placed.scale == pytest.approx(1.1, abs=1e-3)
    expected = np.broadcast_to(1.1 * template_landmarks_mm(topology), placed.points_mm.shape)
    np.testing.assert_allclose(placed.points_mm, expected, atol=1e-6)
    mean = mean_head_mm(placed, topology)
    np.testing.assert_allclose(mean[2], 1.1 * topology.template_mm, rtol=2e-3)
    assert (mean[0] == mean[-1]).all()


def test_the_spline_reproduces_a_similar_head(topology: Topology) -> None:
    placed = place(moving_head(topology), topology)
    warped = warped_head_mm(placed, topology)
    np.testing.assert_allclose(warped[0], 1.1 * topology.template_mm, atol=0.01)


def test_the_spline_follows_a_moved_mouth_corner(topology: Topology) -> None:
    points = moving_head(topology)
    moved = points.copy()
    # The subject's left corner and its neighbours go out by 6 mm in the last frame.
    corner = template_landmarks_mm(topology)[291]
    near = np.linalg.norm(template_landmarks_mm(topology) - corner, axis=1) < 12.0
    outward = Rotation.from_euler("y", 4, degrees=True).apply((6.0, 0.0, 0.0))
    moved[-1, near] += outward
    warped = warped_head_mm(place(moved, topology), topology)
    shift = (warped[-1] - warped[0])[topology.points["commissure_left"]]
    np.testing.assert_allclose(shift, (6.0, 0.0, 0.0), atol=0.6)
    other = (warped[-1] - warped[0])[topology.points["commissure_right"]]
    assert np.linalg.norm(other) < 0.6


def test_network_depth_is_scaled_by_the_iris(topology: Topology) -> None:
    landmarks = np.zeros((2, 478, 3))
    landmarks[:, :468] = template_landmarks_mm(topology) * 4.0 * (1, -1, -1)
    for centre, first in ((-120.0, 469), (120.0, 474)):
        landmarks[:, first, 0] = centre + 23.42
        landmarks[:, first + 2, 0] = centre - 23.42
    points = network_depth_mm(track_of("center", landmarks), 11.71)
    np.testing.assert_allclose(points[0], template_landmarks_mm(topology), atol=1e-4)
