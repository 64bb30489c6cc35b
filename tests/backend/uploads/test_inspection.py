"""What is let in and what is refused, with a reason, by the child that looks into new files."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib

import av
import numpy as np
import pytest

from backend.uploads.errors import FileRefusedError
from backend.uploads.inspection import inspect_view

MINUTES = 60.0


@pytest.fixture
def look(tmp_path):
    def write_and_inspect(content: bytes, name: str = "0"):
        path = tmp_path / name
        path.write_bytes(content)
        return inspect_view(path, max_duration_s=5 * MINUTES)

    return write_and_inspect


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mp4", "libx264"), ("mov", "libx264"), ("webm", "libvpx"), ("avi", "mpeg4")],
)
def test_ordinary_films_are_let_in(look, film, suffix, codec):
    facts = look(film(suffix=suffix, codec=codec))
    assert facts.kind == "video"
    assert (facts.width, facts.height) == (160, 120)
    assert facts.n_frames == 12
    assert facts.fps == pytest.approx(30, rel=0.05)


def test_a_film_with_sound_is_let_in(look, film):
    assert look(film(sound=True)).n_frames == 12


def test_a_photograph_is_let_in(look, photograph):
    assert look(photograph).kind == "still"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("payload.txt", "hello")
    return buffer.getvalue()


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _png_bomb(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(2**22), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _many_streams(count: int) -> bytes:
    track = _box(b"tkhd", bytes(84))
    mdhd = _box(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 1000, 1000, 0, 0))
    hdlr = _box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    stsd = _box(b"stsd", struct.pack(">II", 0, 0))
    stbl = _box(b"stbl", stsd)
    mdia = _box(b"mdia", mdhd + hdlr + _box(b"minf", stbl))
    trak = _box(b"trak", track + mdia)
    mvhd = _box(b"mvhd", bytes(12) + struct.pack(">II", 1000, 1000) + bytes(80))
    return _box(b"ftyp", b"isom" + bytes(4) + b"isom") + _box(b"moov", mvhd + trak * count)


def _sound_only() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        audio = container.add_stream("aac", rate=16_000, layout="mono")
        for index in range(8):
            block = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            block.sample_rate, block.pts = 16_000, 1024 * index
            container.mux(audio.encode(block))
        container.mux(audio.encode())
    return buffer.getvalue()


HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/secret\n#EXT-X-ENDLIST\n"
HOSTILE = {
    "nothing": b"",
    "one byte": b"\0",
    "noise": os.urandom(5000),
    "playlist": HLS,
    "list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "dash manifest": b'<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>',
    "session description": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "vector picture": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
    "subtitles": b"1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    "matroska of nothing": b"\x1a\x45\xdf\xa3" + bytes(4000),
    "gif": b"GIF89a" + bytes(100),
    "large picture": _png_bomb(60_000),
    "picture that lies": _png_bomb(7_000),
    "10,000 streams": _many_streams(10_000),
    "100 streams": _many_streams(100),
    "sound": _sound_only(),
    "deep boxes": _box(b"ftyp", b"isom" * 3) + b"\0\0\0\0moov" * 5000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused_with_a_reason(look, content):
    with pytest.raises(FileRefusedError) as refusal:
        look(content)
    assert refusal.value.message.endswith(".")
    assert refusal.value.next_step


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda film: film[: len(film) // 2], id="cut in half"),
        pytest.param(lambda film: film[:-40], id="end missing"),
        pytest.param(lambda film: film + _zip(), id="archive behind"),
        pytest.param(lambda film: film + _box(b"free", _zip()), id="archive in a box behind"),
        pytest.param(lambda film: _box(b"free", b"%PDF-1.7") + film, id="document in front"),
        pytest.param(lambda film: _box(b"skip", b"<script>1</script>") + film, id="page in front"),
        pytest.param(lambda film: film + b"trailing words", id="words behind"),
    ],
)
def test_a_film_that_was_tampered_with_is_refused(look, film, spoil):
    with pytest.raises(FileRefusedError):
        look(spoil(film()))


def test_a_photograph_that_was_cut_off_is_refused(look, photograph):
    with pytest.raises(FileRefusedError):
        look(photograph[: len(photograph) // 2])


def test_too_many_streams_are_refused(look, film):
    with pytest.raises(FileRefusedError, match="20 streams"):
        look(film(streams=20, pictures=3))


def test_too_long_a_film_is_refused(tmp_path, film):
    (tmp_path / "0").write_bytes(film(pictures=30))
    with pytest.raises(FileRefusedError, match="minutes long"):
        inspect_view(tmp_path / "0", max_duration_s=0.5)


def test_too_many_frames_a_second_are_refused(look, film):
    with pytest.raises(FileRefusedError, match="600 frames a second"):
        look(film(fps=600, pictures=24))
