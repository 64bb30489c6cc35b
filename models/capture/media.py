"""What a media file is, told from its headers and packets; pictures are read in video and still."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.container
import av.video
import numpy as np
from numpy.typing import NDArray

from models.capture.still import is_still, still_size
from models.errors import UnusableInputError, VideoError

CONTAINERS = ("mov", "mp4", "matroska", "webm", "avi")
"""Demuxers that may look at a file; play lists, concatenations and text art stay shut out."""

CODECS = frozenset(
    {"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9", "mpeg4", "h263"}
    | {"mpeg2video", "mjpeg", "prores", "dnxhd", "dvvideo", "msmpeg4v2", "msmpeg4v3"}
    | {"rawvideo", "ffv1", "huffyuv", "ffvhuff", "utvideo", "png"}
)
"""Decoders that may run on a file."""

MIN_SIDE_PX = 64
MAX_SIDE_PX = 10_000
MAX_PIXELS = 64_000_000
MAX_DURATION_S = 3600.0
MAX_FRAMES = 1_000_000

_LENGTH_RATIO = 0.5
_LENGTH_DIFFERENCE_S = 5.0
_TRANSFER_PQ = 16
_TRANSFER_HLG = 18
_NEXT_EXPORT = "Export or record it again as MP4 (H.264) and try once more."

Transfer = Literal["sdr", "pq", "hlg"]


@dataclass(frozen=True)
class MediaInfo:
    """One video stream or photograph, as it will be seen upright.

    `width`, `height` are in pixels of the upright frame with square pixels. `fps` is what a
    playing clock sees, dropped frames counted: (n_frames - 1) / duration between the first and
    the last picture; `fps_nominal` is what the file says of itself. `duration_s` includes the
    last picture's own time. `truncated_s` is how much of the declared length is missing.
    """

    kind: Literal["still", "video"]
    container: str
    codec: str
    width: int
    height: int
    rotation_deg: int
    n_frames: int
    duration_s: float
    fps_nominal: float
    fps: float
    dropped_frames: int
    has_audio: bool
    transfer: Transfer
    bit_depth: int
    truncated_s: float

    @property
    def is_hdr(self) -> bool:
        """Whether the picture needs tone mapping."""
        return self.transfer != "sdr"


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal; raises VideoError when it can't be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(error) from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Say which of a recording's files an error is about."""
    try:
        yield
    except VideoError as error:
        raise VideoError(f"{path.name}: {error.message}", error.next_step) from error


def probe(path: Path) -> MediaInfo:
    """Describe a video or photograph from its headers and packets alone.

    Raises VideoError for everything that can't be used, with the reason for a person.
    """
    check_file(path)
    if is_still(path):
        width, height, bit_depth, coding = still_size(path)
        check_size(width, height)
        return MediaInfo(
            kind="still",
            container=coding,
            codec=coding,
            width=width,
            height=height,
            rotation_deg=0,
            n_frames=1,
            duration_s=0.0,
            fps_nominal=0.0,
            fps=0.0,
            dropped_frames=0,
            has_audio=False,
            transfer="sdr",
            bit_depth=bit_depth,
            truncated_s=0.0,
        )
    with open_container(path) as container:
        return _probe_video(container)


def check_file(path: Path) -> None:
    """Raise VideoError unless `path` is a readable file with something in it."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise _unreadable(error) from error
    if not path.is_file():
        raise VideoError("This is not a file.", "Give the path of a video or a photograph.")
    if size == 0:
        raise VideoError("The file is empty (0 bytes).", "Copy it again from the camera.")


def check_size(width: int, height: int) -> None:
    """Raise VideoError for pictures outside the accepted sizes (pixels)."""
    if min(width, height) < MIN_SIDE_PX:
        raise VideoError(
            f"The picture is only {width} x {height} pixels.",
            f"At least {MIN_SIDE_PX} pixels a side are needed, 1920 x 1080 are recommended.",
        )
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise VideoError(
            f"The picture of {width} x {height} pixels is too large.",
            "Scale it down to 4K (3840 x 2160) or less.",
        )


def check_one_recording(infos: Sequence[MediaInfo]) -> None:
    """Raise UnusableInputError for files that can't be views of one recording."""
    if len({info.kind for info in infos}) > 1:
        raise UnusableInputError(
            "Some of the files are photographs and some are videos.",
            "Give either one video or one photograph per view.",
        )
    lengths_s = [info.duration_s for info in infos]
    short_s, long_s = min(lengths_s), max(lengths_s)
    if short_s < _LENGTH_RATIO * long_s and long_s - short_s > _LENGTH_DIFFERENCE_S:
        raise UnusableInputError(
            f"The views are {short_s:.0f} and {long_s:.0f} seconds long: "
            "they can't be of the same recording.",
            "Choose the files of one recording.",
        )


