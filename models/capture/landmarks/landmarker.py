"""The face landmarker: 478 landmarks of an image, tracked from frame to frame, without torch.

Every crop is run together with its mirror image and the two answers are averaged, so that the
network's left/right bias cancels and a mirrored video gives exactly mirrored landmarks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks.detection import (
    FaceDetection,
    FaceDetector,
    last_resort_squares,
    search_stages,
    upright_squares,
)
from models.capture.landmarks.sessions import AssetNetwork
from models.capture.landmarks.topology import (
    LEFT_OUTER_CANTHUS,
    RIGHT_OUTER_CANTHUS,
    mirror_permutation,
)
from models.capture.landmarks.warp import Image, SquareRegion, warp_region
from models.errors import UnusableInputError

_SIZE = 192
_ENLARGEMENT = 1.5
_MIN_PRESENCE = 0.5
_MAX_SETTLING_PASSES = 8
# Mean movement of the landmarks per side of the region.
_SETTLED = 1e-4
_MIN_NEW_PRESENCE = 0.9
# Mean distance of the two mirrored passes per side of the region: 0.003-0.005 on an evenly lit
# face, up to 0.015 on a half-dark one, 0.014 upwards on patterns that only look like faces.
# A hand over half of a tracked face gives 0.02.
_SURE, _DOUBTFUL, _LOST = 0.0125, 0.025, 0.04
# What is no face, or one upside down, was never scored above 0.75 by the detector.
_CLEAR_SCORE = 0.85


@dataclass(frozen=True)
class FaceObservation:
    """Landmarks of one face in one image.

    ``landmarks_px`` (478, 3) float32: x, y in full-frame px (pixel (i, j) is centred at j+0.5,
    i+0.5); z on the same scale, smaller towards the camera, as the network guesses it. Subject's
    right iris 468-472, left 473-477. ``presence`` 0-1: how sure the network is of a face.
    ``pass_difference_px`` (478,) float32: distance between the direct and the mirrored pass.
    ``region``: the square that was looked at.
    """

    landmarks_px: NDArray[np.float32]
    presence: float
    pass_difference_px: NDArray[np.float32]
    region: SquareRegion

    @property
    def box_px(self) -> NDArray[np.float32]:
        """Left, top, right, bottom of the landmarks."""
        points = self.landmarks_px[:, :2]
        return np.concatenate([points.min(axis=0), points.max(axis=0)])

    def covers(self, box_px: NDArray[np.floating]) -> bool:
        """Whether the middle of a box lies on this face."""
        own, middle = self.box_px, (box_px[:2] + box_px[2:]) / 2
        return bool(np.all(middle > own[:2]) and np.all(middle < own[2:]))


class FaceLandmarker:
    """Detects and tracks faces; networks are opened at first use. One instance per thread."""

    def __init__(self, threads: int = 1) -> None:
        self._detector = FaceDetector(threads)
        self._network = AssetNetwork("face_landmarks_onnx", threads)

    def detect(self, image: Image, *, min_height_fraction: float = 0.04) -> list[FaceDetection]:
        """Return all faces of an RGB image (H, W, 3) uint8, largest first.

        Faces down to ``min_height_fraction`` of the image height are looked for; a larger
        fraction is faster. Raises UnusableInputError for anything but an RGB uint8 image.
        """
        _check_image(image)
        height, width = image.shape[:2]
        upright = upright_squares(width, height, min_height_fraction * height)
        faces = self._confirmed(image, upright)
        if not any(sure for _, sure in faces):
            faces += self._confirmed(image, last_resort_squares(width, height))
        # Doubtful faces count only where nothing better is found.
        sure_faces = [face for face, sure in faces if sure]
        return sure_faces or [face for face, _ in faces[:1]]

    def detect_others(
        self, image: Image, known: FaceObservation, *, min_height_fraction: float = 0.04
    ) -> list[tuple[FaceDetection, FaceObservation]]:
        """Return the faces besides the known one, largest first; only those that are sure.

        What is found on the known face is not looked at again, which saves most of the work.
        """
        _check_image(image)
        height, width = image.shape[:2]
        upright = upright_squares(width, height, min_height_fraction * height)
        others = []
        for face in self._detector.probe(image, upright):
            if known.covers(face.box_px):
                continue
            observation = self.observe_detection(image, face)
            if observation is not None and _sure(face, observation):
                others.append((face, observation))
        return others

    def track(
        self, image: Image, previous_landmarks_px: NDArray[np.floating] | None = None
    ) -> FaceObservation | None:
        """Return the landmarks of the face followed so far, or else of the largest face.

        ``previous_landmarks_px`` are those of the frame before (None for the first). Returns None
        when no face of at least a tenth of the image height is found; ``detect`` with
        ``observe_detection`` looks for smaller ones. Raises UnusableInputError for anything but an
        RGB uint8 image.
        """
        _check_image(image)
        if previous_landmarks_px is not None:
            observation = self._observe(image, region_of_landmarks(previous_landmarks_px))
            if observation is not None and _disagreement(observation) < _LOST:
                return observation
        height, width = image.shape[:2]
        doubtful = None
        for squares in search_stages(width, height):
            for face in self._detector.probe(image, squares):
                observation = self.observe_detection(image, face)
                if observation is not None and _sure(face, observation):
                    return observation
                doubtful = doubtful or observation
        return doubtful

    def observe_detection(self, image: Image, face: FaceDetection) -> FaceObservation | None:
        """Return the landmarks of one detected face, or None when it is none after all.

        Passes are repeated until the region has settled, so that a first frame or a still image is
        measured as the frames of a video are.
        """
        observation = self._observe(image, _region_of_detection(face))
        for _ in range(_MAX_SETTLING_PASSES):
            if (
                observation is None
                or observation.presence < _MIN_NEW_PRESENCE
                or _disagreement(observation) > _DOUBTFUL
            ):
                return None
            before = observation
            observation = self._observe(image, region_of_landmarks(before.landmarks_px))
            if observation is not None and _moved(before, observation) < _SETTLED:
                break
        return observation

    def _confirmed(
        self, image: Image, squares: Sequence[SquareRegion]
    ) -> list[tuple[FaceDetection, bool]]:
        """Return the faces in ``squares`` that have landmarks, once each, and which are sure."""
        faces = []
        regions: list[SquareRegion] = []
        for face in self._detector.probe(image, squares):
            observation = self.observe_detection(image, face)
            if observation is None or any(_same(observation.region, r) for r in regions):
                continue
            faces.append((face, _sure(face, observation)))
            regions.append(observation.region)
        return faces

    def _observe(self, image: Image, region: SquareRegion) -> FaceObservation | None:
        if not 2 <= region.side_px <= 8 * max(image.shape[:2]):
            return None
        planes = warp_region(image, region, _SIZE) / np.float32(255)
        landmarks, logits = self._network(np.stack([planes, planes[..., ::-1]]))
        presence = float(np.mean(1 / (1 + np.exp(-logits.astype(np.float64)))))
        if presence < _MIN_PRESENCE or not np.isfinite(landmarks).all():
            return None
        direct = landmarks[0].astype(np.float64)
        mirrored = landmarks[1][mirror_permutation()].astype(np.float64)
        mirrored[:, 0] = _SIZE - mirrored[:, 0]
        scale = region.side_px / _SIZE
        mean = (direct + mirrored) / 2
        points = np.column_stack([region.to_frame(mean[:, :2], _SIZE), mean[:, 2] * scale])
        difference = np.linalg.norm((direct - mirrored)[:, :2], axis=1) * scale
        return FaceObservation(
            points.astype(np.float32), presence, difference.astype(np.float32), region
        )


def region_of_landmarks(landmarks_px: NDArray[np.floating]) -> SquareRegion:
    """Return the level square, 1.5 x the long side, around landmarks (478, 3)."""
    points = np.asarray(landmarks_px, np.float64)[:, :2]
    roll = _roll(points[RIGHT_OUTER_CANTHUS], points[LEFT_OUTER_CANTHUS])
    cos, sin = math.cos(roll), math.sin(roll)
    level = points @ np.array([[cos, -sin], [sin, cos]])
    low, high = level.min(0), level.max(0)
    u, v = (low + high) / 2
    side = _ENLARGEMENT * float((high - low).max())
    return SquareRegion(float(cos * u - sin * v), float(sin * u + cos * v), side, roll)


def _disagreement(observation: FaceObservation) -> float:
    return float(observation.pass_difference_px.mean()) / observation.region.side_px


def _moved(before: FaceObservation, after: FaceObservation) -> float:
    step = after.landmarks_px[:, :2] - before.landmarks_px[:, :2]
    return float(np.linalg.norm(step, axis=1).mean()) / after.region.side_px


def _sure(face: FaceDetection, observation: FaceObservation) -> bool:
    return face.score > _CLEAR_SCORE or _disagreement(observation) < _SURE


def _same(a: SquareRegion, b: SquareRegion) -> bool:
    distance = math.hypot(a.x_px - b.x_px, a.y_px - b.y_px)
    return distance < max(a.side_px, b.side_px) / 4


def _region_of_detection(face: FaceDetection) -> SquareRegion:
    x0, y0, x1, y1 = face.box_px
    side = _ENLARGEMENT * float(max(x1 - x0, y1 - y0))
    roll = _roll(face.keypoints_px[0], face.keypoints_px[1])
    return SquareRegion(float((x0 + x1) / 2), float((y0 + y1) / 2), side, roll)


def _roll(right_eye: NDArray[np.float64], left_eye: NDArray[np.float64]) -> float:
    dx, dy = left_eye - right_eye
    return math.atan2(dy, dx)


def _check_image(image: Image) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or min(image.shape) < 2:
        raise UnusableInputError(
            "Faces are looked for in RGB images of 8 bits a channel and at least 2 x 2 pixels.",
            "Convert the image before looking for faces.",
        )
