"""A video that every browser plays and seeks in, and a thumbnail, made from what a camera wrote."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray
from PIL import Image

from models.capture.media import MediaInfo, probe
from models.capture.video import Frame, frames
from worker.child_main import Report
from worker.computing.orders import ProxyOrder

HEIGHT_PX = 720
THUMBNAIL_PX = 320
# A keyframe twice a second, so that seeking is exact and quick.
_KEYFRAME_S = 0.5
_TIME_BASE = Fraction(1, 90_000)
_BT709 = 1
_LIMITED_RANGE = 1


def make(arguments: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
    """Write proxy and thumbnail; a photograph's proxy is a JPEG. Sound is left out.

    Returns {"still": bool}. Raises VideoError.
    """
    order = ProxyOrder.model_validate(arguments)
    media = probe(order.video)
    pictures = frames(order.video)
    first = next(pictures)
    _picture(first.rgb, THUMBNAIL_PX).save(order.thumbnail, "JPEG", quality=80)
    if media.kind == "still":
        _picture(first.rgb, HEIGHT_PX).save(order.proxy, "JPEG", quality=90)
        return {"still": True}
    width, height = _even_size(media)
    rate = Fraction(media.fps or 30.0).limit_denominator(1001)
    with av.open(str(order.proxy), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        stream = film.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = _TIME_BASE
        context.gop_size = max(1, round(float(rate) * _KEYFRAME_S))
        context.color_range, context.colorspace = _LIMITED_RANGE, _BT709
        context.color_primaries, context.color_trc = _BT709, _BT709
        context.options = {"preset": "veryfast", "crf": "23"}
        frame: Frame | None = first
        while frame is not None:
            film.mux(stream.encode(_encoded(frame, (width, height))))
            report("encode", min(1.0, frame.time_s / max(media.duration_s, 1e-3)))
            frame = next(pictures, None)
        film.mux(stream.encode())
    return {"still": False}


def _even_size(media: MediaInfo) -> tuple[int, int]:
    scale = min(1.0, HEIGHT_PX / media.height)
    return 2 * round(media.width * scale / 2), 2 * round(media.height * scale / 2)


def _encoded(frame: Frame, size: tuple[int, int]) -> av.VideoFrame:
    small = np.asarray(cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    picture = av.VideoFrame.from_ndarray(small, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    picture.color_range, picture.colorspace = _LIMITED_RANGE, _BT709
    picture.time_base = _TIME_BASE
    picture.pts = round(frame.time_s / _TIME_BASE)
    return picture


def _picture(rgb: NDArray[np.uint8], height_px: int) -> Image.Image:
    image = Image.fromarray(rgb)
    image.thumbnail((4 * height_px, height_px))
    return image
