"""Faces are found, followed and measured alike on both sides; what is no face is not."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from models.capture.landmarks import FaceLandmarker, FaceObservation, head_pose
from models.capture.landmarks.topology import mirror_landmarks
from models.errors import UnusableInputError

Image = NDArray[np.uint8]
_FACE_HEIGHT_PX = 100.0
_FACE_CENTRE = (224.0, 125.0)


def _placed(
    portrait: Image, shape: tuple[int, int], centre: tuple[float, float], height: float, roll=0.0
) -> tuple[Image, NDArray[np.float64]]:
    """Put the portrait's head on grey; also return the affine (2, 3) that took it there."""
    scale = height / _FACE_HEIGHT_PX
    affine = cv2.getRotationMatrix2D(_FACE_CENTRE, roll, scale)
    affine[:, 2] += np.subtract(centre, _FACE_CENTRE)
    head = np.zeros(portrait.shape[:2], np.uint8)
    head[20:290, 110:350] = 255
    size = shape[::-1]
    blurred = cv2.GaussianBlur(portrait, (0, 0), 0.5 / scale) if scale < 0.7 else portrait
    mask = cv2.warpAffine(head, affine, size)[..., None] > 127
    picture = cv2.warpAffine(blurred, affine, size)
    return np.where(mask, picture, np.uint8(120)), affine


def _expected(observation: FaceObservation, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    points = observation.landmarks_px[:, :2].astype(np.float64)
    # OpenCV's affine speaks of pixel indices.
    return (points - 0.5) @ affine[:, :2].T + affine[:, 2] + 0.5


def test_the_portrait_has_one_face(landmarker: FaceLandmarker, portrait: Image) -> None:
    (face,) = landmarker.detect(portrait)
    left, top, right, bottom = face.box_px
    assert left < _FACE_CENTRE[0] < right
    assert top < _FACE_CENTRE[1] < bottom
    right_eye, left_eye = face.keypoints_px[:2]
    assert right_eye[0] < left_eye[0]


def test_landmarks_sit_on_the_face(observation: FaceObservation) -> None:
    """Places read off the picture by eye, to a few px (the eyes are 43 px apart)."""
    points = observation.landmarks_px[:, :2]
    for landmark, place in {468: (203.5, 101), 473: (246.5, 103.5), 61: (203, 139)}.items():
        assert np.linalg.norm(points[landmark] - place) < 3
    assert observation.presence > 0.99


@pytest.mark.parametrize("width", [512, 511])
def test_a_mirrored_image_has_mirrored_landmarks(
    landmarker: FaceLandmarker, portrait: Image, width: int
) -> None:
    image = np.ascontiguousarray(portrait[:, :width])
    mirrored_image = np.ascontiguousarray(image[:, ::-1])
    direct, mirrored = landmarker.track(image), landmarker.track(mirrored_image)
    for _ in range(3):
        assert direct is not None
        assert mirrored is not None
        back = mirror_landmarks(mirrored.landmarks_px, width)
        np.testing.assert_allclose(back, direct.landmarks_px, atol=1e-3)
        assert mirrored.presence == pytest.approx(direct.presence, abs=1e-6)
        direct = landmarker.track(image, direct.landmarks_px)
        mirrored = landmarker.track(mirrored_image, mirrored.landmarks_px)


def test_detections_of_a_mirrored_image_are_mirrored(
    landmarker: FaceLandmarker, portrait: Image
) -> None:
    (direct,) = landmarker.detect(portrait)
    (mirrored,) = landmarker.detect(np.ascontiguousarray(portrait[:, ::-1]))
    left, top, right, bottom = mirrored.box_px
    np.testing.assert_allclose([512 - right, top, 512 - left, bottom], direct.box_px, atol=1e-3)
    assert mirrored.score == pytest.approx(direct.score, abs=1e-5)


def test_a_still_sequence_stays_still(
    landmarker: FaceLandmarker, portrait: Image, observation: FaceObservation
) -> None:
    current = observation
    for _ in range(5):
        following = landmarker.track(portrait, current.landmarks_px)
        assert following is not None
        current = following
    drift = np.linalg.norm((current.landmarks_px - observation.landmarks_px)[:, :2], axis=1)
    assert drift.mean() < 0.1


@pytest.mark.parametrize("roll", [-60, -45, -20, 20, 45, 60])
def test_a_tilted_head_is_found(
    landmarker: FaceLandmarker, portrait: Image, observation: FaceObservation, roll: int
) -> None:
    image, affine = _placed(portrait, (480, 640), (330.0, 240.0), 160.0, roll)
    found = landmarker.track(image)
    assert found is not None
    error = np.linalg.norm(found.landmarks_px[:, :2] - _expected(observation, affine), axis=1)
    assert error.mean() < 0.03 * 96  # share of the distance between the outer eye corners
    turned = head_pose(found.landmarks_px).roll_deg - head_pose(observation.landmarks_px).roll_deg
    assert turned == pytest.approx(-roll, abs=3)


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.3, 0.6, 0.9])
def test_near_and_far_faces_are_found(
    landmarker: FaceLandmarker, portrait: Image, observation: FaceObservation, fraction: float
) -> None:
    centre = (400.0, 250.0) if fraction < 0.5 else (480.0, 270.0)
    image, affine = _placed(portrait, (540, 960), centre, fraction * 540)
    (face,) = landmarker.detect(image)
    found = landmarker.observe_detection(image, face)
    assert found is not None
    assert fraction < 0.1 or landmarker.track(image) is not None
    error = np.linalg.norm(found.landmarks_px[:, :2] - _expected(observation, affine), axis=1)
    assert error.mean() < 0.05 * 0.6 * fraction * 540


def test_two_faces_come_with_the_larger_one_first(
    landmarker: FaceLandmarker, portrait: Image
) -> None:
    near, _ = _placed(portrait, (480, 480), (240.0, 260.0), 220.0)
    far, _ = _placed(portrait, (480, 480), (240.0, 200.0), 110.0)
    first, second = landmarker.detect(np.ascontiguousarray(np.hstack([far, near])))
    assert first.box_px[0] > 480 > second.box_px[2]
    assert first.height_px > 1.5 * second.height_px


@pytest.mark.parametrize("picture", ["coffee", "rocket"])
def test_no_face_is_seen_where_none_is(landmarker: FaceLandmarker, picture: str) -> None:
    image = np.ascontiguousarray(getattr(skimage.data, picture)())
    assert landmarker.detect(image) == []
    assert landmarker.track(image) is None


def test_a_lost_face_is_found_again(
    landmarker: FaceLandmarker, portrait: Image, observation: FaceObservation
) -> None:
    elsewhere = observation.landmarks_px + np.float32([250, 250, 0])
    found = landmarker.track(portrait, elsewhere)
    assert found is not None
    difference = np.linalg.norm((found.landmarks_px - observation.landmarks_px)[:, :2], axis=1)
    assert difference.mean() < 0.5


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3)),
        np.zeros((1, 1, 3), np.uint8),
    ],
)
def test_other_images_are_refused_with_a_next_step(
    landmarker: FaceLandmarker, image: Image
) -> None:
    with pytest.raises(UnusableInputError) as caught:
        landmarker.track(image)
    assert caught.value.next_step


@pytest.mark.parametrize("shape", [(2, 2), (3, 700)])
def test_tiny_images_have_no_face(landmarker: FaceLandmarker, shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    assert landmarker.track(image) is None
    assert landmarker.detect(image) == []


def test_the_runtime_loads_without_torch() -> None:
    code = "import sys, models.capture.landmarks; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
