"""A spherical texture chart of the head in which a painter can think in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from models.head.topology import Topology
from models.render import rasterize

Array = NDArray[np.float64]

# Beyond this azimuth the chart is compressed: nobody looks at the back of the head.
_FRONT = 1.5
_BACK_SHARE = 0.35
_RADIUS_MM = 88.0


@dataclass(frozen=True)
class Chart:
    """Azimuth and elevation about the middle of the head, scaled to texels.

    `size` texels a side; `centre_mm` (3,) of the sphere in the template.
    """

    topology: Topology
    size: int
    centre_mm: Array

    @staticmethod
    def of(topology: Topology, size: int) -> Chart:
        """The chart whose centre lies between the ears."""
        points = topology.points
        ears = topology.template_mm[[points["tragion_left"], points["tragion_right"]]]
        return Chart(topology, size, ears.mean(axis=0) + np.array([0.0, 8.0, 8.0]))

    @property
    def texels_per_mm(self) -> float:
        """Scale in the face; the vertical extent is what has to fit."""
        return self.size / (np.pi * _RADIUS_MM)

    def texel(self, points_mm: Array) -> Array:
        """(..., 2) texel coordinates u, v of template points (..., 3)."""
        d = points_mm - self.centre_mm
        azimuth = np.arctan2(d[..., 0], d[..., 2])
        elevation = np.arctan2(d[..., 1], np.hypot(d[..., 0], d[..., 2]))
        return self._texel(azimuth, elevation)

    def _texel(self, azimuth: Array, elevation: Array) -> Array:
        beyond = np.maximum(np.abs(azimuth) - _FRONT, 0.0)
        across = np.sign(azimuth) * (np.minimum(np.abs(azimuth), _FRONT) + _BACK_SHARE * beyond)
        half = self.size / 2
        scale = self.texels_per_mm * _RADIUS_MM
        # 1.5 + 0.35 * (pi - 1.5) = 2.07 > pi / 2: the back is squeezed into what is left.
        squeeze = 0.98 * (np.pi / 2) / (_FRONT + _BACK_SHARE * (np.pi + 0.3 - _FRONT))
        return np.stack([half + squeeze * scale * across, half - scale * elevation], axis=-1)

    @cached_property
    def corner_uv(self) -> Array:
        """(F, 3, 2) texel coordinates of the corners of the head's faces, seam unwrapped."""
        d = self.topology.template_mm[self.topology.faces] - self.centre_mm
        azimuth = np.arctan2(d[..., 0], d[..., 2])
        elevation = np.arctan2(d[..., 1], np.hypot(d[..., 0], d[..., 2]))
        wraps = np.ptp(azimuth, axis=1) > np.pi
        azimuth[wraps] = np.where(azimuth[wraps] < 0, azimuth[wraps] + 2 * np.pi, azimuth[wraps])
        azimuth = np.where(azimuth > np.pi + 0.3, np.pi + 0.3, azimuth)
        return self._texel(azimuth, elevation)

    @cached_property
    def position_mm(self) -> NDArray[np.float32]:
        """(size, size, 3) template position under each texel (the outermost one)."""
        topology = self.topology
        eyes = topology.regions["eye_left"] | topology.regions["eye_right"]
        skin = ~eyes[topology.faces].any(axis=1)
        corners = self.corner_uv[skin].reshape(-1, 2)
        points = topology.template_mm[topology.faces[skin]].reshape(-1, 3)
        radius = np.linalg.norm(points - self.centre_mm, axis=1)
        screen = np.concatenate([corners, 1000.0 - radius[:, None]], axis=1)
        found = rasterize(screen, np.arange(len(screen)).reshape(-1, 3), (self.size, self.size))
        inside = found.pix_to_face >= 0
        triangles = points.reshape(-1, 3, 3)[found.pix_to_face]
        # Texture space is affine: undo the perspective weights that depth brought in.
        weights = found.bary * screen[:, 2].reshape(-1, 3)[found.pix_to_face]
        weights /= weights.sum(axis=-1, keepdims=True)
        position = np.einsum("ijk,ijkl->ijl", weights, triangles)
        nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
        return np.asarray(position[tuple(nearest)], dtype=np.float32)

    def mask(self, region: str) -> NDArray[np.float32]:
        """(size, size) 1 under the faces of a region of the topology, else 0."""
        topology = self.topology
        corners = self.corner_uv[topology.regions[region][topology.faces].any(axis=1)]
        picture = np.zeros((self.size, self.size), dtype=np.float32)
        for triangle in np.round(corners * 16).astype(np.int32):
            cv2.fillConvexPoly(picture, triangle, 1.0, cv2.LINE_AA, 4)
        return picture
