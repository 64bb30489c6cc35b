"""The mesh stream gives back what was put in, and refuses what it can't trust."""

from __future__ import annotations

import gzip
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.stream import CHUNK_FRAMES, MeshStream, MeshStreamError, encode_meshes, encode_scalars


def meshes(n_frames=70, n_vertices=300, seed=0, span=120.0):
    rng = np.random.default_rng(seed)
    still = rng.uniform(-span, span, size=(1, n_vertices, 3))
    moving = np.cumsum(rng.normal(scale=0.2, size=(n_frames, n_vertices, 3)), axis=0)
    return (still + moving).astype(np.float32), np.arange(n_frames) / 30


def encode(values, time_s, **options):
    return encode_meshes(values, time_s, topology_id="abc", **options)


def rewritten(data, change, version=1):
    """The stream with its header changed."""
    length = struct.unpack_from("<8sII", data)[2]
    header = json.loads(data[16 : 16 + length])
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<8sII", b"SFPFRMS\n", version, len(text)) + text + data[16 + length :]


def test_round_trip_within_half_a_step():
    values, time_s = meshes()
    with MeshStream(encode(values, time_s, hashes={"input": "00ff"})) as stream:
        assert np.abs(stream.all() - values).max() <= 0.005 + 1e-5
        assert stream.header.time_s == pytest.approx(time_s, abs=1e-6)
        assert stream.header.topology_id == "abc"
        assert stream.header.hashes == {"input": "00ff"}
        assert [c.frames for c in stream.header.chunks] == [30, 30, 10]


@given(st.integers(0, 69), st.integers(1, 70))
@settings(max_examples=25, deadline=None)
def test_any_span_of_frames_is_the_same_as_in_the_whole(start, count):
    values, time_s = meshes(n_vertices=20)
    stop = min(70, start + count)
    with MeshStream(encode(values, time_s)) as stream:
        assert np.array_equal(stream.frames(start, stop), stream.all()[start:stop])


def test_seeking_reads_one_chunk_only():
    values, time_s = meshes()
    data = bytearray(encode(values, time_s))
    data[-10] ^= 0xFF
    with MeshStream(bytes(data)) as stream:
        assert np.isfinite(stream.frames(0, 2 * CHUNK_FRAMES)).all()
        with pytest.raises(MeshStreamError, match="hash"):
            stream.frames(60, 61)


def test_equal_input_gives_equal_bytes():
    values, time_s = meshes()
    assert encode(values, time_s) == encode(values.copy(), time_s.copy())


def test_jumps_across_the_whole_range_wrap_exactly():
    values = np.zeros((4, 2, 3), np.float32)
    values[1, :, 0] = 327.0
    values[2, :, 0] = -327.0
    values[3, :, 1] = 50.0
    with MeshStream(encode(values, np.arange(4.0))) as stream:
        assert np.abs(stream.all() - values).max() <= 0.005 + 1e-5


def test_far_off_origin_keeps_the_step_and_a_wide_span_widens_it():
    values, time_s = meshes()
    with MeshStream(encode(values + 5000, time_s)) as stream:
        assert stream.header.step == 0.01
        assert np.abs(stream.all() - values - 5000).max() <= 0.006
    with MeshStream(encode(values * 10, time_s)) as stream:
        assert stream.header.step == 0.04
        assert np.abs(stream.all() - values * 10).max() <= 0.0205


def test_scalars_keep_missing_values():
    values = np.linspace(-5, 5, 40 * 50, dtype=np.float32).reshape(40, 50)
    values[3, 7] = np.nan
    values[35:] = np.nan
    data = encode_scalars(
        values, np.arange(40) / 30, name="asymmetry", unit="mm", topology_id="abc"
    )
    with MeshStream(data) as stream:
        back = stream.all()
        assert back.shape == (40, 50)
        assert np.array_equal(np.isnan(back), np.isnan(values))
        assert np.nanmax(np.abs(back - values)) <= 0.005 + 1e-6
        assert (stream.header.name, stream.header.unit) == ("asymmetry", "mm")
    nothing = np.full((2, 3), np.nan, np.float32)
    data = encode_scalars(nothing, np.arange(2.0), name="x", unit="mm", topology_id="abc")
    with MeshStream(data) as stream:
        assert np.isnan(stream.all()).all()


def test_meshes_must_be_numbers():
    values, time_s = meshes()
    values[2, 3] = np.nan
    with pytest.raises(MeshStreamError, match="not numbers"):
        encode(values, time_s)


def test_reads_from_a_file(tmp_path):
    values, time_s = meshes()
    path = tmp_path / "meshes.sfm"
    path.write_bytes(encode(values, time_s))
    with MeshStream(path) as stream:
        assert stream.frames(5, 6).shape == (1, 300, 3)
        with pytest.raises(IndexError):
            stream.frames(69, 71)


@pytest.mark.parametrize("length", [0, 7, 15, 16, 40, 1500])
def test_truncated_streams_are_refused(length):
    values, time_s = meshes()
    with pytest.raises(MeshStreamError) as error, MeshStream(encode(values, time_s)[:length]) as s:
        s.all()
    assert error.value.next_step


def test_truncated_body():
    values, time_s = meshes()
    with (
        MeshStream(encode(values, time_s)[:-1]) as stream,
        pytest.raises(MeshStreamError, match="ends too early"),
    ):
        stream.all()


HOSTILE = {
    "frames": lambda h: h.update(frames=71),
    "negative vertices": lambda h: h.update(vertices=-1),
    "huge": lambda h: h.update(vertices=10**9),
    "text": lambda h: h.update(vertices="many"),
    "no chunks": lambda h: h.update(chunks=[]),
    "chunk before": lambda h: h["chunks"][1].update(offset=-5),
    "chunk twice": lambda h: h["chunks"][1].update(frame=0),
    "chunk of a million": lambda h: h["chunks"][0].update(frames=10**6),
    "kind": lambda h: h.update(kind="faces"),
    "components": lambda h: h.update(components=1),
    "origin": lambda h: h.update(origin=[0.0]),
    "step": lambda h: h.update(step=0.0),
    "infinite": lambda h: h.update(step=float("inf")),
    "missing": lambda h: h.pop("time_s"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers_are_refused(name):
    values, time_s = meshes()
    with pytest.raises(MeshStreamError):
        MeshStream(rewritten(encode(values, time_s), HOSTILE[name]))


def test_other_versions_and_other_files_are_refused():
    values, time_s = meshes()
    with pytest.raises(MeshStreamError, match="version 2"):
        MeshStream(rewritten(encode(values, time_s), lambda h: None, version=2))
    with pytest.raises(MeshStreamError, match="not a mesh stream"):
        MeshStream(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(MeshStreamError, match="too long"):
        MeshStream(struct.pack("<8sII", b"SFPFRMS\n", 1, 2**32 - 1))


def test_a_chunk_that_inflates_without_end_is_refused():
    import hashlib

    values, time_s = meshes(n_frames=20)
    data = encode(values, time_s)
    bomb = gzip.compress(bytes(50_000_000), mtime=0)

    def swap(header):
        header["chunks"][0].update(length=len(bomb), sha256=hashlib.sha256(bomb).hexdigest())

    length = struct.unpack_from("<8sII", data)[2]
    forged = rewritten(data[: 16 + length] + bomb, swap)
    with MeshStream(forged) as stream, pytest.raises(MeshStreamError, match="wrong length"):
        stream.all()
