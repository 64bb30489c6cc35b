"""The mesh stream: meshes or per-vertex scalars over time in one seekable file; no measures.

Layout and versions: `docs/mesh-stream.md`. Source: `architecture.md`, "Mesh stream". Values are
int16 multiples of a step; a chunk holds a keyframe and temporal deltas, zigzag-coded, low bytes
apart from high bytes, gzip-compressed without a time stamp, so that equal input gives equal bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import UnusableInputError
from models.reconstruction import Array, Array32

MAGIC = b"SFPFRMS\n"
VERSION = 1
STEP_MM = 0.01
CHUNK_FRAMES = 30
# int16 values: the lowest is kept for "no value".
_NOTHING = -32768
_REACH = 32767
_PREFIX = struct.Struct("<8sII")
_GZIP_LEVEL = 6

# A header or a chunk beyond these is an attack or damage, not a face.
_MAX_HEADER_BYTES = 16 * 2**20
_MAX_FRAMES = 1_000_000
_MAX_VERTICES = 1_000_000
_MAX_CHUNK_VALUES = 64 * 2**20


class MeshStreamError(UnusableInputError):
    """A mesh stream is damaged, truncated, of a newer version, or not one at all."""


@dataclass(frozen=True)
class Chunk:
    """Where one chunk lies: frames [first_frame, first_frame + frames), bytes after the header."""

    first_frame: int
    frames: int
    offset: int
    length: int
    sha256: str


@dataclass(frozen=True)
class StreamHeader:
    """What a stream says about itself.

    kind: "vertices" (3 components, mm) or "scalars" (1 component, in `unit`). A value is
    origin + step x int16. time_s: (T,) presentation times. topology_id: to which faces the
    vertices belong. hashes: of the inputs and models, as the caller gave them.
    """

    kind: Literal["vertices", "scalars"]
    name: str
    unit: str
    vertices: int
    step: float
    origin: tuple[float, ...]
    time_s: tuple[float, ...]
    topology_id: str
    hashes: Mapping[str, str]
    chunks: tuple[Chunk, ...]

    @property
    def frames(self) -> int:
        """The number of frames."""
        return len(self.time_s)

    @property
    def components(self) -> int:
        """Values per vertex."""
        return len(self.origin)


def encode_meshes(
    vertices_mm: Array32,
    time_s: Array,
    *,
    topology_id: str,
    hashes: Mapping[str, str] | None = None,
    step_mm: float = STEP_MM,
) -> bytes:
    """Encode meshes (T, V, 3) in mm with times (T,) in s.

    The error is at most half a step. The step grows by powers of two when the meshes span more
    than the int16 range (655 mm at 0.01 mm). Raises `MeshStreamError` for values that are not
    finite.
    """
    if not np.isfinite(vertices_mm).all():
        raise MeshStreamError(
            "The meshes hold values that are not numbers.", "Exclude the frames that failed."
        )
    return _encode(vertices_mm, time_s, "vertices", "vertices", "mm", topology_id, hashes, step_mm)


def encode_scalars(
    values: Array32,
    time_s: Array,
    *,
    name: str,
    unit: str,
    topology_id: str,
    hashes: Mapping[str, str] | None = None,
    step: float = STEP_MM,
) -> bytes:
    """Encode per-vertex scalars (T, V), such as asymmetry; NaN stays NaN."""
    return _encode(values[..., None], time_s, "scalars", name, unit, topology_id, hashes, step)


def _encode(
    values: NDArray[np.floating],
    time_s: Array,
    kind: Literal["vertices", "scalars"],
    name: str,
    unit: str,
    topology_id: str,
    hashes: Mapping[str, str] | None,
    step: float,
) -> bytes:
    n_frames, n_vertices, n_components = values.shape
    if len(time_s) != n_frames:
        raise MeshStreamError(f"There are {n_frames} frames but {len(time_s)} times.")
    origin, step = _origin_and_step(values, step)
    chunks: list[Chunk] = []
    body: list[bytes] = []
    offset = 0
    for first in range(0, n_frames, CHUNK_FRAMES):
        part = values[first : first + CHUNK_FRAMES]
        packed = _pack(_quantise(part, origin, step))
        digest = hashlib.sha256(packed).hexdigest()
        chunks.append(Chunk(first, len(part), offset, len(packed), digest))
        body.append(packed)
        offset += len(packed)
    header = {
        "kind": kind,
        "name": name,
        "unit": unit,
        "frames": n_frames,
        "vertices": n_vertices,
        "components": n_components,
        "chunk_frames": CHUNK_FRAMES,
        "step": step,
        "origin": list(origin),
        "time_s": [round(float(t), 6) for t in time_s],
        "topology_id": topology_id,
        "hashes": dict(hashes or {}),
        "chunks": [
            {"frame": c.first_frame, "frames": c.frames, "offset": c.offset, "length": c.length,
             "sha256": c.sha256}
            for c in chunks
        ],
    }  # fmt: skip
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    return _PREFIX.pack(MAGIC, VERSION, len(text)) + text + b"".join(body)


def _origin_and_step(values: NDArray[np.floating], step: float) -> tuple[tuple[float, ...], float]:
    """The middle of each component's range, and the step that lets the range fit int16."""
    flat = values.reshape(-1, values.shape[-1])
    finite = np.isfinite(flat)
    if not finite.any(axis=0).all():
        return (0.0,) * values.shape[-1], step
    low = np.where(finite, flat, np.inf).min(axis=0).astype(np.float64)
    high = np.where(finite, flat, -np.inf).max(axis=0).astype(np.float64)
    # Whole steps, so that the same surface in two takes falls on the same grid.
    while float((high - low).max()) > (2 * _REACH - 2) * step:
        step *= 2.0
    origin = np.round((low + high) / 2.0 / step) * step
    return tuple(float(round(o, 9)) for o in origin), step


