"""The rasteriser against an independent slow reference, and its symmetries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.render import Fragments, project, rasterize
from models.render.rasterizer import RasterizerError


def sphere(seed: int, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A bumpy closed mesh in camera space, mm."""
    rng = np.random.default_rng(seed)
    theta, phi = np.meshgrid(np.linspace(0.05, np.pi - 0.05, n), np.arange(2 * n) * np.pi / n)
    direction = np.stack(
        [np.sin(theta) * np.cos(phi), np.cos(theta), np.sin(theta) * np.sin(phi)], axis=-1
    ).reshape(-1, 3)
    points = direction * (60 + 15 * rng.standard_normal((len(direction), 1)))
    index = np.arange(2 * n * n).reshape(2 * n, n)
    around = np.roll(index, -1, axis=0)
    first = np.stack([index[:, :-1], around[:, :-1], around[:, 1:]], axis=-1).reshape(-1, 3)
    second = np.stack([index[:, :-1], around[:, 1:], index[:, 1:]], axis=-1).reshape(-1, 3)
    return points + np.array([3.3, -4.7, 300.0]), np.concatenate([first, second])


def reference(points: np.ndarray, faces: np.ndarray, K: np.ndarray, size: tuple[int, int]):
    """Ray casting in camera space, one pixel against all faces: no projection, no edge function."""
    height, width = size
    a, b, c = (points[faces[:, k]] for k in range(3))
    face = np.full(size, -1)
    depth, bary = np.full(size, -1.0), np.full((*size, 3), -1.0)
    volume = np.einsum("fi,fi->f", np.cross(a, b), c)
    for i in range(height):
        for j in range(width):
            ray = np.linalg.solve(K, [j + 0.5, i + 0.5, 1.0])
            weights = np.stack([np.cross(b, c) @ ray, np.cross(c, a) @ ray, np.cross(a, b) @ ray])
            with np.errstate(divide="ignore", invalid="ignore"):
                weights /= volume
            total = weights.sum(0)
            hit = np.flatnonzero((weights >= 0).all(0) & (total > 0))
            if hit.size:
                best = hit[np.argmax(total[hit])]
                face[i, j], depth[i, j] = best, 1 / total[best]
                bary[i, j] = weights[:, best] / total[best]
    return face, bary, depth


K = np.array([[150.0, 0, 32.0], [0, 150.0, 24.0], [0, 0, 1]])


def snapped(points: np.ndarray) -> np.ndarray:
    """Points moved by less than 1/4096 px so that they project exactly onto the grid."""
    screen = project(points, K)
    screen[:, :2] = np.round(screen[:, :2] * 4096) / 4096
    rays = np.concatenate([screen[:, :2], np.ones((len(screen), 1))], axis=1)
    return (rays @ np.linalg.inv(K).T) * screen[:, 2:]


@pytest.mark.parametrize("seed", range(4))
def test_agrees_exactly_with_ray_casting(seed: int) -> None:
    points, faces = sphere(seed)
    points = snapped(points)
    expected = reference(points, faces, K, (48, 64))
    found = rasterize(project(points, K), faces, (48, 64))
    assert (expected[0] >= 0).sum() > 500
    np.testing.assert_array_equal(found.pix_to_face, expected[0])
    np.testing.assert_allclose(found.bary, expected[1], atol=1e-8)
    np.testing.assert_allclose(found.depth, expected[2], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_mirrored_mesh_gives_the_mirrored_image(seed: int) -> None:
    rng = np.random.default_rng(seed)
    screen = np.concatenate(
        [rng.integers(-8, 80, (60, 2)) / 2.0, rng.uniform(1, 9, (60, 1))], axis=1
    )
    faces = rng.integers(0, 60, (120, 3))
    mirrored = screen * [-1, 1, 1] + [64, 0, 0]
    one, other = rasterize(screen, faces, (48, 64)), rasterize(mirrored, faces, (48, 64))
    np.testing.assert_array_equal(one.pix_to_face, other.pix_to_face[:, ::-1])
    np.testing.assert_array_equal(one.bary, other.bary[:, ::-1])
    np.testing.assert_array_equal(one.depth, other.depth[:, ::-1])


def test_closed_surface_has_no_cracks() -> None:
    # Integer corners put pixel centres and edges in the worst alignment.
    grid = np.stack(np.meshgrid(np.arange(0, 41, 4), np.arange(0, 41, 4)), axis=-1) + 2.5
    screen = np.concatenate([grid.reshape(-1, 2), np.full((121, 1), 5.0)], axis=1)
    index = np.arange(121).reshape(11, 11)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1)
    quads = quads.reshape(-1, 4)
    found = rasterize(screen, np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]), (48, 48))
    assert (found.pix_to_face[2:43, 2:43] >= 0).all()
    assert (found.pix_to_face >= 0).sum() == 41 * 41


def test_nearer_face_hides_the_farther_one_and_near_faces_are_left_out() -> None:
    corners = np.array([[0, 0], [20, 0], [0, 20]], dtype=float)
    screen = np.concatenate([np.c_[corners, np.full(3, z)] for z in (3.0, 2.0, 0.5)])
    faces = np.arange(9).reshape(3, 3)
    found = rasterize(screen, faces, (10, 10), near=1.0)
    assert set(np.unique(found.pix_to_face)) == {1}
    np.testing.assert_allclose(found.depth, 2.0)
    assert rasterize(screen, faces[:0], (4, 5)).pix_to_face.max() == -1


def test_bary_interpolates_the_point_under_the_pixel() -> None:
    points, faces = sphere(9)
    found = rasterize(project(points, K), faces, (48, 64))
    inside = found.pix_to_face >= 0
    seen = np.einsum("nk,nki->ni", found.bary[inside], points[faces[found.pix_to_face[inside]]])
    rows, columns = np.nonzero(inside)
    np.testing.assert_allclose(project(seen, K)[:, :2], np.c_[columns + 0.5, rows + 0.5], atol=1e-3)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(RasterizerError):
        rasterize(np.zeros((3, 2)), np.zeros((1, 3), int), (4, 4))
    with pytest.raises(RasterizerError):
        rasterize(np.ones((3, 3)), np.array([[0, 1, 3]]), (4, 4))


def test_pytorch3d_gives_the_same_faces() -> None:
    pytest.importorskip("pytorch3d")
    points, faces = sphere(5)
    screen = project(points, K)
    ours = rasterize(screen, faces, (48, 64))
    theirs: Fragments = rasterize(screen, faces, (48, 64), backend="pytorch3d")
    same = ours.pix_to_face == theirs.pix_to_face
    # Only pixels whose centre lies on an edge to within float32 may differ.
    assert same.mean() > 0.998
    np.testing.assert_allclose(ours.bary[same], theirs.bary[same], atol=1e-3)
