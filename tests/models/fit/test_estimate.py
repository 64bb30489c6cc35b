"""The landmark fit recovers faces, movement and cameras from exact projections of the head."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from models.capture.landmarks.topology import mirror_permutation
from models.fit.basis import FaceBasis
from models.fit.estimate import KnownIdentity, LandmarkFit, fit_landmarks, head_points
from models.fit.eyes import lid_gaps
from models.fit.projection import PointEvidence, Poses, project, rotation_from_vector, to_camera
from models.fit.scale import EarlierSize, ScaleHints, metric_scale
from models.head.model import load_head
from models.measures import mesh_lid_gap_mm
from models.reconstruction import Array, Camera, Subject, ViewTrack

_FRAMES = 30
_PEAK = 15
_WIDTH, _HEIGHT = 1920, 1080
_VIEWS = (("left", 45.0), ("center", 0.0), ("right", -45.0))


@cache
def face_basis() -> FaceBasis:
    return FaceBasis(load_head())


@cache
def scene() -> SimpleNamespace:
    """A one-sided smile with a blink seen by three cameras: vertices (T, V, 3) mm and tracks."""
    face = face_basis()
    head = face.head
    generator = np.random.default_rng(5)
    identity = 0.7 * generator.standard_normal(head.n_shape)
    names = {name: index for index, name in enumerate(head.expression_names)}
    time = np.arange(_FRAMES) / _FRAMES
    effort = np.clip(np.minimum((time - 0.2) / 0.2, (0.8 - time) / 0.2), 0.0, 1.0)
    expression = np.zeros((_FRAMES, head.n_expression))
    expression[:, names["mouthSmileLeft"]] = 0.9 * effort
    expression[:, names["mouthSmileRight"]] = 0.2 * effort
    expression[:, names["eyeBlinkRight"]] = effort
    with torch.no_grad():
        shape = torch.as_tensor(identity, dtype=torch.float32).expand(_FRAMES, -1)
        vertices = head.unposed(shape, torch.as_tensor(expression, dtype=torch.float32))
    vertices_mm = vertices.double().numpy() * 1000.0
    topology = head.topology
    landmarks = np.einsum(
        "nc,tncd->tnd", topology.landmark_weights, vertices_mm[:, topology.landmark_vertices]
    )
    turn = np.stack([0.05 * np.sin(6 * time), 0.06 * np.cos(5 * time), 0.02 * time], axis=1)
    poses = Poses(
        rotation_from_vector(turn) @ np.diag([1.0, -1.0, -1.0]),
        np.array([0.0, 0.0, 700.0]) + 5.0 * np.stack([np.sin(6 * time), time, 0 * time], axis=1),
    )
    cameras = tuple(_camera(yaw) for _, yaw in _VIEWS)
    tracks, evidence = [], []
    for (name, yaw), camera in zip(_VIEWS, cameras, strict=True):
        in_camera = to_camera(landmarks, poses, camera)
        pixels = project(in_camera, camera)
        depth = (in_camera[..., 2] - in_camera[..., 2].mean(axis=1, keepdims=True)) * 1700 / 700
        seen = np.concatenate([pixels, depth[..., None]], axis=2).astype(np.float32)
        nothing = np.zeros(_FRAMES, dtype=np.float32)
        tracks.append(
            ViewTrack(
                name,  # type: ignore[arg-type]
                _WIDTH,
                _HEIGHT,
                seen,
                np.zeros((_FRAMES, 478), dtype=np.float32),
                nothing + 1,
                nothing + np.float32(yaw),
                nothing,
                nothing,
            )
        )
        precision = np.tile(np.eye(2) / 2.0**2, (_FRAMES, 478, 1, 1))
        evidence.append(PointEvidence(pixels, precision, np.zeros((_FRAMES, 478), dtype=bool)))
    return SimpleNamespace(
        face=face,
        vertices_mm=vertices_mm,
        landmarks=landmarks,
        poses=poses,
        cameras=cameras,
        tracks=tuple(tracks),
        evidence=tuple(evidence),
    )


def _camera(yaw_deg: float) -> Camera:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_vector(np.array([0.0, np.deg2rad(yaw_deg), 0.0]))
    centre = np.array([0.0, 0.0, 700.0])
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre
    K = np.array([[1700.0, 0.0, _WIDTH / 2], [0.0, 1700.0, _HEIGHT / 2], [0.0, 0.0, 1.0]])
    return Camera(K, matrix, _WIDTH, _HEIGHT)


@cache
def three_views() -> LandmarkFit:
    made = scene()
    return fit_landmarks(
        made.tracks, made.evidence, made.face, calibration=made.cameras, rest_frame=0
    )


def _shapes(fit: LandmarkFit) -> Array:
    return head_points(fit, fit.vertex_basis, fit.sequence.coefficients)


def _commissure_mm(shapes: Array, side: str) -> float:
    point = face_basis().topology.points[f"commissure_{side}"]
    return float(np.linalg.norm(shapes[_PEAK, point] - shapes[0, point]))


def test_three_calibrated_views_give_the_face_and_its_one_sided_movement() -> None:
    shapes, truth = _shapes(three_views()), scene().vertices_mm
    skin = np.flatnonzero(face_basis().topology.regions["face"])
    centred = shapes[0, skin] - shapes[0, skin].mean(axis=0)
    expected = truth[0, skin] - truth[0, skin].mean(axis=0)
    assert np.linalg.norm(centred - expected, axis=1).mean() < 1.5
    for side in ("left", "right"):
        assert _commissure_mm(shapes, side) == pytest.approx(_commissure_mm(truth, side), abs=1.0)


def test_unknown_cameras_are_found_and_the_stronger_side_stays_the_stronger() -> None:
    made = scene()
    fit = fit_landmarks(made.tracks, made.evidence, made.face, rest_frame=0)
    centre = fit.reference_view
    assert made.tracks[centre].view == "center"
    for (_, yaw), camera in zip(_VIEWS, fit.cameras, strict=True):
        rotation = camera.world_to_camera[:3, :3]
        assert np.rad2deg(np.arctan2(rotation[0, 2], rotation[2, 2])) == pytest.approx(yaw, abs=5)
    shapes = _shapes(fit)
    assert _commissure_mm(shapes, "left") > 2.0 * _commissure_mm(shapes, "right")


def test_mirrored_input_gives_the_mirrored_face() -> None:
    made = scene()
    swap = mirror_permutation()
    order = (2, 1, 0)
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    tracks, evidence, cameras = [], [], []
    for position, view in enumerate(order):
        track, seen, camera = made.tracks[view], made.evidence[view], made.cameras[view]
        landmarks = track.landmarks_px[:, swap].copy()
        landmarks[..., 0] = _WIDTH - landmarks[..., 0]
        target = seen.target_px[:, swap].copy()
        target[..., 0] = _WIDTH - target[..., 0]
        tracks.append(
            replace(
                track,
                view=_VIEWS[position][0],
                landmarks_px=landmarks,
                yaw_deg=-track.yaw_deg,
            )
        )
        evidence.append(PointEvidence(target, seen.precision[:, swap], seen.certain[:, swap]))
        cameras.append(replace(camera, world_to_camera=flip @ camera.world_to_camera @ flip))
    mirrored = fit_landmarks(
        tuple(tracks), tuple(evidence), made.face, calibration=tuple(cameras), rest_frame=0
    )
    back = _shapes(mirrored)[:, made.face.topology.mirror] * np.array([-1.0, 1.0, 1.0])
    # Landmarks are stored in single precision: a flipped coordinate is rounded anew.
    np.testing.assert_allclose(back, _shapes(three_views()), atol=1e-3)


def test_known_identity_is_used_and_not_estimated_again() -> None:
    made, before = scene(), three_views()
    known = KnownIdentity(before.identity, np.zeros_like(made.vertices_mm[0]), before.log_scale)
    fit = fit_landmarks(made.tracks[1:2], made.evidence[1:2], made.face, known=known, rest_frame=0)
    np.testing.assert_array_equal(fit.identity, before.identity)
    assert fit.log_scale == before.log_scale
    scale = metric_scale(fit, made.tracks[1:2], ScaleHints(), calibrated=False, known=known)
    assert (scale.source, scale.factor) == ("subject", 1.0)


def test_scale_comes_from_the_most_trustworthy_source() -> None:
    made, fit = scene(), three_views()
    calibrated = metric_scale(fit, made.tracks, ScaleHints(), calibrated=True, known=None)
    assert calibrated.source == "calibration"
    shape = head_points(fit, fit.landmark_basis, fit.sequence.coefficients[:1])[0]
    length = float(np.linalg.norm(shape[33] - shape[263]))
    entered = metric_scale(
        fit,
        made.tracks,
        ScaleHints(distances_mm={(33, 263): 1.1 * length}),
        calibrated=False,
        known=None,
    )
    assert entered.source == "entered distance"
    assert entered.factor == pytest.approx(1.1)
    guessed = metric_scale(fit, made.tracks, ScaleHints(), calibrated=False, known=None)
    child = metric_scale(fit, made.tracks, ScaleHints(age_years=8.0), calibrated=False, known=None)
    measured = metric_scale(
        fit, made.tracks, ScaleHints(iris_mm=11.7), calibrated=False, known=None
    )
    assert guessed.source == child.source == measured.source == "iris"
    assert measured.sigma < guessed.sigma < child.sigma


def test_an_earlier_visit_gives_its_size() -> None:
    made, fit = scene(), three_views()
    face = made.face
    earlier = Subject(
        identity=fit.identity[: face.n_shape],
        static_offset_mm=face.resting_field @ fit.identity[face.n_shape :],
        scale=1.1 * float(np.exp(fit.log_scale)),
        scale_sigma=0.02,
        scale_source="iris",
        plane=np.array([1.0, 0.0, 0.0, 0.0]),
        eye_radius_mm=(12.0, 12.0),
        head_model={},
    )
    hints = ScaleHints(iris_mm=11.7, earlier=EarlierSize.of(earlier, face))
    scale = metric_scale(fit, made.tracks, hints, calibrated=False, known=None)
    assert (scale.source, scale.sigma) == ("earlier visit", 0.02)
    assert scale.factor == pytest.approx(1.1, abs=0.003)


def test_lid_gaps_agree_with_the_definition_on_the_mesh_and_close() -> None:
    made = scene()
    lids = lid_gaps(made.landmarks, made.poses, made.cameras, made.evidence)
    expected = mesh_lid_gap_mm(made.vertices_mm, made.face.topology)
    np.testing.assert_allclose(lids.gap_mm, expected, atol=0.3)
    assert expected[_PEAK, 1] == pytest.approx(0.0, abs=0.05)
