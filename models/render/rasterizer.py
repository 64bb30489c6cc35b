"""The rasteriser interface and the choice of its backend; no shading lives here."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.errors import SfpfrError
from models.render import zbuffer

Backend = Literal["zbuffer", "pytorch3d"]


class RasterizerError(SfpfrError):
    """The rasteriser was asked for something it cannot do."""


class Fragments(NamedTuple):
    """What is seen at each pixel; values are -1 where there is nothing (as in PyTorch3D).

    pix_to_face: (H, W) int32 index of the nearest face.
    bary: (H, W, 3) float64 perspective-correct barycentric coordinates in that face.
    depth: (H, W) float64 in the unit of the screen vertices' z.
    """

    pix_to_face: NDArray[np.int32]
    bary: NDArray[np.float64]
    depth: NDArray[np.float64]


def rasterize(
    vertices_screen: NDArray[np.floating],
    faces: NDArray[np.integer],
    size: tuple[int, int],
    *,
    near: float = 1e-6,
    backend: Backend = "zbuffer",
) -> Fragments:
    """Find the nearest face of each pixel of a `size` = (height, width) image.

    vertices_screen: (V, 3) x px, y px, depth > 0, as `project` gives them; the centre of the top
        left pixel is (0.5, 0.5).
    faces: (F, 3) vertex indices; both orientations are drawn. Faces that reach nearer than
        `near` are left out whole: there is no clipping.
    The result is deterministic, and that of a mirrored mesh is exactly the mirrored result when
    its mirrored coordinates are exact to 1/4096 px. Of faces at equal depth the lower index wins.

    Raises RasterizerError for arrays of a wrong shape or a missing backend.
    """
    if vertices_screen.ndim != 2 or vertices_screen.shape[1] != 3:
        raise RasterizerError(f"Screen vertices must be (V, 3), not {vertices_screen.shape}.")
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise RasterizerError(f"Faces must be (F, 3), not {faces.shape}.")
    if faces.size and not 0 <= int(faces.min()) <= int(faces.max()) < len(vertices_screen):
        raise RasterizerError("A face names a vertex that does not exist.")
    if backend == "pytorch3d":
        from models.render.pytorch3d_backend import rasterize_pytorch3d

        return rasterize_pytorch3d(vertices_screen, faces, size, near=near)

    screen = zbuffer.snap(vertices_screen)
    triangles = np.ascontiguousarray(faces, dtype=np.int32)
    pix_to_face = np.full(size, -1, dtype=np.int32)
    depth = np.zeros(size, dtype=np.float64)
    zbuffer.cover(screen, triangles, near, pix_to_face, depth)
    bary = np.empty((*size, 3), dtype=np.float64)
    zbuffer.barycentrics(screen, triangles, pix_to_face, depth, bary, depth)
    return Fragments(pix_to_face, bary, depth)
