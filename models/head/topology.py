"""What is fixed on a head's surface: faces, mirror map, regions, loops, points and landmarks.

NumPy only: importable without torch. Shapes and skinning live in `models.head.model`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.assets import verified_path
from models.head.asset import (
    HeadArrays,
    LandmarkArrays,
    is_open_head,
    read_landmarks,
    read_open_head,
)
from models.head.landmark_names import CONTOURS

__all__ = ["Topology", "load_arrays", "load_topology", "topology_of"]


@dataclass(frozen=True)
class Topology:
    """Fixed surface data of a head with V vertices, in the head frame, template in mm.

    faces (F,3) int32, anticlockwise from outside; mirror (V,) int32, an exact involution;
    uv (Nuv,2) and uv_faces (F,3): texture coordinates per corner, v upwards;
    template_mm (V,3): mean adult, eyes open, lips closed;
    regions: masks (V,), mirror-even except `eye_left` and `eye_right`, which swap;
    side (V,) int8: +1 subject's left, -1 right, 0 midline;
    loops: vertex ids; lids medial to lateral and lips right to left, upper and lower in pairs;
    points: named vertices; landmark_vertices, landmark_weights (478,3): barycentric embedding;
    landmark_mirror (478,); eye_centres_mm (2,3): left, right;
    contours: landmark indices by name; topology_id: SHA-256 over faces and mirror.
    """

    faces: NDArray[np.int32]
    mirror: NDArray[np.int32]
    uv: NDArray[np.float64]
    uv_faces: NDArray[np.int32]
    template_mm: NDArray[np.float64]
    regions: dict[str, NDArray[np.bool_]]
    side: NDArray[np.int8]
    loops: dict[str, NDArray[np.int32]]
    points: dict[str, int]
    landmark_vertices: NDArray[np.int32]
    landmark_weights: NDArray[np.float64]
    landmark_mirror: NDArray[np.int32]
    eye_centres_mm: NDArray[np.float64]
    contours: dict[str, tuple[int, ...]]
    topology_id: str


def topology_of(head: HeadArrays, landmarks: LandmarkArrays) -> Topology:
    """Assemble the topology of a loaded head."""
    template = head.template_mm
    own = head.mirror == np.arange(len(head.mirror))
    side = np.where(own, 0, np.sign(template[:, 0])).astype(np.int8)
    digest = hashlib.sha256(head.faces.tobytes() + head.mirror.tobytes()).hexdigest()
    return Topology(
        faces=head.faces,
        mirror=head.mirror,
        uv=head.uv,
        uv_faces=head.uv_faces,
        template_mm=template,
        regions=head.regions,
        side=side,
        loops=head.loops,
        points=head.points,
        landmark_vertices=landmarks.vertices,
        landmark_weights=landmarks.weights,
        landmark_mirror=landmarks.mirror,
        eye_centres_mm=(head.joint_regressor @ template)[3:5],
        contours=dict(CONTOURS),
        topology_id=digest,
    )


@lru_cache(maxsize=4)
def load_arrays(path: Path | None = None) -> tuple[HeadArrays, LandmarkArrays]:
    """Arrays of a head file; the committed open head when `path` is None.

    Raises HeadFileError for a file of wrong layout or with foreign code, AssetError when the
    committed one is missing or altered.
    """
    if path is None:
        return (
            read_open_head(verified_path("open_head")),
            read_landmarks(verified_path("open_head_landmarks")),
        )
    if is_open_head(path):
        return read_open_head(path), read_landmarks(path.with_name(f"{path.stem}_landmarks.npz"))
    from models.head.flame_layout import read_flame_layout

    return read_flame_layout(path)


def load_topology(path: Path | str | None = None) -> Topology:
    """Topology of a head file; the committed open head when `path` is None.

    Raises HeadFileError or AssetError as `load_arrays` does.
    """
    return topology_of(*load_arrays(None if path is None else Path(path)))
