"""Stored streams of an analysis as files of other programs; knows no rows and no rights.

All files are pseudonymous: they hold the notice and the model, never who or when.
"""

from __future__ import annotations

import io
from enum import StrEnum
from threading import BoundedSemaphore

import numpy as np

from backend.kit.errors import InvalidError
from models.export import glb_bytes, obj_text, ply_bytes
from models.head.topology import Topology
from models.reconstruction import Array32
from models.stream import MeshStream

# A long take, decoded as a whole, takes some hundred megabytes.
at_once = BoundedSemaphore(2)

# Viewers hold few morph targets: more frames a second than these are left out of a GLB.
GLB_RATE_HZ = 10.0


class MeshFormat(StrEnum):
    """File formats for meshes."""

    GLB = "glb"
    OBJ = "obj"
    PLY = "ply"
    NPZ = "npz"


MEDIA_TYPES = {
    MeshFormat.GLB: "model/gltf-binary",
    MeshFormat.OBJ: "model/obj",
    MeshFormat.PLY: "application/octet-stream",
    MeshFormat.NPZ: "application/octet-stream",
}


def moving_file(
    kind: MeshFormat, meshes: bytes, uncertainty: bytes | None, topology: Topology, comment: str
) -> bytes:
    """A whole take as GLB (animation) or NPZ (arrays)."""
    with at_once:
        return _moving_file(kind, meshes, uncertainty, topology, comment)


def _moving_file(
    kind: MeshFormat, meshes: bytes, uncertainty: bytes | None, topology: Topology, comment: str
) -> bytes:
    with MeshStream(meshes) as stream:
        vertices, time_s = stream.all(), np.array(stream.header.time_s)
    if kind is MeshFormat.GLB:
        return glb_bytes(
            vertices, topology.faces, time_s, greatest_rate_hz=GLB_RATE_HZ, comment=comment
        )
    arrays = {
        "vertices_mm": vertices,
        "faces": np.asarray(topology.faces, dtype=np.int32),
        "time_s": time_s,
        "comment": np.array(comment),
    }
    if uncertainty is not None:
        with MeshStream(uncertainty) as stream:
            arrays["sigma_mm"] = stream.all()
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def still_file(
    kind: MeshFormat,
    frame: int,
    meshes: bytes,
    scalars: dict[str, bytes],
    topology: Topology,
    comment: str,
) -> bytes:
    """One frame as OBJ, or as PLY with the scalars (name -> stream); raises InvalidError."""
    vertices = one_frame(meshes, frame)
    if kind is MeshFormat.OBJ:
        return obj_text(
            vertices, topology.faces, uv=topology.uv, uv_faces=topology.uv_faces, comment=comment
        ).encode()
    return ply_bytes(
        vertices,
        topology.faces,
        scalars={f"{name}_mm": one_frame(stream, frame) for name, stream in scalars.items()},
        comment=comment,
    )


def one_frame(encoded: bytes, frame: int) -> Array32:
    """(V, 3) or (V,) one frame of a stream; raises InvalidError for a frame that is not there."""
    with MeshStream(encoded) as stream:
        if frame >= stream.header.frames:
            raise InvalidError(
                f"There is no frame {frame}.",
                f"Choose a frame from 0 to {stream.header.frames - 1}.",
            )
        return np.asarray(stream.frames(frame, frame + 1)[0])
