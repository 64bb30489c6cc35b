"""Files that strangers send to break things, or to reach what is not theirs."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib

import av
import numpy as np


def zip_archive() -> bytes:
    """A small archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("payload.txt", "hello")
    return buffer.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    """A box of an MP4."""
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
    track = box(b"tkhd", bytes(84))
    mdhd = box(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 1000, 1000, 0, 0))
    hdlr = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    stsd = box(b"stsd", struct.pack(">II", 0, 0))
    stbl = box(b"stbl", stsd)
    mdia = box(b"mdia", mdhd + hdlr + box(b"minf", stbl))
    trak = box(b"trak", track + mdia)
    mvhd = box(b"mvhd", bytes(12) + struct.pack(">II", 1000, 1000) + bytes(80))
    return box(b"ftyp", b"isom" + bytes(4) + b"isom") + box(b"moov", mvhd + trak * count)


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
    "deep boxes": box(b"ftyp", b"isom" * 3) + b"\0\0\0\0moov" * 5000,
}