def _quantise(
    values: NDArray[np.floating], origin: tuple[float, ...], step: float
) -> NDArray[np.int16]:
    scaled = np.rint((values.astype(np.float64) - np.array(origin)) / step)
    return np.where(np.isfinite(scaled), scaled, _NOTHING).astype(np.int16)


def _pack(frames: NDArray[np.int16]) -> bytes:
    """(n, V, C) int16 -> gzip of planar zigzag of keyframe and deltas; deltas wrap at 16 bits."""
    deltas = frames.copy()
    deltas[1:] -= frames[:-1]
    zigzag = ((deltas << 1) ^ (deltas >> 15)).view(np.uint16).astype("<u2")
    planes = zigzag.reshape(-1).view(np.uint8).reshape(-1, 2).T
    return gzip.compress(np.ascontiguousarray(planes).tobytes(), _GZIP_LEVEL, mtime=0)


def _unpack(packed: bytes, frames: int, vertices: int, components: int) -> NDArray[np.int16]:
    size = 2 * frames * vertices * components
    inflater = zlib.decompressobj(wbits=31)
    try:
        # One byte more than needed tells a chunk that is too long, without inflating it whole.
        raw = inflater.decompress(packed, size + 1)
    except zlib.error as error:
        raise _damaged("a chunk can't be decompressed") from error
    if len(raw) != size or not inflater.eof:
        raise _damaged("a chunk has the wrong length")
    planes = np.frombuffer(raw, dtype=np.uint8).reshape(2, -1)
    zigzag = np.ascontiguousarray(planes.T).view("<u2").reshape(-1).astype(np.uint16)
    deltas = ((zigzag >> 1) ^ (-(zigzag & 1).astype(np.int16)).view(np.uint16)).view(np.int16)
    deltas = deltas.reshape(frames, vertices, components)
    return np.add.accumulate(deltas, axis=0, dtype=np.int16)


def _damaged(what: str) -> MeshStreamError:
    return MeshStreamError(
        f"The mesh stream is damaged: {what}.", "Transfer the file again or repeat the analysis."
    )


