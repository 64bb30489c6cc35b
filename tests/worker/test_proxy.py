"""Videos for the browser: of a size and coding that every browser plays and seeks in."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from worker.computing import proxy
from worker.computing.orders import ProxyOrder

SECONDS, RATE = 3, 30


def shade(index):
    return 20 + 2 * index


@pytest.fixture
def made(tmp_path):
    """Makes the proxy and thumbnail of a film whose pictures tell their number by their shade."""

    def make(size, *, skipped=(), codec="libx264"):
        source = tmp_path / "source.mp4"
        with av.open(str(source), "w") as container:
            stream = container.add_stream(codec, rate=RATE)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.time_base = Fraction(1, RATE)
            # One keyframe alone, as some cameras write: no browser could seek in that.
            stream.codec_context.gop_size = 1000
            for index in range(SECONDS * RATE):
                if index in skipped:
                    continue
                picture = np.full((size[1], size[0], 3), shade(index), np.uint8)
                frame = av.VideoFrame.from_ndarray(picture)
                frame.pts, frame.time_base = index, Fraction(1, RATE)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return proxied(source, tmp_path)

    return make


def proxied(source, folder):
    order = ProxyOrder(video=source, proxy=folder / "proxy", thumbnail=folder / "thumbnail")
    told = []
    result = proxy.make(order.model_dump(mode="json"), lambda stage, share: told.append(share))
    assert told == sorted(told)
    return result, order.proxy, order.thumbnail


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1920, 1080), (1280, 720)), ((1080, 1920), (404, 720)), ((640, 360),) * 2],
)
def test_it_is_h264_of_at_most_720_lines(made, size, expected):
    _, film, thumbnail = made(size)
    with av.open(str(film)) as container:
        (stream,) = container.streams
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.width, context.height) == expected
        assert sum(1 for _ in container.decode(stream)) == SECONDS * RATE
    with Image.open(thumbnail) as picture:
        assert picture.format == "JPEG"
        assert picture.height <= proxy.THUMBNAIL_PX


def test_a_browser_can_begin_and_seek_before_all_is_there(made):
    _, film, _ = made((320, 240))
    content = film.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        keys = [float(p.pts * p.time_base) for p in container.demux(stream) if p.is_keyframe]
    assert max(np.diff([*keys, float(SECONDS)])) <= 0.5 + 1 / RATE


@pytest.mark.parametrize("index", [0, 31, 62, 89])
def test_the_picture_sought_is_the_one_shown(made, index):
    _, film, _ = made((320, 240), skipped=range(40, 50))
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        container.seek(round(index / RATE / stream.time_base), stream=stream)
        shown = next(f for f in container.decode(stream) if f.time > (index - 0.5) / RATE)
    # Dropped pictures of the camera stay gaps: time is the recording's.
    assert shown.time == pytest.approx(index / RATE, abs=0.5 / RATE)
    assert shown.to_ndarray(format="rgb24").mean() == pytest.approx(shade(index), abs=2)


def test_a_photograph_stays_one(tmp_path):
    source = tmp_path / "source"
    Image.new("RGB", (1200, 900), "grey").save(source, "PNG")
    result, film, thumbnail = proxied(source, tmp_path)
    assert result == {"still": True}
    with Image.open(film) as picture, Image.open(thumbnail) as small:
        assert (picture.format, picture.size) == ("JPEG", (960, 720))
        assert small.size == (427, 320)
