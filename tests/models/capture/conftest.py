"""Small media written by the tests themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

ClipWriter = Callable[..., Path]


def _write_clip(
    path: Path,
    images: Iterable[NDArray[np.uint8]],
    *,
    fps: int = 30,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rotation: int | None = None,
    times_ms: Sequence[int] | None = None,
    sound: NDArray[np.float32] | None = None,
    options: dict[str, str] | None = None,
    colour: tuple[int, int, int] | None = None,
) -> Path:
    """Encode (H, W, 3) RGB images; `sound` is mono 16 kHz, `colour` primaries/transfer/matrix."""
    with av.open(str(path), "w") as container:
        stream = None
        voice = None
        for index, image in enumerate(images):
            if stream is None:
                stream = container.add_stream(codec, rate=fps, options=options or {})
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = pix_fmt
                if times_ms is not None:
                    stream.time_base = Fraction(1, 1000)
                    stream.codec_context.time_base = Fraction(1, 1000)
                if rotation is not None:
                    stream.set_display_rotation(rotation)
                if colour is not None:
                    context = stream.codec_context
                    context.color_primaries, context.color_trc, context.colorspace = colour
                if sound is not None:
                    voice = container.add_stream("aac", rate=16_000, layout="mono")
            layout = "rgb48le" if image.dtype == np.uint16 else "rgb24"
            frame = av.VideoFrame.from_ndarray(image, format=layout)
            if colour is not None:
                frame = frame.reformat(format=pix_fmt, dst_colorspace="BT2020")
            frame.pts = index if times_ms is None else times_ms[index]
            frame.time_base = Fraction(1, fps) if times_ms is None else Fraction(1, 1000)
            container.mux(stream.encode(frame))
        assert stream is not None
        container.mux(stream.encode())
        if voice is not None and sound is not None:
            for start in range(0, sound.size - 1023, 1024):
                block = av.AudioFrame.from_ndarray(
                    sound[None, start : start + 1024], format="fltp", layout="mono"
                )
                block.sample_rate = 16_000
                block.pts = start
                container.mux(voice.encode(block))
            container.mux(voice.encode())
    return path


@pytest.fixture(scope="session")
def write_clip() -> ClipWriter:
    return _write_clip


@pytest.fixture(scope="session")
def moving_pattern() -> Callable[..., list[NDArray[np.uint8]]]:
    """Upright pictures with a bright block top left and a bar that moves right with time."""

    def pattern(n: int = 20, height: int = 96, width: int = 160) -> list[NDArray[np.uint8]]:
        images = []
        for index in range(n):
            image = np.full((height, width, 3), 60, dtype=np.uint8)
            image[: height // 4, : width // 4] = (230, 40, 40)
            left = int((width - 16) * index / max(n - 1, 1))
            image[height // 2 : height // 2 + 16, left : left + 16] = (40, 220, 60)
            images.append(image)
        return images

    return pattern
