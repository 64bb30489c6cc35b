"""Joints and skinning weights in FLAME's order: root, neck, jaw, left eye, right eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.head.build.source import Source

JOINTS = ("root", "neck", "jaw", "eye_left", "eye_right")
PARENTS = (-1, 0, 1, 1, 1)
_NECK_SHARE = {"neck01": 0.15, "neck02": 0.5, "neck03": 0.9}

Field = NDArray[np.float64]


def skin_weights(source: Source) -> Field:
    """Source-vertex weights (19158,3) of root, neck and jaw, each row summing to one."""

    def chain(bone: str) -> list[str]:
        names = []
        while bone:
            names.append(bone)
            bone = source.bone_parents.get(bone, "")
        return names

    total = np.zeros(len(source.positions))
    neck, jaw = total.copy(), total.copy()
    for bone, weight in source.bone_weights.items():
        total += weight
        ancestors = chain(bone)
        if "jaw" in ancestors:
            jaw += weight
        elif "head" in ancestors:
            neck += weight
        else:
            neck += _NECK_SHARE.get(bone, 0.0) * weight
    safe = np.maximum(total, 1e-9)
    neck, jaw = neck / safe, jaw / safe
    return np.stack([1 - neck - jaw, neck, jaw], axis=1)


def joint_regressor(
    points_mm: Field, mirror: NDArray[np.int64], joint_mm: Field, reach_mm: float
) -> Field:
    """Smallest mirror-even weights (V,), summing to one, whose mean of points is the joint.

    Vertices within `reach_mm` of the joint take part, faded towards the rim.
    """
    distance = np.linalg.norm(points_mm - joint_mm, axis=1)
    distance = np.minimum(distance, distance[mirror])
    soft = np.clip(1 - distance / reach_mm, 0.0, None)
    used = np.flatnonzero(soft > 0)
    system = np.vstack([points_mm[used].T, np.ones(len(used))]) * soft[used]
    weights = np.zeros(len(points_mm))
    weights[used] = soft[used] * np.linalg.lstsq(system, np.append(joint_mm, 1.0))[0]
    return 0.5 * (weights + weights[mirror])


def rotation(axis_angle: Field) -> Field:
    """Rodrigues rotation matrix (3,3)."""
    angle = float(np.linalg.norm(axis_angle))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = axis_angle / angle
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k)


def jaw_corrective(unit: Field, points: Field, weights: Field, joint: Field) -> tuple[Field, float]:
    """What LBS leaves of the jaw-opening unit, per unit of sin(angle), and that angle in rad.

    All lengths share one unit. The opening angle is the one whose skinning explains most.
    """
    best: tuple[float, float, Field] = (np.inf, 0.0, unit)
    for angle in np.radians(np.arange(5.0, 35.0, 0.25)):
        turned = (points - joint) @ rotation(np.array([angle, 0, 0])).T + joint - points
        rest = unit - weights[:, None] * turned
        error = float((rest**2).sum())
        if error < best[0]:
            best = (error, float(angle), rest)
    _, angle, rest = best
    # Correctives act before skinning: turn the remainder back by the vertex's own share.
    undo = np.stack([rotation(np.array([-angle * w, 0, 0])) for w in weights])
    return np.einsum("vij,vj->vi", undo, rest) / np.sin(angle), angle
