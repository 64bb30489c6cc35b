"""Lays the source's texture islands out upright and symmetric; painting happens elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from models.head.build.triangles import HalfMesh

Field = NDArray[np.float64]

# The face fills the sheet above this height; smaller islands share the strip below.
_STRIP = 0.17
_MARGIN = 0.012


def upright_layout(half: HalfMesh) -> Field:
    """Texture coordinates (f,3,2) of the left half: u in 0.5..1 to the subject's left, v upwards.

    The source's face lies on its side with the midline horizontal; the midline becomes u = 0.5,
    so that the right half is the image u -> 1 - u. Other islands (ear, inside of mouth and lids)
    go below it.
    """
    flat = half.uv.reshape(-1, 2)
    _, corner = np.unique(np.round(flat, 6), axis=0, return_inverse=True)
    corner = corner.reshape(-1, 3)
    links = sparse.coo_matrix(
        (np.ones(2 * len(corner)), (corner[:, [0, 1]].ravel(), corner[:, [1, 2]].ravel()))
    )
    size = int(corner.max()) + 1
    links = sparse.coo_matrix((links.data, (links.row, links.col)), shape=(size, size))
    _, island_of = connected_components(links, directed=False)
    island = island_of[corner[:, 0]]
    order = np.argsort(-np.bincount(island), kind="stable")

    laid = np.zeros_like(half.uv)
    face = island == order[0]
    across, down = half.uv[face][..., 1], half.uv[face][..., 0]
    axis = across.min()
    laid[face, :, 0] = 0.5 + (0.5 - _MARGIN) * (across - axis) / (across.max() - axis)
    rise = (down.max() - down) / (down.max() - down.min())
    laid[face, :, 1] = _STRIP + (1 - _STRIP - _MARGIN) * rise
    width = (0.5 - _MARGIN) / max(len(order) - 1, 1)
    for place, label in enumerate(order[1:]):
        mine = island == label
        low, high = half.uv[mine].min(axis=(0, 1)), half.uv[mine].max(axis=(0, 1))
        corner_uv = np.array([0.5 + _MARGIN + place * width, _MARGIN])
        room = np.array([width - _MARGIN, _STRIP - 2 * _MARGIN])
        laid[mine] = corner_uv + room * (half.uv[mine] - low) / (high - low)
    return laid
