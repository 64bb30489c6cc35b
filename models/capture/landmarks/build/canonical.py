"""Extraction of the canonical 468-point face from MediaPipe's geometry metadata.

Reads the protobuf wire format of ``GeometryPipelineMetadata``; knows nothing of the networks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

METADATA_NAME = b"geometry_pipeline_metadata_landmarks.binarypb"


def canonical_face(metadata: bytes) -> dict[str, NDArray[np.generic]]:
    """Return the canonical face in its own frame: x = subject's left, y up, z forward.

    ``vertices_cm`` (468, 3) float32, ``uv`` (468, 2) float32, ``triangles`` (898, 3) int16,
    ``pose_weights`` (468,) float32 (weights of the rigid landmarks, 0 elsewhere) and ``mirror``
    (478,) int16: the left/right permutation of the 478 landmarks (irises included).
    """
    floats: list[float] = []
    indices: list[int] = []
    weights = np.zeros(468, np.float32)
    for field, value in _fields(metadata):
        if field == 1 and isinstance(value, bytes):
            for mesh_field, number in _fields(value):
                if mesh_field == 3:
                    floats.extend(_floats(number))
                elif mesh_field == 4:
                    indices.extend(_varints(number))
        elif field == 2 and isinstance(value, bytes):
            pair = dict(_fields(value))
            landmark = pair.get(1, 0)
            assert isinstance(landmark, int)
            weights[landmark] = _floats(pair[2])[0]
    table = np.asarray(floats, np.float32).reshape(468, 5)
    vertices = table[:, :3]
    triangles = np.asarray(indices, np.int16).reshape(-1, 3)
    return {
        "vertices_cm": vertices,
        "uv": table[:, 3:],
        "triangles": triangles,
        "pose_weights": weights,
        "mirror": _mirror(vertices).astype(np.int16),
    }


def _mirror(vertices_cm: NDArray[np.float32]) -> NDArray[np.int64]:
    """Pair each vertex with the one at its mirrored place; add the irises' pairs."""
    flipped = vertices_cm * np.array([-1, 1, 1], np.float32)
    distance = np.linalg.norm(flipped[:, None] - vertices_cm[None], axis=-1)
    pairs = distance.argmin(axis=1)
    if distance[np.arange(468), pairs].max() > 1e-4 or (pairs[pairs] != np.arange(468)).any():
        raise ValueError("the canonical face is not exactly symmetric")
    # Both irises list the centre, then points towards the subject's left, up, right and down.
    irises = np.array([473, 476, 475, 474, 477, 468, 471, 470, 469, 472])
    return np.concatenate([pairs, irises])


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value) of a protobuf message: int for varints, bytes otherwise."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            number, at = _varint(message, at)
            yield key >> 3, number
        else:
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                size, at = _varint(message, at)
            yield key >> 3, message[at : at + size]
            at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _varints(value: int | bytes) -> list[int]:
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(number)
    return numbers


def _floats(value: int | bytes) -> tuple[float, ...]:
    assert isinstance(value, bytes)
    return struct.unpack(f"<{len(value) // 4}f", value)
