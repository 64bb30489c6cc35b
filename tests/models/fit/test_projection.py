"""Poses, projection and the collapsed evidence, against finite differences."""

import numpy as np

from models.fit.projection import (
    PointEvidence,
    Poses,
    collapse,
    pixel_jacobian,
    pose_columns,
    project,
    rotation_from_vector,
    to_camera,
    vector_from_rotation,
)
from models.reconstruction import Camera


def _scene(rng: np.random.Generator) -> tuple[np.ndarray, Poses, Camera]:
    points = rng.normal(scale=60.0, size=(3, 7, 3))
    turn = np.eye(4)
    turn[:3, :3] = rotation_from_vector(np.array([0.1, -0.6, 0.05]))
    turn[:3, 3] = [30.0, -20.0, 50.0]
    camera = Camera(np.array([[1500.0, 0, 960], [0, 1480.0, 540], [0, 0, 1]]), turn, 1920, 1080)
    facing = np.diag([1.0, -1.0, -1.0])
    poses = Poses(
        rotation_from_vector(rng.normal(scale=0.2, size=(3, 3))) @ facing,
        np.array([0.0, 0.0, 700.0]) + rng.normal(scale=20.0, size=(3, 3)),
    )
    return points, poses, camera


def test_rotation_vectors_round_trip() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 3))
    vectors[0] = 0.0
    back = vector_from_rotation(rotation_from_vector(vectors))
    np.testing.assert_allclose(
        rotation_from_vector(back), rotation_from_vector(vectors), atol=1e-12
    )


def test_pixel_jacobian_matches_finite_differences() -> None:
    points, poses, camera = _scene(np.random.default_rng(1))
    jacobian = pixel_jacobian(to_camera(points, poses, camera), poses, camera)
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = 1e-4
        ahead = project(to_camera(points + step, poses, camera), camera)
        behind = project(to_camera(points - step, poses, camera), camera)
        np.testing.assert_allclose(jacobian[..., axis], (ahead - behind) / 2e-4, rtol=1e-5)


def test_pose_columns_match_a_small_step() -> None:
    points, poses, camera = _scene(np.random.default_rng(2))
    step = np.full((3, 6), 1e-6) * np.arange(1, 7)
    moved = to_camera(points, poses.moved(step), camera)
    head_step = np.einsum("tncp,tp->tnc", pose_columns(points), step)
    np.testing.assert_allclose(moved, to_camera(points + head_step, poses, camera), atol=1e-8)


def test_collapsed_evidence_recovers_displaced_points_from_two_views() -> None:
    rng = np.random.default_rng(3)
    points, poses, camera = _scene(rng)
    other = Camera(camera.K, np.eye(4), 1920, 1080)
    shift = rng.normal(scale=0.5, size=points.shape)
    evidence = tuple(
        PointEvidence(
            project(to_camera(points + shift, poses, view), view),
            np.tile(np.eye(2), (3, 7, 1, 1)),
            np.zeros((3, 7), dtype=bool),
        )
        for view in (camera, other)
    )
    collapsed = collapse(points, poses, (camera, other), evidence, robust_scale=1e6)
    step = np.linalg.solve(collapsed.metric, collapsed.pull[..., None])[..., 0]
    np.testing.assert_allclose(step, shift, atol=0.02)


def test_unseen_points_pull_nothing() -> None:
    points, poses, camera = _scene(np.random.default_rng(4))
    evidence = PointEvidence(
        np.zeros((3, 7, 2)), np.zeros((3, 7, 2, 2)), np.zeros((3, 7), dtype=bool)
    )
    collapsed = collapse(points, poses, (camera,), (evidence,))
    assert not collapsed.metric.any()
    assert not collapsed.pull.any()


def test_what_a_person_entered_is_never_taken_for_an_outlier() -> None:
    points, poses, camera = _scene(np.random.default_rng(5))
    here = project(to_camera(points, poses, camera), camera)
    far = here + np.array([40.0, 0.0])
    precision = np.tile(np.eye(2), (3, 7, 1, 1))
    entered = np.zeros((3, 7), dtype=bool)
    entered[1, 2] = True
    collapsed = collapse(points, poses, (camera,), (PointEvidence(far, precision, entered),))
    pull = np.linalg.norm(collapsed.pull, axis=2)
    assert pull[1, 2] > 1000.0 * np.delete(pull[1], 2).max()
    one = PointEvidence(far, precision, entered).at(np.array([1]))
    assert one.certain.sum() == 1
    assert one.target_px.shape == (1, 7, 2)
