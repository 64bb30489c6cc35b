"""The surface that all meshes of a head model share, as a browser loads it once and keeps it."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from backend.kit.errors import NotFoundError
from models.head.topology import Topology, load_topology

_MICROMETRE_DECIMALS = 3
_UV_DECIMALS = 6


class TopologyFile(BaseModel):
    """Faces, texture coordinates, regions, mirror map and landmarks of a head model.

    Indices count from 0. `faces` and `uv_faces` hold three numbers a triangle, `uv` two a
    coordinate (v upwards), `template_mm` three a vertex, `landmark_vertices` and
    `landmark_weights` three a landmark (barycentric). `side` is +1 on the patient's left, -1 on
    the right, 0 in the middle.
    """

    schema_version: Literal[1] = 1
    topology_id: str
    vertices: int
    faces: list[int]
    uv: list[float]
    uv_faces: list[int]
    mirror: list[int]
    side: list[int]
    template_mm: list[float]
    regions: dict[str, list[int]]
    loops: dict[str, list[int]]
    points: dict[str, int]
    landmark_vertices: list[int]
    landmark_weights: list[float]
    landmark_mirror: list[int]
    contours: dict[str, list[int]]


@cache
def head_topology() -> Topology:
    """The committed open head's surface."""
    return load_topology()


def topology_by_id(topology_id: str) -> Topology:
    """The surface of that name; raises NotFoundError."""
    topology = head_topology()
    if topology.topology_id != topology_id:
        raise NotFoundError(
            "This server has no head model with that topology.",
            "Load the topology that the mesh stream's header names.",
        )
    return topology


@cache
def topology_file(topology_id: str) -> tuple[bytes, str]:
    """The file's bytes and their SHA-256; raises NotFoundError."""
    topology = topology_by_id(topology_id)
    content = TopologyFile(
        topology_id=topology.topology_id,
        vertices=len(topology.template_mm),
        faces=_flat(topology.faces),
        uv=_numbers(topology.uv, _UV_DECIMALS),
        uv_faces=_flat(topology.uv_faces),
        mirror=_flat(topology.mirror),
        side=_flat(topology.side),
        template_mm=_numbers(topology.template_mm, _MICROMETRE_DECIMALS),
        regions={name: _flat(np.flatnonzero(mask)) for name, mask in topology.regions.items()},
        loops={name: _flat(loop) for name, loop in topology.loops.items()},
        points=topology.points,
        landmark_vertices=_flat(topology.landmark_vertices),
        landmark_weights=_numbers(topology.landmark_weights, _UV_DECIMALS),
        landmark_mirror=_flat(topology.landmark_mirror),
        contours={name: list(indices) for name, indices in topology.contours.items()},
    )
    encoded = content.model_dump_json().encode()
    return encoded, hashlib.sha256(encoded).hexdigest()


def _flat(values: NDArray[np.integer]) -> list[int]:
    return [int(value) for value in values.reshape(-1)]


def _numbers(values: NDArray[np.floating], decimals: int) -> list[float]:
    return [round(float(value), decimals) for value in values.reshape(-1)]
