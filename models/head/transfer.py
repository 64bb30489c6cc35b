"""Carries names, regions, landmarks and units of the open head over to another head's mesh.

Runs at load time on the user's machine; the result stays in memory.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from models.head.asset import HeadArrays, LandmarkArrays, close_lids
from models.head.closest import Surface
from models.head.normals import vertex_normals

Array = NDArray[np.float64]
Ids = NDArray[np.int64]

_FLIP = np.array([-1.0, 1.0, 1.0])
_EVEN, _ODD = 80, 20
# Smoothing of the warp in each round, from stiff to supple.
_AFFINE_ROUNDS = 12
_WARP_ROUNDS = (3e3, 1e3, 3e2, 1e2, 30.0, 10.0, 3.0)
_CONTROLS = 700


def transfer_from_open_head(
    source: HeadArrays,
    landmarks: LandmarkArrays,
    *,
    name: str,
    sha256: str,
    template_mm: Array,
    faces: NDArray[np.int32],
    identity_mm: Array,
    weights: Array,
    joint_regressor: Array,
    pose_mm: Array,
) -> tuple[HeadArrays, LandmarkArrays]:
    """Complete a head given by template (V,3), faces and identity components (V,3,n) in mm.

    The open head is warped onto the template; closest points then carry its expression units
    (with the local change of scale), regions, texture, loops, points and landmarks.
    """
    eyes = [weights[:, joint] > 0.5 for joint in (3, 4)]
    mirror = mirror_map(template_mm, vertex_normals(template_mm, faces))
    warped, scale = warp_onto(source, template_mm, faces, joint_regressor @ template_mm)
    target, origin = Surface(template_mm, faces), Surface(warped, source.faces)

    near, share = origin.nearest_points(template_mm, target.normals)

    def carry(field: Array) -> Array:
        return np.asarray(np.einsum("vk...,vk->v...", field[near], share))

    nearest = near[np.arange(len(near)), share.argmax(axis=1)]
    regions = {
        region: mask[nearest] & mask[nearest][mirror]
        for region, mask in source.regions.items()
        if region not in ("eye_left", "eye_right")
    }
    regions |= {"eye_left": eyes[0], "eye_right": eyes[1]}
    skin = Surface(template_mm, faces[~(eyes[0] | eyes[1])[faces].any(axis=1)])
    here = skin.nearest_vertices(warped, origin.normals)
    loops = _loops(source, here, mirror)
    points = {point: int(here[vertex]) for point, vertex in source.points.items()}
    for side, mask in (("left", eyes[0]), ("right", eyes[1])):
        ball = np.flatnonzero(mask)
        points[f"pupil_{side}"] = int(ball[np.argmax(template_mm[ball, 2])])

    units = scale * carry(source.expression_mm)
    units[eyes[0] | eyes[1]] = 0.0
    twins = source.expression_mirror
    units = 0.5 * (units + (units[mirror] * _FLIP[:, None])[:, :, twins])
    even, odd = even_odd_components(identity_mm, mirror)
    follow_left = carry(source.lid_follow["left"])[:, _kept_pairs(source, here)]
    head = HeadArrays(
        name=name,
        version="",
        sha256=sha256,
        template_mm=template_mm,
        faces=faces,
        mirror=mirror.astype(np.int32),
        uv=_vertex_uv(source)[nearest],
        uv_faces=faces,
        shape_mm=np.concatenate([even, odd], axis=2),
        n_symmetric_shape=even.shape[2],
        expression_names=source.expression_names,
        expression_mm=units,
        expression_mirror=twins,
        weights=weights / weights.sum(axis=1, keepdims=True),
        joint_regressor=joint_regressor,
        pose_mm=pose_mm,
        lid_follow={"left": follow_left, "right": follow_left[mirror]},
        loops=loops,
        points=points,
        regions=regions,
    )
    return close_lids(head), _landmarks(source, landmarks, warped, target, mirror, eyes)


def mirror_map(points: Array, normals: Array) -> Ids:
    """Involution (V,) that sends each vertex to the one nearest to its mirror image."""
    key = np.concatenate([points, 5.0 * normals], axis=1)
    image = np.concatenate([points * _FLIP, 5.0 * normals * _FLIP], axis=1)
    near = np.asarray(cKDTree(key).query(image)[1])
    own = np.arange(len(points))
    mirror = np.where(near[near] == own, near, own)
    left_over = np.flatnonzero(near[near] != own)
    if len(left_over):
        # The rest is paired left with right at least total distance; a lone one stays itself.
        left = left_over[points[left_over, 0] > 0]
        right = left_over[points[left_over, 0] < 0]
        rows, columns = linear_sum_assignment(cdist(image[left], key[right]))
        mirror[left[rows]], mirror[right[columns]] = right[columns], left[rows]
    return mirror


def warp_onto(
    source: HeadArrays, template_mm: Array, faces: NDArray[np.int32], joints_mm: Array
) -> tuple[Array, float]:
    """The open head's vertices (V,3) laid onto another template, and the scale between them.

    Eyes fix size and place; then ever suppler thin-plate warps pull the skin on.
    """
    goal = Surface(template_mm, faces)
    eyes = (source.joint_regressor @ source.template_mm)[3:5]
    scale = float(np.linalg.norm(joints_mm[3] - joints_mm[4]) / np.linalg.norm(eyes[0] - eyes[1]))
    moved = (source.template_mm - eyes.mean(axis=0)) * scale + joints_mm[3:5].mean(axis=0)
    if len(moved) == len(template_mm) and np.abs(moved - template_mm).max() < 1e-3:
        return moved, scale
    controls = _spread_controls(source)
    start = moved
    for _ in range(_AFFINE_ROUNDS):
        hit, good = _pull(goal, moved, source, controls)
        known = np.column_stack([start[controls][good], np.ones(int(good.sum()))])
        moved = np.column_stack([start, np.ones(len(start))]) @ np.linalg.lstsq(known, hit[good])[0]
    for smoothing in _WARP_ROUNDS:
        hit, good = _pull(goal, moved, source, controls)
        moved = np.asarray(
            RBFInterpolator(start[controls][good], hit[good], smoothing=smoothing)(start)
        )
    return moved, scale


def _pull(
    goal: Surface, moved: Array, source: HeadArrays, controls: Ids
) -> tuple[Array, NDArray[np.bool_]]:
    """Where the controls (n,) of the moved head meet the other surface, and which do so well."""
    normals = vertex_normals(moved, source.faces)[controls]
    vertices, share = goal.nearest_points(moved[controls], normals)
    hit = np.einsum("nkc,nk->nc", goal.points[vertices], share)
    gap = np.linalg.norm(hit - moved[controls], axis=1)
    return hit, gap <= max(2.5 * float(np.median(gap)), 10.0)


def _spread_controls(source: HeadArrays) -> Ids:
    """Well-spread skin vertices, denser on the face, found by farthest points."""
    candidates = np.flatnonzero(
        source.regions["skin"] & ~source.regions["inside"] & ~source.regions["ear"]
    )
    points = source.template_mm[candidates]
    density = np.where(source.regions["face"], 1.0, 0.4) + source.regions["perioral"]
    points = points * density[candidates, None]
    chosen = [0]
    distance = np.linalg.norm(points - points[0], axis=1)
    for _ in range(min(_CONTROLS, len(points)) - 1):
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return candidates[chosen]


def even_odd_components(identity_mm: Array, mirror: Ids) -> tuple[Array, Array]:
    """Unit-variance components (V,3,k) of the even and the odd parts of (V,3,n)."""
    flipped = identity_mm[mirror] * _FLIP[:, None]
    result = []
    for part, count in ((identity_mm + flipped, _EVEN), (identity_mm - flipped, _ODD)):
        flat = 0.5 * part.reshape(-1, part.shape[2])
        values, vectors = np.linalg.eigh(flat.T @ flat)
        order = np.argsort(values)[::-1][:count]
        result.append((flat @ vectors[:, order]).reshape(*part.shape[:2], -1))
    return result[0], result[1]


def _kept_pairs(source: HeadArrays, here: Ids) -> Ids:
    """Margin pairs whose vertices stay distinct on the other mesh (on the left eye)."""
    kept: list[int] = []
    seen: set[int] = set()
    upper, lower = source.loops["lid_upper_left"], source.loops["lid_lower_left"]
    last = len(upper) - 1
    for k in [0, last, *range(1, last)]:
        ends = {int(here[upper[k]]), int(here[lower[k]])}
        if (len(ends) == 2 or k in (0, last)) and not ends & seen:
            kept.append(k)
            seen |= ends
    return np.array(sorted(kept))


def _loops(source: HeadArrays, here: Ids, mirror: Ids) -> dict[str, NDArray[np.int32]]:
    loops = {name: here[ids].astype(np.int32) for name, ids in source.loops.items()}
    kept = _kept_pairs(source, here)
    for lid in ("upper", "lower"):
        left = here[source.loops[f"lid_{lid}_left"]][kept]
        if lid == "lower":
            left[[0, -1]] = loops["lid_upper_left"][[0, -1]]
        loops[f"lid_{lid}_left"] = left.astype(np.int32)
        loops[f"lid_{lid}_right"] = mirror[left].astype(np.int32)
    return loops


def _vertex_uv(source: HeadArrays) -> Array:
    uv = np.zeros((len(source.template_mm), 2))
    uv[source.faces.ravel()] = source.uv[source.uv_faces.ravel()]
    return uv


def _landmarks(
    source: HeadArrays,
    landmarks: LandmarkArrays,
    warped: Array,
    target: Surface,
    mirror: Ids,
    eyes: list[NDArray[np.bool_]],
) -> LandmarkArrays:
    """Landmarks dropped on the other mesh: skin ones on skin, irises on the eyeballs."""
    normals = vertex_normals(warped, source.faces)
    goal = (warped[landmarks.vertices] * landmarks.weights[..., None]).sum(axis=1)
    vertices, weights = np.zeros((478, 3), np.int64), np.zeros((478, 3))
    ball = eyes[0] | eyes[1]
    for mask, marks in (
        (~ball, slice(0, 468)),
        (eyes[1], slice(468, 473)),
        (eyes[0], slice(473, 478)),
    ):
        part = Surface(target.points, target.faces[mask[target.faces].all(axis=1)])
        near = part.nearest_vertices(warped, normals)[landmarks.vertices[marks]]
        vertices[marks], weights[marks] = part.points_around(goal[marks], near)
    # The left half decides, so that the embedding is as symmetric as the mesh.
    left = goal[:, 0] > 1e-6
    right = landmarks.mirror[left]
    vertices[right], weights[right] = mirror[vertices[left]], weights[left]
    return replace(landmarks, vertices=vertices.astype(np.int32), weights=weights)
