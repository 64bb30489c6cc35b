"""The frame of reference: rigid fits, the head frame and the symmetry plane; no measures.

Source: `clinical.md`, "Principles that decide the design", point 2, and "Measures". Everything
is in millimetres; +x is the subject's left, +y up, +z forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import UnusableInputError
from models.reconstruction import Array

if TYPE_CHECKING:
    from models.head.topology import Topology

# Left/right deviations of this size are ordinary anatomy and noise: pairs within it decide the
# plane, a droop of several millimetres does not.
_ORDINARY_DEVIATION_MM = 1.0
_ROUNDS = 25
_STEADY_ROUNDS = 6
# The re-weighting begins with a scale at which every vertex counts, and narrows it.
_FIRST_SCALE_MM = 8.0
_NARROWING = 0.75
# The few stable vertices lie near the midline: alone they would tilt the plane by degrees with
# the ordinary asymmetry of a nose, without them a hemiface that hangs as a whole would.
_STABLE_SHARE = 0.4


@dataclass(frozen=True)
class SymmetryPlane:
    """The mid-sagittal plane: points x with normal . x = offset_mm.

    normal: (3,) unit vector towards the subject's left. residual_mm: weighted RMS distance
    between the stable region and its own reflection at the fit; 0 for an exactly symmetric one.
    """

    normal: Array
    offset_mm: float
    residual_mm: float = 0.0

    def __post_init__(self) -> None:
        """Raise `UnusableInputError` for a normal that is not a unit vector to the left."""
        normal = np.asarray(self.normal, dtype=np.float64)
        if normal.shape != (3,) or not abs(np.linalg.norm(normal) - 1.0) < 1e-3 or normal[0] <= 0:
            raise UnusableInputError(
                "The symmetry plane does not have a unit normal towards the patient's left.",
                "Let the subject file be written anew.",
            )
        object.__setattr__(self, "normal", normal)

    @classmethod
    def from_array(cls, plane: ArrayLike) -> SymmetryPlane:
        """Read the (4,) normal and offset of a `Subject`."""
        values = np.asarray(plane, dtype=np.float64)
        if values.shape != (4,):
            raise UnusableInputError(
                "A symmetry plane consists of four numbers.",
                "Let the subject file be written anew.",
            )
        return cls(values[:3], float(values[3]))

    def as_array(self) -> Array:
        """(4,) normal and offset, as a `Subject` stores them."""
        return np.append(self.normal, self.offset_mm)

    @property
    def axes(self) -> Array:
        """(3, 3) rows: the plane's normal, up within the plane, forward within the plane."""
        return plane_axes(self.normal)

    def coordinates(self, points_mm: NDArray[np.floating]) -> Array:
        """(..., 3) points as (signed distance to the left, up, forward) in mm."""
        return np.asarray(points_mm @ self.axes.T - np.array([self.offset_mm, 0.0, 0.0]))

    def reflect(self, points_mm: NDArray[np.floating]) -> Array:
        """(..., 3) the points' mirror images."""
        distance = points_mm @ self.normal - self.offset_mm
        return np.asarray(points_mm - 2.0 * distance[..., None] * self.normal)


def plane_axes(normal: Array) -> Array:
    """(..., 3) unit normals -> (..., 3, 3) rows left, up, forward; up stays near +y."""
    up = np.array([0.0, 1.0, 0.0]) - normal[..., 1:2] * normal
    up = up / np.linalg.norm(up, axis=-1, keepdims=True)
    return np.stack([normal, up, np.cross(normal, up)], axis=-2)


def best_plane(points_mm: Array, mirrored_mm: Array, weights: Array) -> tuple[Array, Array]:
    """The plane whose reflection takes `mirrored_mm` nearest to `points_mm`, in closed form.

    points_mm, mirrored_mm: (..., N, 3) pairs; weights: (N,). Returns normals (..., 3), pointing
    to +x, and offsets (...). With p, q a pair, the squared distance of p to the reflection of q
    is |p - q|^2 + 4 (n.p - o)(n.q - o): a quadratic form of n once o is eliminated.
    """
    total = weights.sum()
    centre = np.einsum("n,...nc->...c", weights, points_mm + mirrored_mm) / (2.0 * total)
    p = points_mm - centre[..., None, :]
    q = mirrored_mm - centre[..., None, :]
    cross = np.einsum("n,...ni,...nj->...ij", weights, p, q)
    _, vectors = np.linalg.eigh(cross + np.swapaxes(cross, -1, -2))
    normal = vectors[..., :, 0]
    normal = normal * np.where(normal[..., :1] < 0, -1.0, 1.0)
    return normal, np.einsum("...c,...c->...", normal, centre)


