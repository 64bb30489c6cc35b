"""Nearest points on a mesh, against brute force over a dense sampling of every triangle."""

import numpy as np
from scipy.spatial import ConvexHull

from models.evaluation.surface import Surface


def sphere(radius: float, count: int = 900) -> tuple[np.ndarray, np.ndarray]:
    """A closed triangulated sphere with outward faces."""
    index = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * index / count), np.pi * (1 + 5**0.5) * index
    points = radius * np.stack(
        [np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1
    )
    return points, ConvexHull(points).simplices.astype(np.int64)


def test_agrees_with_dense_sampling_of_uneven_triangles() -> None:
    draw = np.random.default_rng(5)
    sizes = np.repeat([0.3, 30.0], (40, 3))
    vertices = (
        draw.normal(size=(43, 1, 3)) * 20 + draw.normal(size=(43, 3, 3)) * sizes[:, None, None]
    )
    faces = np.arange(129).reshape(-1, 3)
    points = draw.normal(size=(60, 3)) * 25
    found = Surface(vertices.reshape(-1, 3), faces).nearest(points)

    u, v = np.meshgrid(np.linspace(0, 1, 150), np.linspace(0, 1, 150))
    inside = u + v <= 1
    weights = np.stack([1 - u - v, u, v], axis=-1)[inside]
    samples = np.einsum("sc,fcd->fsd", weights, vertices).reshape(-1, 3)
    by_sampling = np.array([np.linalg.norm(samples - point, axis=1).min() for point in points])
    assert (found.distance <= by_sampling + 1e-9).all()
    np.testing.assert_allclose(found.distance, by_sampling, atol=0.35)
    np.testing.assert_allclose(np.linalg.norm(found.points - points, axis=1), found.distance)


def test_distance_to_a_sphere_is_known() -> None:
    vertices, faces = sphere(50.0)
    directions = np.random.default_rng(1).normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = Surface(vertices, faces).nearest(60.0 * directions)
    np.testing.assert_allclose(found.distance, 10.0, atol=0.4)
    assert not found.on_rim.any()


def test_the_rim_of_an_open_surface_is_known() -> None:
    square = np.array([[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0]], dtype=float)
    surface = Surface(square, np.array([[0, 1, 2], [0, 2, 3]]))
    points = np.array([[5.0, 4.0, 3.0], [5.0, 5.0, 3.0], [15.0, 5.0, 0.0], [-1.0, -1.0, 0.0]])
    found = surface.nearest(points)
    assert found.on_rim.tolist() == [False, False, True, True]
    np.testing.assert_allclose(found.distance, [3, 3, 5, 2**0.5])
