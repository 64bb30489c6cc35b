"""Writes takes to disk in the FPD-100-like layout, atomically: a take is whole or not there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from models.movements import View

UInt8 = NDArray[np.uint8]


def atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a temporary sibling of `path`, then rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as stream:
        write(stream)
    partial.replace(path)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` readably and atomically."""
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    atomically(path, lambda stream: stream.write(text.encode()))


def write_video(
    path: Path, frames: Iterable[UInt8], size: tuple[int, int], fps: int, bitrate_bps: int
) -> None:
    """Encode planar YUV 4:2:0 `frames` (H * 3 / 2, W), BT.709 limited, as H.264 in MP4.

    size: (width, height), even. The rate never exceeds `bitrate_bps` for long.
    """
    width, height = size
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.partial.mp4")
    with av.open(str(partial), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, fps)
        context.thread_count = 1
        context.color_range, context.colorspace = 1, 1
        context.color_primaries, context.color_trc = 1, 1
        context.options = {
            "preset": "superfast",
            "crf": "21",
            "maxrate": str(bitrate_bps),
            "bufsize": str(bitrate_bps),
        }
        for index, planes in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.color_range, frame.colorspace = 1, 1
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    partial.replace(path)


def clip_path(session: Path, action: str, view: View) -> Path:
    """Where the video of one view of an action lies in a session's folder."""
    return session / action / f"{view}.mp4"


def truth_path(session: Path, action: str) -> Path:
    """Where the truth of an action lies; it is written last, so it marks the take as done."""
    return session / "truth" / f"{action}.npz"


def write_truth(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write the truth of a take, compressed and atomically."""
    atomically(path, lambda stream: np.savez_compressed(stream, **arrays))
