"""Overlay videos and pictures: the fitted mesh drawn over what a camera recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray
from PIL import Image

from models.capture.video import Frame, frames
from models.head.topology import Topology
from models.movements import NOTICE, View
from models.pipeline.drawing import (
    SCALE_MM,
    VIEW_WORDS,
    Distort,
    FaceDrawing,
    UInt8,
    fitting_size,
    lay,
    legend_bar,
    text_block,
)
from models.reconstruction import Array, Array32, Camera
from models.render import project

Progress = Callable[[float], None]

_TIME_BASE = Fraction(1, 90_000)
_PAPER = (24, 27, 32)
_INK = (226, 229, 233)
_QUIET = (160, 166, 174)
_MARK = (240, 178, 60)
_OUTLINE_STEP = 16
_MARGIN = 0.3
_ASPECT = 4 / 3
_LEGEND = "asymmetry, this side against the other:"


def write_overlay(
    video: Path,
    out: Path,
    *,
    view: View,
    camera: Camera,
    head_pose: Array,
    vertices_mm: Array32,
    topology: Topology,
    time_s: Array,
    source_frame: NDArray[np.int64],
    values_mm: Array32 | None = None,
    excluded: Mapping[int, str] | None = None,
    width_px: int = 640,
    distort: Distort | None = None,
    progress: Progress | None = None,
) -> None:
    """Draw the mesh over each moment of the common clock and write `out` whole or not at all.

    `out` ends in .mp4 (H.264), or in .png for the first moment as a picture. It shows the part of
    the camera's picture around the face, the same at all moments, `width_px` wide; a footer with
    the colour scale and the notice stands below.
    camera: of the upright full-size frame; head_pose: (T, 4, 4) head to world in mm; vertices_mm:
    (T, V, 3) in the head frame, may be mapped from a file; values_mm: (T, V) signed asymmetry.
    time_s: (T,) moments; source_frame: (T,) picture of `video` at each, -1 for none, never
    falling. excluded: moment -> reason, shown grey with the reason. distort: undistorted to
    recorded pixels (N, 2), where the lens bends. progress: gets the share that is done.
    Memory does not grow with the length. Raises VideoError when no picture of `video` decodes.
    """
    scene = _Scene(view, camera, topology, width_px, distort, head_pose, vertices_mm)
    reasons = excluded or {}
    partial = out.with_name(f".{out.stem}.partial{out.suffix}")

    def pictures() -> Iterator[UInt8]:
        for moment, frame in enumerate(_at_moments(video, source_frame)):
            yield scene.picture(
                frame,
                shown=bool(source_frame[moment] >= 0),
                time_s=float(time_s[moment]) if len(time_s) > 1 else None,
                pose=head_pose[moment],
                vertices_mm=vertices_mm[moment],
                values_mm=None if values_mm is None else values_mm[moment],
                reason=reasons.get(moment),
            )
            if progress is not None:
                progress((moment + 1) / len(source_frame))

    try:
        if out.suffix == ".png":
            Image.fromarray(next(pictures())).save(partial)
        else:
            _encode(partial, pictures(), scene.size, time_s)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _at_moments(video: Path, source_frame: NDArray[np.int64]) -> Iterator[Frame]:
    """The picture of each moment; where there is none, the latest one, or else the first."""
    stream = frames(video)
    frame = next(stream)
    for wanted in source_frame:
        while frame.index < wanted:
            following = next(stream, None)
            if following is None:
                break
            frame = following
        yield frame


class _Scene:
    """Everything about a view that does not change over time."""

    def __init__(
        self,
        view: View,
        camera: Camera,
        topology: Topology,
        width_px: int,
        distort: Distort | None,
        head_pose: Array,
        vertices_mm: Array32,
    ) -> None:
        self._camera = camera
        self._distort = distort
        self._drawing = FaceDrawing(topology)
        outline = np.flatnonzero(self._drawing.weight > 0)[::_OUTLINE_STEP]
        paths = (
            self._recorded(pose, shape[outline])[:, :2]
            for pose, shape in zip(head_pose, vertices_mm, strict=True)
        )
        self._window = _window(paths, camera)
        left, top, right, bottom = self._window
        width = width_px // 2 * 2
        height = max(2, round((bottom - top) * width / (right - left) / 2) * 2)
        self._picture_size = (width, height)
        self._text_px = max(9, width // 54)
        self._footer = _footer(width, self._text_px)
        self._label = text_block(VIEW_WORDS[view], self._text_px, _INK, _PAPER)
        self.size = (width, height + self._footer.shape[0])

    def picture(
        self,
        frame: Frame,
        *,
        shown: bool,
        time_s: float | None,
        pose: Array,
        vertices_mm: Array32,
        values_mm: Array32 | None,
        reason: str | None,
    ) -> UInt8:
        """(H, W, 3) the camera's picture with mesh, marks and footer."""
        width, height = self._picture_size
        whole = np.empty((self.size[1], width, 3), dtype=np.uint8)
        whole[height:] = self._footer
        picture = whole[:height]
        left, top, right, bottom = self._window
        part = frame.rgb[top:bottom, left:right]
        # Averaging is only worth its time where pixels would be left out otherwise.
        way = cv2.INTER_AREA if part.shape[1] > 2 * width else cv2.INTER_LINEAR
        cv2.resize(part, (width, height), picture, 0, 0, way)
        if not shown:
            reason = reason or "no picture of this moment"
            picture //= 3
        if reason is not None:
            picture[:] = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[:, :, None]
        if shown:
            screen = self._screen(pose, vertices_mm)
            self._drawing.paint(picture, screen, None if reason is not None else values_mm)
        if reason is not None:
            self._mark(picture, f"not measured: {reason}")
        lay(picture, self._label, 0, 0)
        if time_s is not None:
            clock = text_block(f"{time_s:.2f} s", self._text_px, _INK, _PAPER)
            lay(picture, clock, width - clock.shape[1], 0)
        return whole

    def _screen(self, pose: Array, vertices_mm: Array32) -> Array:
        """(V, 3) of the small picture: x px, y px, depth mm."""
        left, top, right, bottom = self._window
        screen = self._recorded(pose, vertices_mm)
        screen[:, 0] = (screen[:, 0] - left) * (self._picture_size[0] / (right - left))
        screen[:, 1] = (screen[:, 1] - top) * (self._picture_size[1] / (bottom - top))
        return screen

    def _recorded(self, pose: Array, vertices_mm: Array32) -> Array:
        """(V, 3) of the full-size picture: x px, y px, depth mm."""
        to_camera = self._camera.world_to_camera @ pose
        screen = project(vertices_mm.astype(np.float64), self._camera.K, to_camera)
        if self._distort is not None:
            screen[:, :2] = self._distort(screen[:, :2])
        return screen

    def _mark(self, picture: UInt8, words: str) -> None:
        """A frame around the picture and a band with words, so that nobody misses them."""
        width, height = self._picture_size
        band = text_block(words, self._text_px, _PAPER, _MARK)
        edge = max(3, width // 160)
        picture[:edge] = picture[-edge:] = _MARK
        picture[:, :edge] = picture[:, -edge:] = _MARK
        lay(picture, band, (width - band.shape[1]) // 2, height - band.shape[0])


def _window(paths: Iterable[Array], camera: Camera) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the picture that the face (N, 2) ever comes near."""
    corners = []
    for points in paths:
        if np.isfinite(points).all():
            corners.append(np.concatenate([points.min(axis=0), points.max(axis=0)]))
    if not corners:
        return 0, 0, camera.width, camera.height
    boxes = np.array(corners)
    margin = _MARGIN * float(np.median(boxes[:, 3] - boxes[:, 1]))
    left, top = np.maximum(np.floor(boxes[:, :2].min(axis=0) - margin), 0).astype(int)
    limit = (camera.width, camera.height)
    right, bottom = np.minimum(np.ceil(boxes[:, 2:].max(axis=0) + margin), limit).astype(int)
    if right - left < 16 or bottom - top < 16:
        return 0, 0, camera.width, camera.height
    # Wide enough for the footer and the shoulders, never wider than the picture.
    width = min(max(right - left, round(_ASPECT * (bottom - top))), camera.width)
    left = min(max((left + right - width) // 2, 0), camera.width - width)
    return int(left), int(top), int(left + width), int(bottom)


def _footer(width: int, text_px: int) -> UInt8:
    """Two rows: the colour scale, and the notice."""
    row = text_px + 2 * max(2, text_px // 3)
    footer = np.full(((2 * row + 1) // 2 * 2, width, 3), _PAPER, dtype=np.uint8)
    bar = legend_bar(width // 4, text_px - 2)
    x = 0
    for block, top in (
        (text_block(_LEGEND, text_px, _QUIET, _PAPER), 0),
        (text_block(f"sunken {-SCALE_MM:+.0f} mm", text_px, _INK, _PAPER), 0),
        (bar, (row - bar.shape[0]) // 2),
        (text_block(f"{SCALE_MM:+.0f} mm standing out", text_px, _INK, _PAPER), 0),
    ):
        lay(footer, block, x, top)
        x += block.shape[1]
    size = fitting_size(NOTICE, text_px, width - 2 * max(2, text_px // 3))
    lay(footer, text_block(NOTICE, size, _QUIET, _PAPER), 0, row)
    return footer


def _encode(path: Path, pictures: Iterator[UInt8], size: tuple[int, int], time_s: Array) -> None:
    """H.264 in MP4 with the moments' own times, BT.709."""
    usual_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1 / 30
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(1 / usual_s).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        context = stream.codec_context
        context.time_base = _TIME_BASE
        context.thread_count = 1
        context.color_range, context.colorspace = 1, 1
        context.color_primaries, context.color_trc = 1, 1
        context.options = {"preset": "veryfast", "crf": "23"}
        for moment, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
            )
            frame.color_range, frame.colorspace = 1, 1
            frame.time_base = _TIME_BASE
            frame.pts = round((time_s[moment] - time_s[0]) / _TIME_BASE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
