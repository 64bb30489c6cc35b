"""Differentiable shaded renders: the z-buffer finds the faces, torch does everything with a slope.

Which face a pixel shows is taken as fixed; within a face, barycentric coordinates, normals and
light are functions of the vertices and the camera, so gradients reach both.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from models.render.rasterizer import Backend, rasterize

# Real spherical harmonics up to order 2 (Ramamoorthi and Hanrahan 2001), for a unit normal.
_SH = (
    0.5 * math.sqrt(1 / math.pi),
    0.5 * math.sqrt(3 / math.pi),
    0.5 * math.sqrt(15 / math.pi),
    0.25 * math.sqrt(5 / math.pi),
    0.25 * math.sqrt(15 / math.pi),
)


class ShadedRender(NamedTuple):
    """image (B, 3, H, W), mask (B, 1, H, W) of 0 and 1, normals (B, 3, H, W), depth (B, 1, H, W).

    Empty pixels are zero in all four. Normals are in the camera's frame.
    """

    image: Tensor
    mask: Tensor
    normals: Tensor
    depth: Tensor


def sh_basis(normals: Tensor) -> Tensor:
    """(..., 9) real spherical harmonics of unit `normals` (..., 3)."""
    x, y, z = normals.unbind(-1)
    return torch.stack(
        [
            torch.full_like(x, _SH[0]),
            _SH[1] * y,
            _SH[1] * z,
            _SH[1] * x,
            _SH[2] * x * y,
            _SH[2] * y * z,
            _SH[3] * (3 * z * z - 1),
            _SH[2] * x * z,
            _SH[4] * (x * x - y * y),
        ],
        dim=-1,
    )


def vertex_normals(vertices: Tensor, faces: Tensor) -> Tensor:
    """(B, V, 3) unit normals of `vertices` (B, V, 3), weighted by the area of the faces."""
    corners = vertices[:, faces]
    weighted = torch.linalg.cross(
        corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
    )
    total = torch.zeros_like(vertices)
    for corner in range(3):
        total = total.index_add(1, faces[:, corner], weighted)
    return torch.nn.functional.normalize(total, dim=-1, eps=1e-20)


def _barycentrics(screen: Tensor, pixels: Tensor) -> Tensor:
    """(N, 3) perspective-correct coordinates of `pixels` (N, 2) in triangles `screen` (N, 3, 3)."""
    xy, z = screen[..., :2], screen[..., 2]
    to_corner = xy - pixels[:, None]
    following = to_corner.roll(-1, dims=1)
    # edge[k] spans corners k and k+1: the weight of corner k+2, or k-1.
    edge = to_corner[..., 0] * following[..., 1] - to_corner[..., 1] * following[..., 0]
    weights = edge.roll(-1, dims=1) / z
    return weights / weights.sum(dim=1, keepdim=True)


def render_shaded(
    vertices: Tensor,
    faces: Tensor,
    K: Tensor,
    size: tuple[int, int],
    *,
    world_to_camera: Tensor | None = None,
    light: Tensor | None = None,
    albedo: Tensor | None = None,
    backend: Backend = "zbuffer",
) -> ShadedRender:
    """Render a mesh under second-order spherical-harmonics light.

    vertices: (B, V, 3), any unit; outward faces (F, 3) run counter-clockwise seen from outside.
    K: (3, 3) or (B, 3, 3); world_to_camera: (4, 4) or (B, 4, 4), OpenCV axes; identity if None.
    size: (height, width). light: (9, 3) or (B, 9, 3) in the camera's frame; a soft frontal light
    if None. albedo: (V, 3) or (B, V, 3) in [0, 1]; 0.7 grey if None.
    Gradients reach vertices, cameras, light and albedo; silhouettes have none.
    """
    batch = vertices.shape[0]
    height, width = size
    camera = vertices
    if world_to_camera is not None:
        pose = world_to_camera.expand(batch, 4, 4)
        camera = vertices @ pose[:, :3, :3].transpose(1, 2) + pose[:, None, :3, 3]
    homogeneous = camera @ K.expand(batch, 3, 3).transpose(1, 2)
    screen = torch.cat([homogeneous[..., :2] / homogeneous[..., 2:], camera[..., 2:]], dim=-1)
    if light is None:
        light = vertices.new_zeros(9, 3)
        light[0], light[2] = 2.2, -1.0  # z points away from the camera: the light comes from it
    light = light.expand(batch, 9, 3)
    if albedo is None:
        albedo = vertices.new_full((1, 3), 0.7).expand(vertices.shape[1], 3)
    albedo = albedo.expand(batch, -1, 3)
    normals = vertex_normals(camera, faces)

    faces_np = faces.detach().cpu().numpy()
    pixels = vertices.new_zeros(batch, height * width, 8)
    for b in range(batch):
        found = rasterize(screen[b].detach().cpu().numpy(), faces_np, size, backend=backend)
        pix_to_face = torch.from_numpy(found.pix_to_face).to(vertices.device).reshape(-1)
        inside = (pix_to_face >= 0).nonzero()[:, 0]
        corners = faces[pix_to_face[inside].long()]
        centre = torch.stack([inside % width, inside // width], dim=1).to(vertices.dtype) + 0.5
        bary = _barycentrics(screen[b][corners], centre)
        attributes = torch.cat([normals[b], albedo[b], camera[b, :, 2:]], dim=1)
        value = (bary[:, :, None] * attributes[corners]).sum(dim=1)
        normal = torch.nn.functional.normalize(value[:, :3], dim=1)
        shade = torch.relu(sh_basis(normal) @ light[b])
        packed = torch.cat([value[:, 3:6] * shade, normal, value[:, 6:]], dim=1)
        ones = torch.ones_like(packed[:, :1])
        pixels[b] = pixels[b].index_put((inside,), torch.cat([packed, ones], dim=1))
    planes = pixels.transpose(1, 2).reshape(batch, 8, height, width)
    return ShadedRender(planes[:, :3], planes[:, 7:], planes[:, 3:6], planes[:, 6:7])
