"""The names of landmarks must fit the canonical face and its mirror image."""

from __future__ import annotations

import numpy as np

from models.capture.landmarks import topology
from models.capture.landmarks.topology import CONTOURS, canonical_face, mirror_permutation


def test_mirroring_twice_changes_nothing() -> None:
    mirror = mirror_permutation()
    np.testing.assert_array_equal(mirror[mirror], np.arange(topology.COUNT))
    points = np.random.default_rng(1).random((478, 3)).astype(np.float32) * 100
    twice = topology.mirror_landmarks(topology.mirror_landmarks(points, 640), 640)
    np.testing.assert_allclose(twice, points, atol=1e-4)


def test_contours_come_in_mirrored_pairs() -> None:
    mirror = mirror_permutation()
    for name, contour in CONTOURS.items():
        mirrored = tuple(mirror[list(contour)])
        if name.startswith("right"):
            partner = CONTOURS[name.replace("right", "left")]
            assert set(mirrored) == set(partner) if "iris" in name else mirrored == partner
        elif name.startswith(("lips", "nose_base")):
            assert mirrored == contour[::-1]
        elif not name.startswith("left"):
            assert set(mirrored) == set(contour)


def test_the_subjects_left_is_at_positive_x() -> None:
    x = canonical_face().vertices_cm[:, 0]
    for name, contour in CONTOURS.items():
        if "iris" not in name and name.startswith(("left", "right")):
            assert (np.sign(x[list(contour)]) == (1 if name.startswith("left") else -1)).all()


def test_upper_contours_lie_above_lower_ones() -> None:
    y = canonical_face().vertices_cm[:, 1]
    for name, contour in CONTOURS.items():
        if "upper" in name:
            lower = CONTOURS[name.replace("upper", "lower")]
            assert y[list(contour)].mean() > y[list(lower)].mean()


def test_the_canonical_face_is_exactly_symmetric() -> None:
    vertices = canonical_face().vertices_cm
    mirrored = vertices[mirror_permutation()[:468]] * [-1, 1, 1]
    np.testing.assert_array_equal(mirrored, vertices)
