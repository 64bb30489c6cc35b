"""Telling files that are, or also are, something else than a video or photograph, by their bytes.

A file that two programs read as two kinds of thing is the classic way past a check; nothing is
decoded here.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from models.capture.still import is_still
from models.errors import VideoError

_EBML = b"\x1a\x45\xdf\xa3"
_ISO_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_FOREIGN_AT_START = (b"%PDF-", b"<html", b"<!doctype", b"<script", b"<?php", b"<svg", b"#EXTM3U")
_START_BYTES = 1024
# The record that ends a ZIP archive, of one part, may lie before a comment of up to 64 KiB.
_ZIP_END = b"PK\x05\x06\0\0\0\0"
_ZIP_REACH = 65_536 + 22
_MAX_BOXES = 200_000
_NEXT = "Export or record it again as MP4 (H.264) and try once more."


def refuse_disguises(path: Path) -> None:
    """Raise VideoError unless the file is of one accepted kind, and of that kind alone."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
        file.seek(max(0, size - _ZIP_REACH))
        tail = file.read()
        is_iso = start[4:8] in _ISO_FIRST
        is_avi = start[:4] == b"RIFF" and start[8:12] == b"AVI "
        if not (is_iso or is_avi or start.startswith(_EBML) or is_still(path)):
            raise VideoError(
                "The file is neither a video nor a photograph that is accepted.", _NEXT
            )
        lowered = start.lower()
        if any(mark.lower() in lowered for mark in _FOREIGN_AT_START) or _ZIP_END in tail:
            raise VideoError("The file is a video or photograph and something else.", _NEXT)
        if is_iso:
            _follow_boxes(file, size)


def _follow_boxes(file: BinaryIO, size: int) -> None:
    """The boxes of an MP4 or QuickTime file must fill it, one after the other, to its very end."""
    at = 0
    for _ in range(_MAX_BOXES):
        if at == size:
            return
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        length, kind = struct.unpack_from(">I4s", head)
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack_from(">Q", head, 8)
        elif length == 0:
            length = size - at
        if length < 8 or not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind):
            raise VideoError("The file holds something beside the video.", _NEXT)
        at += length
        if at > size:
            raise VideoError(
                "The end of the video is missing.", "Copy the file again from the camera."
            )
    raise VideoError("The file holds something beside the video.", _NEXT)
