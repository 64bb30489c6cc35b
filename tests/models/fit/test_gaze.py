"""Eyes that look somewhere are found looking there, from one camera and from three."""

import numpy as np
import pytest

from models.fit.gaze import Eyeballs, find_gaze
from models.fit.projection import Poses, project, rotation_from_vector, to_camera
from models.head.model import load_head
from models.head.topology import Topology, load_topology
from models.movements import View
from models.reconstruction import Array, Camera, ViewTrack

N = 40


@pytest.fixture(scope="module")
def topology() -> Topology:
    return load_topology()


@pytest.fixture(scope="module")
def template() -> Array:
    return load_head().template.numpy().astype(np.float64) * 1000.0


def camera(yaw_deg: float) -> Camera:
    """A camera 900 mm before the head, turned about it; > 0 on the patient's left."""
    pose = np.eye(4)
    about = rotation_from_vector(np.array([0.0, -np.deg2rad(yaw_deg), 0.0]))
    pose[:3, :3] = np.diag([1.0, -1.0, -1.0]) @ about
    pose[2, 3] = 900.0
    K = np.array([[2000.0, 0, 960], [0, 2000.0, 540], [0, 0, 1]])
    return Camera(K, pose, 1920, 1080)


def still_head() -> Poses:
    return Poses(np.tile(np.eye(3), (N, 1, 1)), np.zeros((N, 3)))


def seen(
    view: View, lens: Camera, eyes: Eyeballs, template: Array, topology: Topology, gaze: Array
) -> ViewTrack:
    heads = np.tile(template, (N, 1, 1))
    eyes.turn(heads, gaze)
    irises = heads[:, topology.landmark_vertices[[473, 468], 0]]
    pixels = np.full((N, 478, 3), np.nan, dtype=np.float32)
    pixels[:, [473, 468], :2] = project(to_camera(irises, still_head(), lens), lens)
    zeros = np.zeros(N, dtype=np.float32)
    return ViewTrack(view, 1920, 1080, pixels, pixels[:, :, 0], zeros, zeros, zeros, zeros)


def glances() -> Array:
    """(N, 2, 2): both eyes go up and to the left, then to the right."""
    gaze = np.zeros((N, 2, 2))
    gaze[10:24] = (-0.15, 0.3)
    gaze[24:] = (0.1, -0.25)
    return gaze


@pytest.mark.parametrize(
    "yaws_deg", [{"center": 0.0}, {"left": 42.0, "center": 2.0, "right": -40.0}]
)
def test_glances_are_found(
    yaws_deg: dict[View, float], template: Array, topology: Topology
) -> None:
    eyes, truth = Eyeballs.of(template, topology), glances()
    lenses = {view: camera(yaw) for view, yaw in yaws_deg.items()}
    tracks = [seen(v, lens, eyes, template, topology, truth) for v, lens in lenses.items()]
    found = find_gaze(eyes, tracks, list(lenses.values()), still_head(), np.full((N, 2), 9.0))
    np.testing.assert_allclose(found, truth, atol=0.02)


def test_gaze_is_carried_under_closed_lids(template: Array, topology: Topology) -> None:
    eyes, truth = Eyeballs.of(template, topology), glances()
    track = seen("center", camera(0.0), eyes, template, topology, truth)
    track.landmarks_px[14:20, :, :2] += 30.0
    gaps = np.full((N, 2), 9.0)
    gaps[14:20] = 0.4
    found = find_gaze(eyes, [track], [camera(0.0)], still_head(), gaps)
    np.testing.assert_allclose(found, truth, atol=0.02)
    never = find_gaze(eyes, [track], [camera(0.0)], still_head(), np.full((N, 2), np.nan))
    assert not never.any()


def test_mirrored_glances_turn_the_other_way(template: Array, topology: Topology) -> None:
    eyes = Eyeballs.of(template, topology)
    track = seen("center", camera(0.0), eyes, template, topology, glances())
    track.landmarks_px[:, 473, 1] += 3.0
    flipped = track.landmarks_px.copy()
    flipped[:, [473, 468]] = flipped[:, [468, 473]]
    flipped[:, :, 0] = 1920 - flipped[:, :, 0]
    gaps = np.full((N, 2), 9.0)
    straight = find_gaze(eyes, [track], [camera(0.0)], still_head(), gaps)
    mirrored = find_gaze(
        eyes,
        [ViewTrack(**{**vars(track), "landmarks_px": flipped})],
        [camera(0.0)],
        still_head(),
        gaps,
    )
    np.testing.assert_allclose(mirrored[:, ::-1] * (1.0, -1.0), straight, atol=1e-5)


def test_only_the_eyeballs_turn(template: Array, topology: Topology) -> None:
    eyes = Eyeballs.of(template, topology)
    heads = np.tile(template, (N, 1, 1))
    eyes.turn(heads, glances())
    moved = np.abs(heads - template).max(axis=(0, 2)) > 1e-9
    balls = topology.regions["eye_left"] | topology.regions["eye_right"]
    assert not (moved & ~balls).any()
    for eye, ball in enumerate(eyes.vertices):
        radii = np.linalg.norm(heads[:, ball] - eyes.centre[eye], axis=2)
        np.testing.assert_allclose(radii, np.linalg.norm(eyes.pupil[eye]), atol=0.01)
