"""A minimal reader of TFLite flatbuffers: tables, vectors and the options of custom operators.

Only what the extraction of weights needs lives here; nothing is executed and nothing is written.
Field numbers are those of TensorFlow's public ``schema.fbs`` (version 3).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """One flatbuffer table: ``position`` is the absolute offset of it in ``data``."""

    data: bytes
    position: int

    @classmethod
    def root(cls, data: bytes) -> Table:
        return cls(data, _unpack("I", data, 0))

    def scalar(self, field: int, kind: str, default: int = 0) -> int:
        """Return the number in ``field`` (``struct`` character ``kind``), or ``default``."""
        offset = self._offset(field)
        return _unpack(kind, self.data, self.position + offset) if offset else default

    def table(self, field: int) -> Table | None:
        target = self._target(field)
        return None if target is None else Table(self.data, target)

    def text(self, field: int) -> str:
        return self.bytes(field).decode()

    def bytes(self, field: int) -> bytes:
        target = self._target(field)
        if target is None:
            return b""
        return self.data[target + 4 : target + 4 + _unpack("I", self.data, target)]

    def numbers(self, field: int, kind: str) -> list[int]:
        """Return a vector of numbers; an absent vector is empty."""
        target = self._target(field)
        if target is None:
            return []
        count = _unpack("I", self.data, target)
        return list(struct.unpack_from(f"<{count}{kind}", self.data, target + 4))

    def tables(self, field: int) -> list[Table]:
        """Return a vector of tables; an absent vector is empty."""
        target = self._target(field)
        if target is None:
            return []
        count = _unpack("I", self.data, target)
        starts = range(target + 4, target + 4 + 4 * count, 4)
        return [Table(self.data, at + _unpack("I", self.data, at)) for at in starts]

    def _offset(self, field: int) -> int:
        vtable = self.position - _unpack("i", self.data, self.position)
        slot = 4 + 2 * field
        if slot >= _unpack("H", self.data, vtable):
            return 0
        return int(_unpack("H", self.data, vtable + slot))

    def _target(self, field: int) -> int | None:
        offset = self._offset(field)
        if not offset:
            return None
        at = self.position + offset
        return at + int(_unpack("I", self.data, at))


def read_flexbuffer_map(data: bytes) -> dict[str, Any]:
    """Return a flexbuffer map of integers, floats and typed integer vectors as a dict.

    These are the options of the custom operators of the attention graph.
    """
    if not data:
        return {}
    width = data[-1]
    at = len(data) - 2 - width
    return _flex_map(data, at - _uint(data, at, width), 1 << (data[-2] & 3))


def _flex_map(data: bytes, start: int, width: int) -> dict[str, Any]:
    count = _uint(data, start - width, width)
    keys_at = start - 3 * width
    keys = keys_at - _uint(data, keys_at, width)
    key_width = _uint(data, start - 2 * width, width)
    types = start + count * width
    result = {}
    for i in range(count):
        slot = keys + i * key_width
        name_at = slot - _uint(data, slot, key_width)
        name = data[name_at : data.index(0, name_at)].decode()
        result[name] = _flex_value(data, start + i * width, width, data[types + i])
    return result


def _flex_value(data: bytes, at: int, width: int, packed_type: int) -> Any:
    kind, child_width = packed_type >> 2, 1 << (packed_type & 3)
    if kind in (1, 2):
        return _uint(data, at, width)
    if kind == 3:
        return _unpack({2: "e", 4: "f", 8: "d"}[width], data, at)
    start = at - _uint(data, at, width)
    if kind in (6, 7):
        return _uint(data, start, child_width)
    if kind == 8:
        return _unpack({2: "e", 4: "f", 8: "d"}[child_width], data, start)
    if kind in (11, 12):
        count = _uint(data, start - child_width, child_width)
        return [_uint(data, start + i * child_width, child_width) for i in range(count)]
    raise ValueError(f"flexbuffer type {kind} is not read here")


def _uint(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "little")


def _unpack(kind: str, data: bytes, at: int) -> Any:
    return struct.unpack_from("<" + kind, data, at)[0]
