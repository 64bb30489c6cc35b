"""The committed correction belongs to the head it is shipped with, and is small on a photograph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.data import astronaut

from models.assets import FOLDER, manifest
from models.capture.correction import CorrectedLandmarks, LandmarkCorrection
from models.capture.landmarks import FaceLandmarker, HeadPose, aligned_crop, head_pose
from models.capture.landmarks.topology import (
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_LID,
    mirror_permutation,
)
from models.capture.quality import luma
from models.reconstruction import Array


@dataclass(frozen=True)
class Picture:
    """The crop of a single image as the pipeline hands it over."""

    crop: NDArray[np.uint8]
    affines: Array

    def crops(self, frames: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        yield from ((index, self.crop) for index, _ in enumerate(frames))


def seen_in(image: NDArray[np.uint8]) -> tuple[Array, HeadPose, Picture]:
    """Landmarks (478, 3), their pose and the aligned crop of an image."""
    landmarker = FaceLandmarker()
    face = landmarker.track(image)
    assert face is not None
    face = landmarker.track(image, face.landmarks_px)
    assert face is not None
    crop, affine = aligned_crop(image, face.landmarks_px)
    pose = head_pose(face.landmarks_px)
    return face.landmarks_px.astype(np.float64), pose, Picture(luma(crop), affine[None])


@pytest.fixture(scope="module")
def portrait() -> tuple[Array, HeadPose, Picture]:
    """A public-domain portrait."""
    return seen_in(astronaut())


def corrected(
    seen: tuple[Array, HeadPose, Picture], *, with_picture: bool = True
) -> CorrectedLandmarks:
    face_px, pose, picture = seen
    return LandmarkCorrection.load().apply(
        face_px[None],
        np.array([pose.yaw_deg]),
        np.array([pose.roll_deg]),
        picture if with_picture else None,
    )


def test_it_aims_at_the_embedding_that_is_shipped() -> None:
    entries = json.loads((FOLDER / "manifest.json").read_text())["assets"]
    learned = [entry for entry in entries if "aims_at" in entry]
    assert len(learned) == 3
    for own in learned:
        assert own["aims_at"] == manifest()["open_head_landmarks"].sha256
        assert (FOLDER / own["file"]).stat().st_size < 2e6


@pytest.mark.parametrize("with_picture", [False, True])
def test_a_real_face_is_moved_by_millimetres_and_known(
    portrait: tuple[Array, HeadPose, Picture], with_picture: bool
) -> None:
    result = corrected(portrait, with_picture=with_picture)
    moved_mm = np.linalg.norm(result.points_px[0] - portrait[0][:, :2], axis=1)
    moved_mm *= 10 / portrait[1].scale_px_per_cm
    assert moved_mm.mean() < 4.0
    assert moved_mm.max() < 18.0
    # Corners of eyes and mouth are seen, not guessed: they hardly move.
    assert moved_mm[[33, 133, 362, 263, 61, 291]].max() < 5.0
    assert result.trust[0] > 0.7


def test_the_mirrored_photograph_is_corrected_to_the_mirror_image(
    portrait: tuple[Array, HeadPose, Picture],
) -> None:
    flipped = seen_in(np.ascontiguousarray(astronaut()[:, ::-1]))
    direct, other = corrected(portrait).points_px[0], corrected(flipped).points_px[0]
    back = other[mirror_permutation()] * (-1, 1) + np.array([512, 0])
    np.testing.assert_allclose(back, direct, atol=5e-3)


def test_a_picture_makes_the_lids_more_certain(
    portrait: tuple[Array, HeadPose, Picture],
) -> None:
    lids = [*LEFT_UPPER_LID, *LEFT_LOWER_LID, *RIGHT_UPPER_LID, *RIGHT_LOWER_LID]
    alone = corrected(portrait, with_picture=False).covariance_px2[0, lids]
    seen = corrected(portrait).covariance_px2[0, lids]
    assert np.trace(seen, axis1=1, axis2=2).mean() < np.trace(alone, axis1=1, axis2=2).mean()