@contextmanager
def open_container(path: Path) -> Iterator[av.container.InputContainer]:
    """Open a local media file with the demuxers of CONTAINERS only; raises VideoError."""
    options = {
        "format_whitelist": ",".join(CONTAINERS),
        "protocol_whitelist": "file",
    }
    try:
        container = av.open(
            f"file:{path.resolve()}", container_options=options, metadata_errors="replace"
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise _unreadable(error) from error
        raise VideoError(
            "The file is not a video or photograph that can be read, or its end is missing.",
            _NEXT_EXPORT,
        ) from error
    with container:
        yield container


def video_stream(container: av.container.InputContainer) -> av.video.VideoStream:
    """The stream that holds the recording; raises VideoError when there is none to use."""
    pictures = [
        s for s in container.streams.video if not s.disposition & s.disposition.attached_pic
    ]
    if not pictures:
        kind = "sound only" if container.streams.audio else "no picture"
        raise VideoError(f"The file holds {kind}.", "Choose the file with the video.")
    # A stream of unknown coding has no context, and no width either.
    readable = [
        s for s in pictures if s.codec_context is not None and s.codec_context.name in CODECS
    ]
    if not readable:
        raise VideoError("The video is coded in a way that can't be read.", _NEXT_EXPORT)
    stream = max(readable, key=lambda s: s.codec_context.width * s.codec_context.height)
    context = stream.codec_context
    check_size(context.width, context.height)
    return stream


def transfer_of(code: int) -> Transfer:
    """Name of FFmpeg's colour transfer code, as far as it matters here."""
    return {_TRANSFER_PQ: "pq", _TRANSFER_HLG: "hlg"}.get(int(code), "sdr")  # type: ignore[return-value]


def upright_size(width: int, height: int, aspect: Fraction | None, turned: bool) -> tuple[int, int]:
    """(width, height) with square pixels, after a quarter turn if `turned`."""
    if aspect is not None and aspect > 0 and aspect != 1:
        width = max(2, round(width * aspect / 2) * 2)
    return (height, width) if turned else (width, height)


def _probe_video(container: av.container.InputContainer) -> MediaInfo:
    stream = video_stream(container)
    context = stream.codec_context
    transfer = transfer_of(context.color_trc)
    bit_depth = max((c.bits for c in context.format.components), default=8) if context.format else 8
    times_s = _packet_times_s(container, stream)
    if times_s.size == 0:
        raise VideoError("The file holds no picture that can be read.", _NEXT_EXPORT)
    rotation_deg = _first_rotation(container, stream)
    width, height = upright_size(
        context.width, context.height, stream.sample_aspect_ratio, rotation_deg % 180 != 0
    )
    check_size(width, height)
    span_s = float(times_s[-1] - times_s[0])
    steps = np.diff(times_s)
    step_s = float(np.median(steps)) if steps.size else 0.0
    fps = (times_s.size - 1) / span_s if span_s > 0 else 0.0
    duration_s = span_s + step_s
    if duration_s > MAX_DURATION_S or times_s.size > MAX_FRAMES:
        raise VideoError(
            f"The video is {duration_s / 60:.0f} minutes long.",
            f"Cut it to less than {MAX_DURATION_S / 60:.0f} minutes.",
        )
    declared_s = _declared_duration_s(container, stream)
    missing_s = declared_s - duration_s
    return MediaInfo(
        kind="still" if times_s.size == 1 else "video",
        container=container.format.name.split(",")[0],
        codec=context.name,
        width=width,
        height=height,
        rotation_deg=rotation_deg,
        n_frames=int(times_s.size),
        duration_s=duration_s,
        fps_nominal=float(stream.average_rate or 0.0),
        fps=fps,
        dropped_frames=count_dropped(steps),
        has_audio=bool(container.streams.audio),
        transfer=transfer,
        bit_depth=int(bit_depth),
        truncated_s=missing_s if missing_s > max(0.25, 3 * step_s) else 0.0,
    )


def count_dropped(steps_s: NDArray[np.float64]) -> int:
    """How many pictures are missing where the steps between pictures are multiples of the usual."""
    if steps_s.size == 0:
        return 0
    usual = float(np.median(steps_s))
    if usual <= 0:
        return 0
    return int(np.maximum(np.round(steps_s / usual) - 1, 0).sum())


def _packet_times_s(
    container: av.container.InputContainer, stream: av.video.VideoStream
) -> NDArray[np.float64]:
    """(N,) sorted presentation times in seconds of all packets that will be shown."""
    rate = float(stream.average_rate or 30)
    base = float(stream.time_base or 1 / rate)
    times: list[float] = []
    try:
        for packet in container.demux(stream):
            if packet.size == 0 or packet.is_discard:
                continue
            stamp = packet.pts if packet.pts is not None else packet.dts
            times.append(len(times) / rate if stamp is None else stamp * base)
    except av.FFmpegError:
        # The file ends in the middle of a packet: what came before is used.
        pass
    return np.sort(np.asarray(times, dtype=np.float64))


def _first_rotation(container: av.container.InputContainer, stream: av.video.VideoStream) -> int:
    """Clockwise turn in degrees that makes the first picture upright."""
    try:
        container.seek(0)
        for frame in container.decode(stream):
            return -round(frame.rotation / 90) * 90 % 360
    except av.FFmpegError as error:
        raise VideoError("No picture of the file can be decoded.", _NEXT_EXPORT) from error
    raise VideoError("No picture of the file can be decoded.", _NEXT_EXPORT)


def _declared_duration_s(
    container: av.container.InputContainer, stream: av.video.VideoStream
) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return container.duration / 1e6
    return 0.0


def _unreadable(error: OSError) -> VideoError:
    if isinstance(error, FileNotFoundError):
        return VideoError("The file does not exist.", "Check the path.")
    if isinstance(error, PermissionError):
        return VideoError("The file may not be read.", "Check its permissions.")
    return VideoError(f"The file can't be read ({error.strerror}).", "Copy it again.")
