"""Streams read from encrypted storage, in parts."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analyses.streams import open_stream
from models.stream import MeshStreamError, encode_scalars


def stored(storage, content):
    return storage.put([content], "somebody")


def test_any_frame_of_a_stored_stream_can_be_read(storage):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(95, 5000)).astype(np.float32)
    encoded = encode_scalars(
        values, np.arange(95) / 30, name="asymmetry", unit="mm", topology_id="t"
    )
    assert len(encoded) > 2 * 256 * 1024
    with open_stream(storage, stored(storage, encoded)) as stream:
        assert len(stream.header.chunks) == 4
        np.testing.assert_allclose(stream.frames(88, 92), values[88:92], atol=0.006)
        np.testing.assert_allclose(stream.frames(0, 1), values[:1], atol=0.006)
        where = stream.header.chunks[2]
        assert stream.packed(2) in encoded
        assert len(stream.packed(2)) == where.length


def test_what_is_no_stream_says_so(storage):
    with pytest.raises(MeshStreamError):
        open_stream(storage, stored(storage, b"a video"))
