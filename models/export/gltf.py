"""A moving mesh as binary glTF 2.0 with one morph target per frame; in metres, y up."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.head.normals import vertex_normals
from models.reconstruction import Array, Array32

_MAGIC, _VERSION, _JSON, _BINARY = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
_FLOAT, _UNSIGNED = 5126, 5125
_ARRAY, _ELEMENTS = 34962, 34963
_SKIN = (0.78, 0.62, 0.54, 1.0)


@dataclass
class _Buffer:
    """The binary chunk and the views and accessors into it."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, values: NDArray[Any], kind: str, *, target: int | None = None, limits: bool = False
    ) -> int:
        """Append an array (N,) or (N, 3) and return the number of its accessor."""
        view: dict[str, Any] = {
            "buffer": 0,
            "byteOffset": len(self.data),
            "byteLength": values.nbytes,
        }
        if target is not None:
            view["target"] = target
        accessor: dict[str, Any] = {
            "bufferView": len(self.views),
            "componentType": _UNSIGNED if values.dtype.kind == "u" else _FLOAT,
            "count": len(values),
            "type": kind,
        }
        if limits:
            rows = values.reshape(len(values), -1)
            accessor["min"] = rows.min(axis=0).tolist()
            accessor["max"] = rows.max(axis=0).tolist()
        self.data += values.tobytes()
        self.views.append(view)
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def glb_bytes(
    vertices_mm: Array32,
    faces: NDArray[np.integer],
    time_s: Array,
    *,
    greatest_rate_hz: float | None = None,
    name: str = "face",
    comment: str = "",
) -> bytes:
    """Meshes (T, V, 3) in mm with faces (F, 3) and times (T,) in s as GLB.

    The first frame is the mesh itself, every other frame a morph target, and the animation runs
    from one to the next linearly. `greatest_rate_hz` leaves frames out where viewers can't hold
    that many targets; None keeps all. `comment` becomes the asset's copyright line.
    """
    chosen = _thinned(time_s, greatest_rate_hz)
    metres = (vertices_mm[chosen].astype(np.float64) / 1000.0).astype("<f4")
    buffer = _Buffer()
    attributes = {
        "POSITION": buffer.add(metres[0], "VEC3", target=_ARRAY, limits=True),
        "NORMAL": buffer.add(vertex_normals(metres[0], faces).astype("<f4"), "VEC3", target=_ARRAY),
    }
    indices = buffer.add(faces.astype("<u4").reshape(-1), "SCALAR", target=_ELEMENTS)
    targets = [
        {"POSITION": buffer.add(frame - metres[0], "VEC3", target=_ARRAY, limits=True)}
        for frame in metres[1:]
    ]
    primitive: dict[str, Any] = {"attributes": attributes, "indices": indices, "material": 0}
    mesh: dict[str, Any] = {"name": name, "primitives": [primitive]}
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "sfpfr"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name}],
        "meshes": [mesh],
        "materials": [
            {
                "doubleSided": True,
                "pbrMetallicRoughness": {
                    "baseColorFactor": list(_SKIN),
                    "metallicFactor": 0.0,
                    "roughnessFactor": 0.8,
                },
            }
        ],
    }
    if comment:
        document["asset"]["copyright"] = comment
    if targets:
        primitive["targets"] = targets
        mesh["weights"] = [0.0] * len(targets)
        document["animations"] = [_animation(buffer, time_s[chosen])]
    document["bufferViews"] = buffer.views
    document["accessors"] = buffer.accessors
    document["buffers"] = [{"byteLength": len(buffer.data)}]
    return _container(document, bytes(buffer.data))


def _thinned(time_s: Array, greatest_rate_hz: float | None) -> NDArray[np.int64]:
    """Frames no closer than the rate allows, beginning with the first."""
    if greatest_rate_hz is None:
        return np.arange(len(time_s))
    kept = [0]
    for frame in range(1, len(time_s)):
        if time_s[frame] - time_s[kept[-1]] >= 1.0 / greatest_rate_hz - 1e-6:
            kept.append(frame)
    return np.array(kept)


def _animation(buffer: _Buffer, time_s: Array) -> dict[str, Any]:
    """Weights that show target k - 1 alone at frame k, and the mesh itself at the first."""
    weights = np.eye(len(time_s), dtype="<f4")[:, 1:].reshape(-1)
    times = (np.asarray(time_s) - time_s[0]).astype("<f4")
    return {
        "name": "movement",
        "samplers": [
            {
                "input": buffer.add(times, "SCALAR", limits=True),
                "output": buffer.add(weights, "SCALAR"),
                "interpolation": "LINEAR",
            }
        ],
        "channels": [{"sampler": 0, "target": {"node": 0, "path": "weights"}}],
    }


def _container(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    return b"".join(
        (
            struct.pack("<III", _MAGIC, _VERSION, 12 + 8 + len(text) + 8 + len(binary)),
            struct.pack("<II", len(text), _JSON),
            text,
            struct.pack("<II", len(binary), _BINARY),
            binary,
        )
    )
