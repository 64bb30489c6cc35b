"""The readers of third-party containers that the asset build relies on."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from models.capture.landmarks.build.canonical import canonical_face
from models.capture.landmarks.build.flatbuffer import Table, read_flexbuffer_map
from models.capture.landmarks.topology import canonical_face as shipped_face


def test_a_flatbuffer_table_is_read_field_by_field() -> None:
    # Root at 16: vtable at 4 with fields 0 (a number), 1 (absent) and 2 (a vector).
    vtable = struct.pack("<HHHHH", 10, 12, 4, 0, 8)
    table = struct.pack("<iiI", 16 - 4, -7, 4)
    vector = struct.pack("<I3h", 3, 5, -6, 7)
    data = struct.pack("<I", 16) + vtable + b"\0\0" + table + vector
    root = Table.root(data)
    assert root.scalar(0, "i") == -7
    assert root.scalar(1, "i", 9) == 9
    assert root.numbers(2, "h") == [5, -6, 7]
    assert root.bytes(1) == b""
    assert root.tables(7) == []


def test_a_flexbuffer_map_is_read() -> None:
    # {"a": 4, "b": [1, 2]} as written by the reference implementation, all one byte wide.
    keys = b"a\0b\0"
    vector = bytes([2, 1, 2])
    key_offsets = bytes([2, 8, 7])
    values = bytes([2, 1, 2, 4, 9])
    data = keys + vector + key_offsets + values + bytes([1 << 2, 11 << 2, 4, 9 << 2, 1])
    assert read_flexbuffer_map(data) == {"a": 4, "b": [1, 2]}
    assert read_flexbuffer_map(b"") == {}


def _field(number: int, kind: int, payload: bytes) -> bytes:
    return bytes([number << 3 | kind]) + payload


def _message(number: int, payload: bytes) -> bytes:
    length = len(payload)
    size = bytearray()
    while length > 127:
        size.append(length & 127 | 128)
        length >>= 7
    return _field(number, 2, bytes([*size, length]) + payload)


def _metadata(shift: float) -> bytes:
    face = shipped_face()
    table = np.column_stack([face.vertices_cm, face.uv]).astype(np.float32)
    table[0, 0] += shift
    mesh = b"".join(_field(3, 5, struct.pack("<f", x)) for x in table.ravel())
    # Vertex numbers above 127 take two bytes.
    for index in face.triangles.ravel().tolist():
        number = bytes([index]) if index < 128 else bytes([index & 127 | 128, index >> 7])
        mesh += _field(4, 0, number)
    weight = _field(1, 0, bytes([4])) + _field(2, 5, struct.pack("<f", 0.25))
    return _message(1, mesh) + _message(2, weight)


def test_geometry_metadata_is_read_back() -> None:
    face = canonical_face(_metadata(0.0))
    np.testing.assert_allclose(face["vertices_cm"], shipped_face().vertices_cm)
    np.testing.assert_array_equal(face["triangles"], shipped_face().triangles)
    np.testing.assert_array_equal(face["mirror"], shipped_face().mirror)
    assert face["pose_weights"][4] == np.float32(0.25)


def test_a_lopsided_canonical_face_is_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        canonical_face(_metadata(0.1))
