"""Pictures of a recording, one after the other: decoding, uprightness, colour, time stamps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast

import av
import av.filter
import av.video
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from models.capture.media import check_file, open_container, transfer_of, video_stream
from models.capture.still import is_still, read_still
from models.capture.tone import tone_map
from models.errors import VideoError

_UNSPECIFIED_MATRIX = 2


@dataclass(frozen=True)
class Frame:
    """One upright picture.

    time_s: presentation time; the first picture of the file is at 0.
    rgb: (H, W, 3) uint8 sRGB, upright, square pixels.
    """

    index: int
    time_s: float
    rgb: NDArray[np.uint8]


def frames(path: Path, *, threads: int = 1, sample_every_s: float | None = None) -> Iterator[Frame]:
    """Yield the pictures of a video in order of time, or the one picture of a photograph.

    Memory does not grow with the length. Damaged pictures are left out; a file that is cut off
    is read as far as it goes. With `sample_every_s` about one picture per that time is yielded,
    and what no other picture depends on is not decoded; `index` then counts the yielded ones.
    Raises VideoError when no picture comes out.
    """
    check_file(path)
    if is_still(path):
        yield Frame(0, 0.0, read_still(path))
        return
    with open_container(path) as container:
        stream = video_stream(container)
        context = stream.codec_context
        context.thread_count = threads
        if threads > 1:
            context.thread_type = "AUTO"
        if sample_every_s is not None:
            # The first look needs no polish: B pictures and the deblocking filter are left out.
            context.skip_frame = "NONREF"
            context.options = {"skip_loop_filter": "noref"}
        yield from _converted(container, stream, sample_every_s)


def _converted(
    container: av.container.InputContainer,
    stream: av.video.VideoStream,
    sample_every_s: float | None,
) -> Iterator[Frame]:
    rate = float(stream.average_rate or 30)
    converter = _Converter(stream)
    first_s: float | None = None
    last_s = -np.inf
    next_s = 0.0
    index = 0
    for picture in _woven(_decoded(container, stream)):
        if picture.pts is not None and picture.time_base is not None:
            stamp_s = float(picture.pts * picture.time_base)
        else:
            stamp_s = 0.0 if first_s is None else first_s + last_s + 1.0 / rate
        first_s = stamp_s if first_s is None else first_s
        time_s = stamp_s - first_s
        if time_s <= last_s:
            # Two pictures of one moment (broken muxers): the first one stands.
            continue
        last_s = time_s
        if sample_every_s is not None:
            if time_s < next_s - 0.25 * sample_every_s:
                continue
            next_s = max(next_s + sample_every_s, time_s + 0.5 * sample_every_s)
        yield Frame(index, time_s, converter.rgb(picture))
        index += 1
    if index == 0:
        raise VideoError(
            "No picture of the file can be decoded.", "Record or export the video again."
        )


def _decoded(
    container: av.container.InputContainer, stream: av.video.VideoStream
) -> Iterator[av.VideoFrame]:
    """Every picture that decodes without damage; damaged packets cost only their pictures."""
    packets = container.demux(stream)
    ended = False
    while not ended:
        try:
            packet = next(packets)
            # The demuxer's last packet is empty and makes the decoder give what it still holds.
            ended = packet.size == 0
        except (av.FFmpegError, StopIteration):
            packet, ended = None, True
        try:
            for picture in stream.decode(packet if packet is not None and packet.size else None):
                if not picture.is_corrupt:
                    yield picture
        except av.FFmpegError:
            continue


def _woven(pictures: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The pictures; interlaced ones, whose lines are of two moments, are made whole from one.

    Camcorders still record so. The filter looks at neighbouring pictures, so it gives each one
    back late, in a time base of its own; what is not interlaced passes through it unchanged.
    """
    first = next(pictures, None)
    if first is None:
        return
    everything = chain([first], pictures)
    if not first.interlaced_frame:
        yield from everything
        return
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=first.width, height=first.height, format=first.format, time_base=first.time_base
    )
    weave, sink = graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")
    graph.link_nodes(source, weave, sink).configure()
    shape = (first.width, first.height, first.format.name)
    for picture in chain(everything, [None]):
        if picture is not None and (picture.width, picture.height, picture.format.name) != shape:
            continue
        source.push(picture)
        with suppress(av.BlockingIOError, av.EOFError):
            while True:
                yield cast(av.VideoFrame, sink.pull())


class _Converter:
    """Decoded picture -> upright 8-bit sRGB array; keeps swscale's state between pictures."""

    def __init__(self, stream: av.video.VideoStream) -> None:
        self._reformatter = VideoReformatter()
        self._matrix: tuple[int, int, int, int] | None = None
        self._aspect = stream.sample_aspect_ratio
        self._size = (stream.codec_context.width, stream.codec_context.height)

    def rgb(self, picture: av.VideoFrame) -> NDArray[np.uint8]:
        transfer = transfer_of(picture.color_trc)
        # The size is held to the first one: some phones change it in the middle of a file.
        width, height = self._size
        if self._aspect is not None and self._aspect > 0 and self._aspect != 1:
            width = max(2, round(width * self._aspect / 2) * 2)
        converted = self._reformatter.reformat(
            picture,
            width=width,
            height=height,
            format="rgb24" if transfer == "sdr" else "rgb48le",
            src_colorspace=_matrix(picture),
            dst_color_range=ColorRange.JPEG,
        ).to_ndarray()
        if transfer == "sdr":
            image = np.asarray(converted, dtype=np.uint8)
        else:
            image = tone_map(np.asarray(converted, dtype=np.uint16), transfer)
        if self._matrix is None:
            # Read once: a picture whose side data was looked at is freed by the collector only.
            self._matrix = _display_matrix(picture)
        return np.ascontiguousarray(upright(image, self._matrix))


def upright(image: NDArray[np.uint8], matrix: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """The (H, W, ...) image turned and flipped by the signs (a, b, c, d) of a display matrix.

    A stored point (x, y) is shown at (a x + c y, b x + d y).
    """
    a, b, c, d = matrix
    if a == 0 and d == 0:
        image = image.swapaxes(0, 1)
        flip_x, flip_y = c < 0, b < 0
    else:
        flip_x, flip_y = a < 0, d < 0
    if flip_x:
        image = image[:, ::-1]
    if flip_y:
        image = image[::-1]
    return image


def _display_matrix(picture: av.VideoFrame) -> tuple[int, int, int, int]:
    """Signs of the 2x2 part of the display matrix; the identity without one."""
    entries: Any = picture.side_data
    data = entries.get(SideDataType.DISPLAYMATRIX)
    if data is None:
        return 1, 0, 0, 1
    values = np.frombuffer(bytes(data), dtype=np.int32)
    a, b, c, d = (int(v) for v in values[[0, 1, 3, 4]])
    # Only quarter turns and flips are meaningful for a camera: keep the stronger diagonal.
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return (1 if a >= 0 else -1), 0, 0, (1 if d >= 0 else -1)
    return 0, (1 if b >= 0 else -1), (1 if c >= 0 else -1), 0


def _matrix(picture: av.VideoFrame) -> Colorspace | None:
    """The YCbCr matrix, guessed by the size as players do when the file does not tell."""
    if int(picture.colorspace) != _UNSPECIFIED_MATRIX:
        return None
    return Colorspace.ITU709 if picture.height >= 720 else Colorspace.ITU601