class MeshStream:
    """A stream that is open for reading; decodes only the chunks that are asked for.

    Use as a context manager, or call `close`. `source` is a path, bytes, or a seekable file.
    """

    def __init__(self, source: Path | bytes | BinaryIO) -> None:
        if isinstance(source, bytes):
            self._file: BinaryIO = io.BytesIO(source)
        elif isinstance(source, Path):
            self._file = source.open("rb")
        else:
            self._file = source
        try:
            self.header, self._body = _read_header(self._file)
        except MeshStreamError:
            self.close()
            raise

    def __enter__(self) -> Self:
        """The stream itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def packed(self, index: int) -> bytes:
        """The bytes of one chunk as they are stored. Raises `MeshStreamError` when damaged."""
        where = self.header.chunks[index]
        self._file.seek(self._body + where.offset)
        packed = self._file.read(where.length)
        if len(packed) != where.length:
            raise _damaged("it ends too early")
        if hashlib.sha256(packed).hexdigest() != where.sha256:
            raise _damaged("a chunk does not have the hash that its header states")
        return packed

    def chunk(self, index: int) -> Array32:
        """(n, V, C) the frames of one chunk. Raises `MeshStreamError` when it is damaged."""
        frames = self.header.chunks[index].frames
        steps = _unpack(self.packed(index), frames, self.header.vertices, self.header.components)
        values: Array = np.array(self.header.origin) + self.header.step * steps
        values[steps == _NOTHING] = np.nan
        return values.astype(np.float32)

    def frames(self, start: int, stop: int) -> Array32:
        """(stop - start, V, 3) meshes, or (stop - start, V) scalars, of the frames asked for.

        Raises `IndexError` for frames that are not there.
        """
        if not 0 <= start < stop <= self.header.frames:
            raise IndexError(f"frames {start} to {stop} of {self.header.frames}")
        parts = [
            self.chunk(index)[max(0, start - chunk.first_frame) : max(0, stop - chunk.first_frame)]
            for index, chunk in enumerate(self.header.chunks)
            if chunk.first_frame < stop and start < chunk.first_frame + chunk.frames
        ]
        values = np.concatenate(parts)
        return np.asarray(values[..., 0] if self.header.kind == "scalars" else values)

    def all(self) -> Array32:
        """Every frame."""
        return self.frames(0, self.header.frames)


def _read_header(file: BinaryIO) -> tuple[StreamHeader, int]:
    """The header and where the chunks begin. Raises `MeshStreamError`."""
    prefix = file.read(_PREFIX.size)
    if len(prefix) < _PREFIX.size or not prefix.startswith(MAGIC):
        raise MeshStreamError("This is not a mesh stream.", "Choose a file that ends in .sfm.")
    _, version, length = _PREFIX.unpack(prefix)
    if version != VERSION:
        raise MeshStreamError(
            f"The mesh stream has version {version}; this program reads version {VERSION}.",
            "Update the program or repeat the analysis.",
        )
    if length > _MAX_HEADER_BYTES:
        raise _damaged("its header is far too long")
    text = file.read(length)
    if len(text) != length:
        raise _damaged("it ends within its header")
    try:
        header = _header_from(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise _damaged("its header can't be understood") from error
    return header, _PREFIX.size + length


def _header_from(raw: dict[str, Any]) -> StreamHeader:
    """Read and check the JSON of a header; any error raised here means damage."""
    chunks = tuple(
        Chunk(
            int(c["frame"]), int(c["frames"]), int(c["offset"]), int(c["length"]), str(c["sha256"])
        )
        for c in raw["chunks"]
    )
    header = StreamHeader(
        kind=raw["kind"],
        name=str(raw["name"]),
        unit=str(raw["unit"]),
        vertices=int(raw["vertices"]),
        step=float(raw["step"]),
        origin=tuple(float(o) for o in raw["origin"]),
        time_s=tuple(float(t) for t in raw["time_s"]),
        topology_id=str(raw["topology_id"]),
        hashes={str(k): str(v) for k, v in raw["hashes"].items()},
        chunks=chunks,
    )
    components = {"vertices": 3, "scalars": 1}[header.kind]
    sound = (
        header.components == components == raw["components"]
        and header.frames == raw["frames"] <= _MAX_FRAMES
        and 0 < header.vertices <= _MAX_VERTICES
        and np.isfinite([header.step, *header.origin, *header.time_s]).all()
        and header.step > 0
    )
    frame = offset = 0
    for chunk in chunks:
        sound = (
            sound
            and (chunk.first_frame, chunk.offset) == (frame, offset)
            and chunk.frames > 0
            and chunk.length > 0
            and chunk.frames * header.vertices * components <= _MAX_CHUNK_VALUES
        )
        frame, offset = frame + chunk.frames, offset + chunk.length
    if not sound or frame != header.frames:
        raise ValueError("inconsistent header")
    return header
