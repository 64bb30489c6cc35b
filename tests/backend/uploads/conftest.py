"""Small films, photographs and hostile files, written by the tests themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def film(tmp_path_factory) -> Callable[..., bytes]:
    """Writes the bytes of a film of moving stripes; equal arguments give the same bytes."""
    folder = tmp_path_factory.mktemp("films")

    def write(
        *,
        suffix: str = "mp4",
        codec: str = "libx264",
        pictures: int = 12,
        fps: int = 30,
        streams: int = 1,
        sound: bool = False,
        shade: int = 0,
    ) -> bytes:
        path = folder / f"film.{suffix}"
        with av.open(str(path), "w") as container:
            videos = [container.add_stream(codec, rate=fps) for _ in range(streams)]
            for video in videos:
                video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
            audio = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
            for index in range(pictures):
                image = np.full((120, 160, 3), shade, np.uint8)
                image[:, (index * 5) % 150 : (index * 5) % 150 + 10] = 255
                for video in videos:
                    container.mux(video.encode(av.VideoFrame.from_ndarray(image)))
            for video in videos:
                container.mux(video.encode())
            if audio is not None:
                for index in range(8):
                    block = av.AudioFrame.from_ndarray(
                        np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
                    )
                    block.sample_rate, block.pts = 16_000, 1024 * index
                    container.mux(audio.encode(block))
                container.mux(audio.encode())
        return path.read_bytes()

    return write


@pytest.fixture(scope="session")
def photograph(tmp_path_factory) -> bytes:
    """A small PNG."""
    path: Path = tmp_path_factory.mktemp("stills") / "still.png"
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path.read_bytes()
