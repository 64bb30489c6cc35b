"""The z-buffer kernels behind the CPU rasteriser; compiled by numba, one image at a time.

Coordinates are snapped to 1/4096 px. Every edge function is then a sum of two products of short
binary fractions, which float64 holds exactly up to 8,192 px: coverage has no rounding at all,
so a mirrored mesh covers exactly the mirrored pixels.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

SUBPIXELS = 4096.0

Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]


def snap(vertices_screen: NDArray[np.floating]) -> Float64:
    """(V, 3) float64 copy with x and y rounded to the sub-pixel grid; the depth is untouched."""
    snapped = np.array(vertices_screen, dtype=np.float64, order="C")
    snapped[:, :2] = np.round(snapped[:, :2] * SUBPIXELS) / SUBPIXELS
    return snapped


@numba.njit(cache=True, nogil=True)
def _clamp(value: float, low: int, high: int) -> int:
    """`value` as an index inside [low, high]; guards the cast against huge coordinates."""
    if not value > low:
        return low
    if value > high:
        return high
    return int(value)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def cover(
    screen: Float64,
    faces: Int32,
    near: float,
    pix_to_face: Int32,
    inverse_depth: Float64,
) -> None:
    """Fill `pix_to_face` (H, W) and `inverse_depth` (H, W) with the nearest face of each pixel.

    The buffers may hold an earlier pass (-1 and 0 where empty). Edges are inclusive; of faces at
    the same depth the one with the lower index stays. A top-left rule would give a pixel on a
    shared vertical edge to the other face once the mesh is mirrored; this rule does not.
    Faces with a vertex nearer than `near` and degenerate ones are left out.
    """
    height, width = pix_to_face.shape
    for f in range(faces.shape[0]):
        a, b, c = np.uintp(faces[f, 0]), np.uintp(faces[f, 1]), np.uintp(faces[f, 2])
        az, bz, cz = screen[a, 2], screen[b, 2], screen[c, 2]
        if not (az >= near and bz >= near and cz >= near):
            continue
        ax, ay = screen[a, 0], screen[a, 1]
        bx, by = screen[b, 0], screen[b, 1]
        cx, cy = screen[c, 0], screen[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0.0 or not np.isfinite(area):
            continue
        sign = 1.0 if area > 0.0 else -1.0
        j0 = _clamp(np.ceil(min(ax, bx, cx) - 0.5), 0, width)
        j1 = _clamp(np.floor(max(ax, bx, cx) - 0.5) + 1.0, 0, width)
        i0 = _clamp(np.ceil(min(ay, by, cy) - 0.5), 0, height)
        i1 = _clamp(np.floor(max(ay, by, cy) - 0.5) + 1.0, 0, height)
        if j0 >= j1 or i0 >= i1:
            continue
        # Edge functions opposite a, b, c and their steps along a row.
        dxa, dxb, dxc = sign * (by - cy), sign * (cy - ay), sign * (ay - by)
        dya, dyb, dyc = sign * (cx - bx), sign * (ax - cx), sign * (bx - ax)
        scale = 1.0 / (sign * area)
        ia, ib, ic = 1.0 / az, 1.0 / bz, 1.0 / cz
        for i in range(i0, i1):
            y = i + 0.5
            # Edge functions at the centre of column 0, exact like everything made of them.
            wa = dxa * (0.5 - bx) + dya * (y - by)
            wb = dxb * (0.5 - cx) + dyb * (y - cy)
            wc = dxc * (0.5 - ax) + dyc * (y - ay)
            # Thin faces cover little of their box: solve for the row's span, one pixel wider
            # than rounding could make it, and let the exact test below decide.
            low, high = float(j0), float(j1 - 1)
            for w, dx in ((wa, dxa), (wb, dxb), (wc, dxc)):
                if dx > 0.0:
                    low = max(low, -w / dx - 1.0)
                elif dx < 0.0:
                    high = min(high, -w / dx + 1.0)
                elif w < 0.0:
                    high = low - 1.0
            for j in range(int(low), int(high) + 1):
                ea, eb, ec = wa + dxa * j, wb + dxb * j, wc + dxc * j
                if ea >= 0.0 and eb >= 0.0 and ec >= 0.0 and j < j1:
                    inverse = (ea * ia + eb * ib + ec * ic) * scale
                    if inverse > inverse_depth[i, j]:
                        inverse_depth[i, j] = inverse
                        pix_to_face[i, j] = f


@numba.njit(cache=True, nogil=True, error_model="numpy")
def barycentrics(
    screen: Float64,
    faces: Int32,
    pix_to_face: Int32,
    inverse_depth: Float64,
    bary: Float64,
    depth: Float64,
) -> None:
    """Perspective-correct `bary` (H, W, 3) and `depth` (H, W) of covered pixels; -1 elsewhere."""
    height, width = pix_to_face.shape
    for i in range(height):
        y = i + 0.5
        for j in range(width):
            f = pix_to_face[i, j]
            if f < 0:
                bary[i, j, 0] = bary[i, j, 1] = bary[i, j, 2] = -1.0
                depth[i, j] = -1.0
                continue
            x = j + 0.5
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            ax, ay = screen[a, 0], screen[a, 1]
            bx, by = screen[b, 0], screen[b, 1]
            cx, cy = screen[c, 0], screen[c, 1]
            wa = abs((by - cy) * (x - bx) + (cx - bx) * (y - by)) / screen[a, 2]
            wb = abs((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / screen[b, 2]
            wc = abs((ay - by) * (x - ax) + (bx - ax) * (y - ay)) / screen[c, 2]
            total = 1.0 / (wa + wb + wc)
            bary[i, j, 0] = wa * total
            bary[i, j, 1] = wb * total
            bary[i, j, 2] = wc * total
            depth[i, j] = 1.0 / inverse_depth[i, j]
