"""The symmetry plane and the head frame stay put when one half of the face does not."""

from __future__ import annotations

import numpy as np
import pytest
from constructed_faces import MIRROR
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import UnusableInputError
from models.head.topology import load_topology
from models.measures import SymmetryPlane, fit_symmetry_plane, head_frame, steady_head
from models.measures.frame import best_plane, rigid_fit


@pytest.fixture(scope="module")
def head():
    return load_topology()


def rotation(axis, degrees):
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    angle = np.radians(degrees)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def droop(head, depth_mm):
    """The left half hangs: everything from the brow to the chin, most at the commissure."""
    x, y, _ = head.template_mm.T
    weight = np.clip(x / 25, 0, 1) * np.exp(-(((y + 70) / 35) ** 2))
    weight += 0.3 * np.exp(-(((x - 40) / 20) ** 2) - ((y - 15) / 12) ** 2)
    weight *= head.regions["face"]
    return head.template_mm + depth_mm * weight[:, None] * np.array([-0.3, -0.9, -0.2])


@pytest.mark.parametrize("depth_mm", [0.0, 4.0, 10.0, 15.0])
def test_the_plane_ignores_a_hanging_half(head, depth_mm):
    face = droop(head, depth_mm)
    plane = fit_symmetry_plane(face, head)
    commissures = [head.points["commissure_left"], head.points["commissure_right"]]
    left, right = face[commissures]
    true = left - right * MIRROR

    def error(normal, offset):
        read = left - SymmetryPlane(normal, float(offset)).reflect(right)
        return np.linalg.norm(read - true)

    robust = error(plane.normal, plane.offset_mm)
    assert robust < 0.3 + 0.05 * depth_mm
    # What the robust fit is there for: the same face, every vertex with one say.
    skin = np.flatnonzero(head.regions["face"])
    alike = error(*best_plane(face[skin], face[head.mirror[skin]], np.ones(len(skin))))
    assert robust <= alike / 2.5 + 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_ordinary_asymmetry_does_not_tilt_the_plane(head, seed):
    """Smooth deviations of 0.7 mm all over the face, as everybody has; the nose alone would."""
    rng = np.random.default_rng(seed)
    waves = np.sin(head.template_mm @ (0.04 * rng.normal(size=(40, 3))).T + rng.uniform(0, 6, 40))
    face = head.template_mm + 0.7 * waves @ rng.normal(size=(40, 3)) / np.sqrt(20)
    assert np.degrees(np.arccos(fit_symmetry_plane(face, head).normal[0])) < 2.0


@given(
    st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda a: np.linalg.norm(a) > 0.1),
    st.floats(-40, 40),
    st.floats(-500, 500),
)
@settings(max_examples=15, deadline=None)
def test_head_frame_undoes_any_rigid_motion(axis, degrees, shift_mm):
    head = load_topology()
    face = droop(head, 6.0)
    still = head_frame(face, head)
    moved = face @ rotation(axis, degrees).T + shift_mm
    back = head_frame(moved, head)
    here = face @ still[:3, :3].T + still[:3, 3]
    there = moved @ back[:3, :3].T + back[:3, 3]
    assert np.allclose(here, there, atol=1e-6)
    canthi = [head.points["endocanthion_left"], head.points["endocanthion_right"]]
    assert np.allclose(here[canthi].mean(axis=0), 0, atol=1e-9)
    assert abs(fit_symmetry_plane(here, head).normal[0] - 1) < 1e-6


def test_plane_survives_storage():
    plane = SymmetryPlane.from_array([1.0, 0.0, 0.0, 1.5])
    assert np.array_equal(plane.as_array(), [1.0, 0.0, 0.0, 1.5])
    points = np.array([[4.0, 2.0, 3.0]])
    assert np.allclose(plane.reflect(points), [[-1.0, 2.0, 3.0]])
    assert np.allclose(plane.coordinates(points), [[2.5, 2.0, 3.0]])
    for wrong in ([1, 0, 0], [-1, 0, 0, 0], [2, 0, 0, 0], [np.nan, 0, 0, 0]):
        with pytest.raises(UnusableInputError):
            SymmetryPlane.from_array(wrong)


def test_steady_head_takes_out_head_motion_and_leaves_the_face(head):
    rest = head.template_mm
    smile = rest.copy()
    smile[head.points["commissure_left"]] += (4, 6, 0)
    turned = smile @ rotation((0.2, 1, 0.1), 12).T + (5, -8, 3)
    carried, residual = steady_head(np.stack([rest, turned]), rest, head)
    assert np.allclose(carried[1], smile, atol=1e-6)
    assert residual.max() < 1e-6


def test_rigid_fit_is_never_a_reflection():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(5, 40, 3))
    r, _ = rigid_fit(points, points * MIRROR)
    assert np.allclose(np.linalg.det(r), 1)
