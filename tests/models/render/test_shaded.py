"""The differentiable render: its gradients, its agreement with the rasteriser, its symmetry."""

import numpy as np
import torch

from models.render import project, rasterize
from models.render.shaded import render_shaded, vertex_normals

K = torch.tensor([[60.0, 0, 16.0], [0, 60.0, 12.0], [0, 0, 1]], dtype=torch.float64)
SIZE = (24, 32)


def dome() -> tuple[torch.Tensor, torch.Tensor]:
    """A smooth bump facing the camera."""
    grid = torch.linspace(-1, 1, 9, dtype=torch.float64)
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    points = torch.stack([x, y, 5 + 0.6 * (x * x + y * y)], dim=-1).reshape(-1, 3)
    index = torch.arange(81).reshape(9, 9)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = torch.cat([torch.stack([a, c, b], -1), torch.stack([a, d, c], -1)]).reshape(-1, 3)
    return points, faces


def test_covers_what_the_rasteriser_covers_and_normals_face_the_camera() -> None:
    points, faces = dome()
    render = render_shaded(points[None], faces, K, SIZE)
    found = rasterize(project(points.numpy(), K.numpy()), faces.numpy(), SIZE)
    np.testing.assert_array_equal(render.mask[0, 0].numpy() > 0, found.pix_to_face >= 0)
    inside = render.mask[0, 0] > 0
    assert render.normals[0, 2][inside].max() < 0
    np.testing.assert_allclose(
        render.depth[0, 0][inside].numpy(), found.depth[found.pix_to_face >= 0], rtol=1e-4
    )
    assert render.image[0, :, inside].mean() > 0.2
    assert render.image[0, :, ~inside].abs().max() == 0


def test_gradients_to_vertices_camera_light_and_albedo() -> None:
    points, faces = dome()
    pose = torch.eye(4, dtype=torch.float64)
    light = torch.randn(9, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    light[0] += 6
    albedo = torch.full((81, 3), 0.6, dtype=torch.float64)
    weight = torch.randn(3, *SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def loss(v: torch.Tensor, m: torch.Tensor, s: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        render = render_shaded(v[None], faces, K, SIZE, world_to_camera=m, light=s, albedo=c)
        # Border pixels change their face under a small move: the fixed-face slope is not theirs.
        inner = render.mask[0, :, 4:-4, 6:-6]
        assert inner.min() > 0
        return (render.image[0, :, 4:-4, 6:-6] * weight[:, 4:-4, 6:-6]).sum()[None]

    inputs = tuple(x.clone().requires_grad_() for x in (points, pose, light, albedo))
    assert torch.autograd.gradcheck(loss, inputs, eps=1e-7, atol=2e-4, nondet_tol=0)


def test_mirrored_mesh_under_mirrored_light_gives_the_mirrored_image() -> None:
    points, faces = dome()
    light = torch.zeros(9, 3, dtype=torch.float64)
    light[0], light[3] = 2.0, 1.0
    left = render_shaded(points[None], faces, K, SIZE, light=light).image[0]
    light[3] = -1.0
    mirrored = points * torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    right = render_shaded(mirrored[None], faces[:, [0, 2, 1]], K, SIZE, light=light).image[0]
    torch.testing.assert_close(left, right.flip(-1), atol=1e-9, rtol=0)
    assert left[0, 12, 24] > left[0, 12, 8]


def test_normals_are_unit_and_turn_with_the_mesh() -> None:
    points, faces = dome()
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))[0]
    turn = turn * torch.linalg.det(turn)
    normals = vertex_normals(points[None], faces)
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones(1, 81, dtype=torch.float64))
    torch.testing.assert_close(vertex_normals(points[None] @ turn.T, faces), normals @ turn.T)
