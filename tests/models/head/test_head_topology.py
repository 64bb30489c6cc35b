"""The committed head's fixed data: counts, exact mirror, loops, regions, landmarks, size."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from models.head.topology import Topology

FLIP = np.array([-1.0, 1.0, 1.0])
PARTITION = ("brow", "periocular", "nose", "cheek", "upper_lip", "lower_lip")


def _apart_mm(topology: Topology, first: str, second: str) -> float:
    points = topology.template_mm[[topology.points[first], topology.points[second]]]
    return float(np.linalg.norm(points[0] - points[1]))


def test_head_has_flame_layout_counts(topology: Topology) -> None:
    assert topology.template_mm.shape == (5023, 3)
    assert topology.regions["eye_left"].sum() == topology.regions["eye_right"].sum() == 546
    assert topology.uv_faces.shape == topology.faces.shape
    assert topology.uv.min() >= 0
    assert topology.uv.max() <= 1


def test_texture_is_symmetric_and_does_not_overlap(topology: Topology) -> None:
    corners = topology.uv[topology.uv_faces]
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = 0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    assert area < 1
    face_of = {tuple(sorted(f)): i for i, f in enumerate(topology.faces.tolist())}
    image = [face_of[tuple(sorted(f))] for f in topology.mirror[topology.faces].tolist()]
    centre = corners.mean(axis=1)
    np.testing.assert_allclose(centre[image, 0], 1 - centre[:, 0], atol=2e-5)
    np.testing.assert_allclose(centre[image, 1], centre[:, 1], atol=2e-5)


def test_mirror_is_an_exact_involution_of_points_and_faces(topology: Topology) -> None:
    mirror = topology.mirror
    assert (mirror[mirror] == np.arange(5023)).all()
    np.testing.assert_array_equal(topology.template_mm[mirror], topology.template_mm * FLIP)
    faces = {tuple(np.roll(f, -int(np.argmin(f)))) for f in topology.faces.tolist()}
    image = mirror[topology.faces][:, ::-1]
    assert faces == {tuple(np.roll(f, -int(np.argmin(f)))) for f in image.tolist()}
    np.testing.assert_array_equal(topology.side[mirror], -topology.side)
    assert ((topology.template_mm[:, 0] == 0) == (topology.side == 0)).all()


def test_surface_is_a_manifold_open_at_neck_sockets_and_mouth(topology: Topology) -> None:
    faces = topology.faces
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    assert len(np.unique(edges, axis=0)) == len(edges), "an edge is run twice the same way"
    _, counts = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    assert counts.max() == 2
    assert (counts == 1).sum() == 42 + 38 + 2 * 28


def test_regions_are_symmetric_and_divide_the_face(topology: Topology) -> None:
    for name, mask in topology.regions.items():
        twin = {"eye_left": "eye_right", "eye_right": "eye_left"}.get(name, name)
        np.testing.assert_array_equal(mask[topology.mirror], topology.regions[twin], err_msg=name)
        assert mask.any(), name
    face = topology.regions["face"]
    for names in (PARTITION, ("upper_third", "middle_third", "lower_third")):
        np.testing.assert_array_equal(sum(topology.regions[n].astype(int) for n in names), face)
    for outside in ("eye_left", "ear", "neck", "scalp", "inside"):
        assert not (face & topology.regions[outside]).any()
    assert not (topology.regions["stable"] & ~face).any()


@pytest.mark.parametrize("side", ["left", "right"])
def test_lid_loops_pair_up_from_inner_to_outer_corner(topology: Topology, side: str) -> None:
    upper, lower = topology.loops[f"lid_upper_{side}"], topology.loops[f"lid_lower_{side}"]
    assert len(upper) == len(lower) >= 12
    assert upper[0] == lower[0] == topology.points[f"endocanthion_{side}"]
    assert upper[-1] == lower[-1] == topology.points[f"exocanthion_{side}"]
    gap = topology.template_mm[upper] - topology.template_mm[lower]
    assert (gap[1:-1, 1] > 0).all()
    assert (np.diff(np.abs(topology.template_mm[upper, 0])) > -0.3).all()
    other = "right" if side == "left" else "left"
    np.testing.assert_array_equal(topology.mirror[upper], topology.loops[f"lid_upper_{other}"])


@pytest.mark.parametrize("ring", ["outer", "inner"])
def test_lip_loops_run_from_right_to_left_in_pairs(topology: Topology, ring: str) -> None:
    upper, lower = (topology.loops[f"lip_{ring}_{lip}"] for lip in ("upper", "lower"))
    assert len(upper) == len(lower)
    assert upper[0] == lower[0]
    assert upper[-1] == lower[-1]
    np.testing.assert_array_equal(topology.mirror[upper], upper[::-1])
    assert (np.diff(topology.template_mm[upper, 0]) > 0).all()
    assert (topology.template_mm[upper[1:-1], 1] > topology.template_mm[lower[1:-1], 1]).all()


def test_points_mirror_and_lie_on_their_side(topology: Topology) -> None:
    for name, vertex in topology.points.items():
        if name.endswith("_left"):
            assert topology.template_mm[vertex, 0] > 0
            twin = topology.points[name.replace("_left", "_right")]
            assert topology.mirror[vertex] == twin
        elif not name.endswith("_right"):
            assert topology.side[vertex] == 0, name


def test_landmarks_are_mirror_exact_and_in_place(topology: Topology) -> None:
    corners = topology.template_mm[topology.landmark_vertices]
    marks = (corners * topology.landmark_weights[..., None]).sum(axis=1)
    np.testing.assert_allclose(topology.landmark_weights.sum(axis=1), 1, atol=1e-6)
    assert (topology.landmark_weights >= 0).all()
    np.testing.assert_allclose(marks[topology.landmark_mirror], marks * FLIP, atol=1e-9)
    iris_mm = np.linalg.norm(marks[469:473] - marks[468], axis=1)
    # The rim lies on the ball, so its chord from the pole is a little longer than the radius.
    across = np.linalg.norm(marks[469] - marks[471]) / 2
    assert across == pytest.approx(5.855, abs=1e-3)
    assert iris_mm.std() < 1e-4
    assert marks[469, 0] > marks[471, 0], "the second iris point is towards the subject's left"
    assert marks[474, 0] > marks[476, 0]
    for mark, point in ((33, "exocanthion_right"), (362, "endocanthion_left"), (2, "subnasale")):
        there = topology.template_mm[topology.points[point]]
        assert np.linalg.norm(marks[mark] - there) < 1.0
    order = [10, 9, 168, 4, 2, 0, 13, 14, 17, 152]
    assert (np.diff(marks[order, 1]) < 0.05).all(), "midline landmarks run downwards"


def test_head_has_adult_size(topology: Topology) -> None:
    # Ranges are published adult means (Farkas; Dodgson 2004; ANSUR II), both sexes, +- 2 SD.
    assert 60 < _apart_mm(topology, "pupil_left", "pupil_right") < 66
    assert 28 < _apart_mm(topology, "endocanthion_left", "endocanthion_right") < 36
    assert 84 < _apart_mm(topology, "exocanthion_left", "exocanthion_right") < 98
    assert 105 < _apart_mm(topology, "nasion", "menton") < 130
    assert 45 < _apart_mm(topology, "commissure_left", "commissure_right") < 58
    assert 30 < _apart_mm(topology, "ala_left", "ala_right") < 42
    assert 128 < _apart_mm(topology, "tragion_left", "tragion_right") < 152
    upper, lower = topology.loops["lid_upper_left"], topology.loops["lid_lower_left"]
    gap = np.linalg.norm(topology.template_mm[upper] - topology.template_mm[lower], axis=1)
    assert 8.5 < gap.max() < 11.5
    ball = topology.template_mm[topology.regions["eye_left"]]
    radius = np.linalg.norm(ball - topology.eye_centres_mm[0], axis=1)
    np.testing.assert_allclose(radius, 12.0, atol=1e-4)


def test_topology_needs_no_torch() -> None:
    code = (
        "import sys; from models.head.topology import load_topology; load_topology();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
