"""Turns the polygon skin into mirrored triangles and thins ears and scalp; geometry only."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.head.build.surface import Skin


@dataclass
class HalfMesh:
    """Triangles of the left half (x >= 0): faces (f,3) of skin ids, corner uv (f,3,2)."""

    faces: NDArray[np.int64]
    uv: NDArray[np.float64]


def left_half(skin: Skin, positions: NDArray[np.float64]) -> HalfMesh:
    """Triangulate the polygons of the left half with the best-shaped diagonals."""
    faces: list[tuple[int, int, int]] = []
    uv: list[NDArray[np.float64]] = []
    for loop, texture in zip(skin.polygons, skin.textures, strict=True):
        if positions[loop, 0].mean() <= 0:
            continue
        for i, j, k in _best_triangulation(positions[loop]):
            faces.append((loop[i], loop[j], loop[k]))
            uv.append(texture[[i, j, k]])
    return HalfMesh(np.array(faces), np.array(uv))


def _best_triangulation(points: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """Minimum-cost triangulation of a small polygon; cost = squared edges over area."""
    n = len(points)
    best: dict[tuple[int, int], tuple[float, int]] = {(i, i + 1): (0.0, -1) for i in range(n - 1)}
    for span in range(2, n):
        for i in range(n - span):
            j = i + span
            best[i, j] = min(
                (best[i, k][0] + best[k, j][0] + _badness(points[[i, k, j]]), k)
                for k in range(i + 1, j)
            )

    def collect(i: int, j: int) -> list[tuple[int, int, int]]:
        k = best[i, j][1]
        return [] if k < 0 else [(i, k, j), *collect(i, k), *collect(k, j)]

    return collect(0, n - 1)


def _badness(corners: NDArray[np.float64]) -> float:
    edges = corners - np.roll(corners, 1, axis=0)
    area = float(np.linalg.norm(np.cross(edges[0], edges[1])))
    # Rounded so that equal shapes tie exactly and the choice does not hang on the last bit.
    return round(float((edges**2).sum()) / max(area, 1e-9), 6)


def thin(
    half: HalfMesh,
    positions: NDArray[np.float64],
    cost_factor: NDArray[np.float64],
    collapses: int,
) -> HalfMesh:
    """Half-edge collapses of lowest quadric cost; vertices with infinite factor stay.

    Boundary, midline and texture-seam vertices are kept too. Raises ValueError when fewer than
    `collapses` are possible.
    """
    faces = [tuple(int(v) for v in face) for face in half.faces]
    uv = {i: half.uv[i].copy() for i in range(len(faces))}
    around: dict[int, set[int]] = {}
    for i, face in enumerate(faces):
        for v in face:
            around.setdefault(v, set()).add(i)
    quadric = {v: _quadric([positions[list(faces[i])] for i in ids]) for v, ids in around.items()}
    alive = set(range(len(faces)))

    def ring(v: int) -> set[int]:
        return {w for i in around[v] for w in faces[i]} - {v}

    def fixed(v: int) -> bool:
        if not np.isfinite(cost_factor[v]) or positions[v, 0] < 1e-6:
            return True
        corner = np.array([uv[i][faces[i].index(v)] for i in around[v]])
        return len(ring(v)) != len(around[v]) or float(np.ptp(corner, axis=0).max()) > 1e-6

    def cost(u: int, v: int) -> float:
        point = np.append(positions[v], 1.0)
        length = float(np.linalg.norm(positions[u] - positions[v]))
        error = float(point @ (quadric[u] + quadric[v]) @ point)
        return float(cost_factor[u]) * (abs(error) + 1e-4 * length**4 + 1e-12)

    movable = {v for v in around if not fixed(v)}
    heap = [(cost(u, v), u, v) for u in sorted(movable) for v in sorted(ring(u))]
    heapq.heapify(heap)
    done = 0
    while done < collapses:
        if not heap:
            raise ValueError(f"only {done} of {collapses} collapses are possible")
        price, u, v = heapq.heappop(heap)
        if u not in movable or v not in around or v not in ring(u):
            continue
        if price < cost(u, v) - 1e-15:
            heapq.heappush(heap, (cost(u, v), u, v))
            continue
        shared = around[u] & around[v]
        if len(ring(u) & ring(v)) != 2 or len(shared) != 2:
            continue
        if not _keeps_orientation(u, v, around[u] - shared, faces, positions):
            continue
        known = uv[min(shared)][faces[min(shared)].index(v)]
        for i in around[u] - shared:
            uv[i][faces[i].index(u)] = known
            faces[i] = tuple(v if w == u else w for w in faces[i])
            around[v].add(i)
        for i in shared:
            alive.discard(i)
            for w in faces[i]:
                around[w].discard(i)
        quadric[v] = quadric[u] + quadric[v]
        del around[u]
        movable.discard(u)
        done += 1
        for w in sorted(ring(v)):
            if w in movable:
                heapq.heappush(heap, (cost(w, v), w, v))
            if v in movable:
                heapq.heappush(heap, (cost(v, w), v, w))
    kept = sorted(alive)
    return HalfMesh(np.array([faces[i] for i in kept]), np.array([uv[i] for i in kept]))


def _quadric(triangles: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    total = np.zeros((4, 4))
    for a, b, c in triangles:
        normal = np.cross(b - a, c - a)
        area = float(np.linalg.norm(normal))
        if area > 0:
            plane = np.append(normal / area, -float(normal @ a) / area)
            total += area * np.outer(plane, plane)
    return total


def _keeps_orientation(
    u: int,
    v: int,
    ids: set[int],
    faces: list[tuple[int, ...]],
    positions: NDArray[np.float64],
) -> bool:
    for i in ids:
        before = positions[list(faces[i])]
        after = positions[[v if w == u else w for w in faces[i]]]
        n0 = np.cross(before[1] - before[0], before[2] - before[0])
        n1 = np.cross(after[1] - after[0], after[2] - after[0])
        if float(n0 @ n1) < 0.5 * float(np.linalg.norm(n0) * np.linalg.norm(n1)):
            return False
    return True


@dataclass(frozen=True)
class Mirrored:
    """The whole skin: midline vertices first, then left, then right in the same order."""

    rows: sparse.csr_matrix
    faces: NDArray[np.int64]
    uv: NDArray[np.float64]
    mirror: NDArray[np.int64]
    skin_ids: NDArray[np.int64]


def split_crown(
    half: HalfMesh, skin: Skin, positions: NDArray[np.float64]
) -> tuple[HalfMesh, sparse.csr_matrix]:
    """Split the longest midline edge of the crown, adding one vertex; returns rows extended."""
    faces, uv = half.faces, half.uv
    best: tuple[float, int, int] = (-1.0, 0, 0)
    for i, face in enumerate(faces):
        for k in range(3):
            a, b = face[k], face[(k + 1) % 3]
            ends = positions[[a, b]]
            if np.all(np.abs(ends[:, 0]) < 1e-9) and ends[:, 1].min() > 8.1:
                best = max(best, (float(np.linalg.norm(ends[0] - ends[1])), i, k))
    _, i, k = best
    a, b, c = faces[i][[k, (k + 1) % 3, (k + 2) % 3]]
    ua, ub, uc = uv[i][[k, (k + 1) % 3, (k + 2) % 3]]
    rows = sparse.vstack([skin.rows, 0.5 * (skin.rows[a] + skin.rows[b])]).tocsr()
    new, middle = len(positions), 0.5 * (ua + ub)
    faces = np.vstack([np.delete(faces, i, 0), [[a, new, c], [new, b, c]]])
    uv = np.concatenate([np.delete(uv, i, 0), [[ua, middle, uc], [middle, ub, uc]]])
    return HalfMesh(faces, uv), rows


def mirrored(
    half: HalfMesh,
    rows: sparse.csr_matrix,
    positions: NDArray[np.float64],
    source_mirror: NDArray[np.int64],
) -> Mirrored:
    """Join the half with its mirror image; texture is mirrored about u = 0.5."""
    used = np.unique(half.faces)
    on_midline = np.abs(positions[used, 0]) < 1e-9
    middle, left = used[on_midline], used[~on_midline]
    m, n = len(middle), len(left)
    number = np.full(len(positions), -1)
    number[middle] = np.arange(m)
    number[left] = m + np.arange(n)
    mirror = np.concatenate([np.arange(m), m + n + np.arange(n), m + np.arange(n)])
    faces_left = number[half.faces]
    faces = np.concatenate([faces_left, mirror[faces_left][:, ::-1]])
    uv_right = half.uv[:, ::-1].copy()
    uv_right[..., 0] = 1 - uv_right[..., 0]
    left_rows = rows[np.concatenate([middle, left])]
    right_rows = rows[left][:, source_mirror]
    # Midline rows come from both sides of the face; averaging makes them exactly even.
    even = 0.5 * (left_rows[:m] + left_rows[:m][:, source_mirror])
    whole = sparse.vstack([even, left_rows[m:], right_rows]).tocsr()
    ids = np.concatenate([middle, left, left])
    return Mirrored(whole, faces, np.concatenate([half.uv, uv_right]), mirror, ids)