def plane_weights(rest_mm: Array, topology: Topology) -> tuple[NDArray[np.int64], Array]:
    """Which vertices decide the plane at rest, and how much each counts.

    Iteratively re-weighted least squares with Geman-McClure weights, so that a drooping half has
    no say; the stable region (glabella, nasal root, dorsum) has a fixed share of it. Returns
    vertex ids (N,) and weights (N,) that are equal for the two vertices of a pair.
    """
    vertices = np.flatnonzero(topology.regions["face"] | topology.regions["stable"])
    points = rest_mm[vertices]
    mirrored = rest_mm[topology.mirror[vertices]]
    stable = topology.regions["stable"][vertices]
    share = np.where(
        stable,
        _STABLE_SHARE / max(stable.sum(), 1),
        (1.0 - _STABLE_SHARE) / max((~stable).sum(), 1),
    )
    weights, scale = share, _FIRST_SCALE_MM
    for _ in range(_ROUNDS):
        normal, offset = best_plane(points, mirrored, weights)
        plane = SymmetryPlane(normal, float(offset))
        squared = np.sum((points - plane.reflect(mirrored)) ** 2, axis=-1)
        scale = max(_ORDINARY_DEVIATION_MM, scale * _NARROWING)
        weights = share / (1.0 + squared / scale**2) ** 2
    return vertices, weights


def fit_symmetry_plane(rest_mm: NDArray[np.floating], topology: Topology) -> SymmetryPlane:
    """Fit the symmetry plane on a rest mesh (V, 3) in mm; freeze the result for a visit."""
    rest = np.asarray(rest_mm, dtype=np.float64)
    vertices, weights = plane_weights(rest, topology)
    points, mirrored = rest[vertices], rest[topology.mirror[vertices]]
    normal, offset = best_plane(points, mirrored, weights)
    plane = SymmetryPlane(normal, float(offset))
    stable = topology.regions["stable"][vertices]
    squared = np.sum((points - plane.reflect(mirrored)) ** 2, axis=-1)[stable]
    residual = np.sqrt(np.average(squared, weights=weights[stable]))
    return SymmetryPlane(normal, float(offset), float(residual))


def rigid_fit(source: Array, target: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Rotations (..., 3, 3) and shifts (..., 3) that take `source` nearest to `target`.

    source, target: (..., N, 3); weights (N,) or (..., N). Kabsch, without scale.
    """
    w = np.ones(source.shape[-2]) if weights is None else weights
    w = w / w.sum(axis=-1, keepdims=True)
    source_centre = np.einsum("...n,...nc->...c", w, source)
    target_centre = np.einsum("...n,...nc->...c", w, target)
    p = source - source_centre[..., None, :]
    q = target - target_centre[..., None, :]
    u, _, vt = np.linalg.svd(np.einsum("...n,...ni,...nj->...ij", w, q, p))
    flip = np.sign(np.linalg.det(u @ vt))
    u[..., :, 2] *= flip[..., None]
    rotation = u @ vt
    shift = target_centre - np.einsum("...ij,...j->...i", rotation, source_centre)
    return rotation, shift


def steady_head(
    vertices_mm: NDArray[np.floating], reference_mm: NDArray[np.floating], topology: Topology
) -> tuple[Array, Array]:
    """Carry a moving head onto its rest mesh by the stable region, robustly.

    vertices_mm (T, V, 3), reference_mm (V, 3). Returns the carried vertices (T, V, 3) and the
    RMS residual (T,) of the stable region in mm. For meshes of a head that moves; the frames of
    a `Take` are in the head frame already.
    """
    stable = np.flatnonzero(topology.regions["stable"])
    source = np.asarray(vertices_mm[:, stable], dtype=np.float64)
    target = np.broadcast_to(np.asarray(reference_mm, np.float64)[stable], source.shape)
    weights = np.ones(source.shape[:2])
    for _ in range(_STEADY_ROUNDS):
        rotation, shift = rigid_fit(source, target, weights)
        carried = source @ np.swapaxes(rotation, -1, -2) + shift[:, None]
        squared = np.sum((carried - target) ** 2, axis=-1)
        weights = 1.0 / (1.0 + squared / _ORDINARY_DEVIATION_MM**2) ** 2
    moved = np.asarray(vertices_mm, np.float64) @ np.swapaxes(rotation, -1, -2) + shift[:, None]
    return moved, np.sqrt(squared.mean(axis=-1))


def head_frame(rest_mm: NDArray[np.floating], topology: Topology) -> Array:
    """(4, 4) that takes a rest mesh (V, 3) in any rigid frame to the head frame, in mm.

    The axes are the template's, turned so that +x is the normal of the mesh's own symmetry
    plane; the origin is mid-endocanthion.
    """
    rest = np.asarray(rest_mm, dtype=np.float64)
    face = np.flatnonzero(topology.regions["face"])
    rotation, shift = rigid_fit(rest[face], np.asarray(topology.template_mm, np.float64)[face])
    axes = fit_symmetry_plane(rest @ rotation.T + shift, topology).axes
    canthi = [topology.points["endocanthion_left"], topology.points["endocanthion_right"]]
    transform = np.eye(4)
    transform[:3, :3] = axes @ rotation
    transform[:3, 3] = -transform[:3, :3] @ rest[canthi].mean(axis=0)
    return transform
