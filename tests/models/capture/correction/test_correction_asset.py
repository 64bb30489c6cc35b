"""The committed correction belongs to the head it is shipped with, and is small on a photograph."""

from __future__ import annotations

import json

import numpy as np
import pytest
from skimage.data import astronaut

from models.assets import FOLDER, manifest
from models.capture.correction import LandmarkCorrection
from models.capture.landmarks import FaceLandmarker, head_pose
from models.capture.landmarks.topology import mirror_landmarks, mirror_permutation
from models.reconstruction import Array


@pytest.fixture(scope="module")
def face_px() -> Array:
    """Landmarks (478, 3) of a public-domain portrait."""
    image = astronaut()
    landmarker = FaceLandmarker()
    face = landmarker.track(image)
    assert face is not None
    return face.landmarks_px.astype(np.float64)


def test_it_aims_at_the_embedding_that_is_shipped() -> None:
    entries = json.loads((FOLDER / "manifest.json").read_text())["assets"]
    (own,) = [entry for entry in entries if entry["name"] == "landmark_correction"]
    assert own["aims_at"] == manifest()["open_head_landmarks"].sha256
    assert (FOLDER / own["file"]).stat().st_size < 2e6


def test_a_real_face_is_moved_by_millimetres_and_known(face_px: Array) -> None:
    pose = head_pose(face_px)
    result = LandmarkCorrection.load().apply(
        face_px[None], np.array([pose.yaw_deg]), np.array([pose.roll_deg])
    )
    moved_mm = np.linalg.norm(result.points_px[0] - face_px[:, :2], axis=1)
    moved_mm *= 10 / pose.scale_px_per_cm
    assert moved_mm.mean() < 4.0
    assert moved_mm.max() < 18.0
    # Corners of eyes and mouth are seen, not guessed: they hardly move.
    assert moved_mm[[33, 133, 362, 263, 61, 291]].max() < 5.0
    assert result.trust[0] > 0.7


def test_the_mirrored_photograph_is_corrected_to_the_mirror_image(face_px: Array) -> None:
    pose = head_pose(face_px)
    yaw, roll = np.array([pose.yaw_deg]), np.array([pose.roll_deg])
    correction = LandmarkCorrection.load()
    direct = correction.apply(face_px[None], yaw, roll).points_px[0]
    flipped = mirror_landmarks(face_px, 512).astype(np.float64)
    other = correction.apply(flipped[None], -yaw, -roll).points_px[0, mirror_permutation()]
    np.testing.assert_allclose(other * (-1, 1) + np.array([512, 0]), direct, atol=2e-3)
