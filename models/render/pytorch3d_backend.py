"""The PyTorch3D backend of the rasteriser, imported on request only: for CUDA machines."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from models.render.rasterizer import Fragments, RasterizerError


def rasterize_pytorch3d(
    vertices_screen: NDArray[np.floating],
    faces: NDArray[np.integer],
    size: tuple[int, int],
    *,
    near: float = 1e-6,
) -> Fragments:
    """Rasterise with PyTorch3D; arguments and result as in `models.render.rasterize`.

    Raises RasterizerError where PyTorch3D is not installed.
    """
    try:
        from pytorch3d.renderer.mesh.rasterize_meshes import rasterize_meshes
        from pytorch3d.structures import Meshes
    except ImportError as error:
        raise RasterizerError(
            "PyTorch3D is not installed.", 'Use backend="zbuffer", or the GPU image.'
        ) from error

    height, width = size
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    screen = torch.as_tensor(np.asarray(vertices_screen), dtype=torch.float32, device=device)
    # PyTorch3D's NDC: x to the left, y up, the shorter image side spans [-1, 1].
    half = min(height, width) / 2
    x = (width / 2 - screen[:, 0]) / half
    y = (height / 2 - screen[:, 1]) / half
    triangles = torch.as_tensor(np.asarray(faces), dtype=torch.int64, device=device)
    index = (screen[triangles, 2] >= near).all(dim=1).nonzero()[:, 0]
    mesh = Meshes([torch.stack([x, y, screen[:, 2]], dim=1)], [triangles[index]])
    pix_to_face, depth, bary, _ = rasterize_meshes(
        mesh,
        image_size=(height, width),
        blur_radius=0.0,
        faces_per_pixel=1,
        perspective_correct=True,
        cull_backfaces=False,
    )
    found = pix_to_face[0, :, :, 0]
    original = torch.where(found >= 0, index[found.clamp(min=0)], found)
    return Fragments(
        original.to(torch.int32).cpu().numpy(),
        bary[0, :, :, 0].double().cpu().numpy(),
        depth[0, :, :, 0].double().cpu().numpy(),
    )
