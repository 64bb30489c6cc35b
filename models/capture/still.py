"""Photographs: telling them from videos by their first bytes and reading them upright."""

from __future__ import annotations

import importlib
import importlib.util
import struct
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from models.errors import VideoError

_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
_HEIC_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis")
_ORIENTATION_TAG = 0x0112
# What Pillow raises on broken files of one format or another.
_DAMAGE = (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, struct.error)
_NEXT = "Export it as JPEG or PNG and try once more."


def is_still(path: Path) -> bool:
    """Whether the file's first bytes are those of a photograph."""
    with path.open("rb") as stream:
        head = stream.read(16)
    return (
        head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"BM"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or _is_heic(head)
    )


def still_size(path: Path) -> tuple[int, int, int, str]:
    """(width, height, bits per channel, format) of the upright photograph, without decoding it."""
    with _opened(path) as image:
        try:
            width, height = image.size
            if image.getexif().get(_ORIENTATION_TAG, 1) >= 5:
                width, height = height, width
        except _DAMAGE as error:
            raise _damaged() from error
        return width, height, 16 if image.mode.startswith("I") else 8, (image.format or "").lower()


def read_still(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of the photograph, upright by its EXIF orientation."""
    with _opened(path) as image:
        try:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):
                grey = np.clip(np.asarray(upright, dtype=np.int64) >> 8, 0, 255).astype(np.uint8)
                return np.repeat(grey[:, :, None], 3, axis=2)
            return np.ascontiguousarray(upright.convert("RGB"), dtype=np.uint8)
        except _DAMAGE as error:
            raise _damaged() from error


def _damaged() -> VideoError:
    return VideoError("The photograph is damaged or cut off.", "Copy it again from the camera.")


def _is_heic(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS


def _opened(path: Path) -> Image.Image:
    with path.open("rb") as stream:
        head = stream.read(16)
    formats: tuple[str, ...] = _FORMATS
    if _is_heic(head):
        if importlib.util.find_spec("pillow_heif") is None:
            raise VideoError(
                "HEIC photographs can't be read by this installation.",
                "Export it as JPEG, or install the package pillow-heif.",
            )
        importlib.import_module("pillow_heif").register_heif_opener()
        formats = ("HEIF",)
    try:
        with warnings.catch_warnings():
            # Sizes are checked by the caller before anything is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=formats)
    except Image.DecompressionBombError as error:
        raise VideoError("The photograph is too large.", "Scale it down to 4K or less.") from error
    except (UnidentifiedImageError, *_DAMAGE) as error:
        raise VideoError("The file is not a photograph that can be read.", _NEXT) from error
