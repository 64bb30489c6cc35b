"""Small media written by the tests themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from models.capture.landmarks import topology
from models.capture.landmarks.topology import canonical_face
from models.capture.media import MediaInfo
from models.capture.observation import FrameQuality, ViewObservation
from models.capture.quality import N_EYE_SKIN, N_SKIN

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


def _media(n: int, fps: float, kind: str = "video") -> MediaInfo:
    return MediaInfo(
        kind="still" if kind == "still" else "video",
        container="mov",
        codec="h264",
        width=1920,
        height=1080,
        rotation_deg=0,
        n_frames=n,
        duration_s=n / fps if kind == "video" else 0.0,
        fps_nominal=fps,
        fps=fps,
        dropped_frames=0,
        has_audio=False,
        transfer="sdr",
        bit_depth=8,
        truncated_s=0.0,
    )


def _performance(time_s: NDArray[np.float64], seed: int, rest: bool) -> dict[str, NDArray]:
    """Mouth opening (cm), lids (0-1), head yaw (deg) and height (cm) of one person over time."""
    rng = np.random.default_rng(seed)
    blinks = np.sort(rng.uniform(0.5, 12, 4))
    mouth = np.zeros_like(time_s)
    if not rest:
        for start in rng.uniform(0.6, 1.6) + np.arange(3) * rng.uniform(2.5, 4.5):
            rise = 1 / (1 + np.exp(-(time_s - start) / 0.06))
            mouth += rise - 1 / (1 + np.exp(-(time_s - start - 1.2) / 0.1))
    return {
        "mouth_cm": 1.2 * mouth,
        "lid": sum(np.exp(-(((time_s - t) / 0.08) ** 2)) for t in blinks),
        "yaw_deg": 0.0 if rest else 1.5 * np.sin(2 * np.pi * time_s / rng.uniform(4, 7)),
        "height_cm": 0.0 if rest else 0.3 * np.sin(2 * np.pi * time_s / rng.uniform(3, 6) + 1),
    }


def _observation(
    *,
    yaw_deg: float = 0.0,
    n: int = 180,
    fps: float = 30.0,
    start_s: float = 0.0,
    seed: int = 0,
    rest: bool = False,
    noise_px: float = 0.3,
    kind: str = "video",
    time_s: NDArray[np.float64] | None = None,
) -> ViewObservation:
    """What a camera would see of a performing canonical face; the file begins at `start_s`."""
    own_s = np.arange(n) / fps if time_s is None else time_s
    n = own_s.size
    acts = _performance(own_s + start_s, seed, rest)
    face = canonical_face()
    rest_cm = np.zeros((478, 3))
    rest_cm[:468] = face.vertices_cm
    for iris, eye in ((topology.RIGHT_IRIS, (33, 133)), (topology.LEFT_IRIS, (263, 362))):
        ring = np.array([[0, 0], [0.6, 0], [0, 0.6], [-0.6, 0], [0, -0.6]])
        rest_cm[list(iris)] = face.vertices_cm[list(eye)].mean(axis=0)
        rest_cm[list(iris), :2] += ring
    points = np.repeat(rest_cm[None], n, axis=0)
    lower = np.zeros(478)
    lower[[14, 17, 84, 314, 87, 317, 152, 148, 377, 176, 400, 61, 291]] = 1.0
    points[:, :, 1] -= lower * acts["mouth_cm"][:, None]
    for upper, under in ((386, 374), (159, 145)):
        gap = points[:, upper, 1] - points[:, under, 1]
        points[:, upper, 1] -= acts["lid"] * gap
    points[:, :, 1] += np.asarray(acts["height_cm"]).reshape(-1, 1)
    yaw = np.deg2rad(yaw_deg + np.broadcast_to(acts["yaw_deg"], (n,)))
    # Seen from the patient's left (yaw > 0) the face turns its left (+x) half to the camera.
    x = np.cos(yaw)[:, None] * points[:, :, 0] - np.sin(yaw)[:, None] * points[:, :, 2]
    z = np.sin(yaw)[:, None] * points[:, :, 0] + np.cos(yaw)[:, None] * points[:, :, 2]
    scale = 32.0
    pixels = np.stack([960 + scale * x, 540 - scale * points[:, :, 1], -scale * z], axis=2)
    rng = np.random.default_rng(seed * 7 + int(abs(yaw_deg) * 13) + 1)
    pixels[:, :, :2] += rng.normal(0, noise_px, (n, 478, 2))
    landmarks = pixels.astype(np.float32)

    def each(value: float) -> NDArray[np.float32]:
        return np.full(n, value, dtype=np.float32)

    quality = FrameQuality(
        sharpness=each(0.03),
        clipped_share=each(0.0),
        dark_share=each(0.0),
        face_luma=each(120),
        light_balance=each(0.05),
        iris_px=each(45),
        face_height_px=each(600),
        lip_contrast=each(0.15),
        mouth_difference=each(0.004),
        bridge_edge=each(0.1),
        brow_difference=each(0.005),
        eye_contrast=np.full((n, 2), 1.0, dtype=np.float32),
        eye_skin=np.zeros((n, 2, N_EYE_SKIN), dtype=np.float32),
        skin_tone=np.zeros((n, N_SKIN), dtype=np.float32),
        second_face=np.where(np.arange(n) % 30 == 0, 0.0, np.nan).astype(np.float32),
        scene_luma=np.full((n, 4, 4), 100, dtype=np.float32),
    )
    return ViewObservation(
        path=Path("recording.mp4"),
        sha256="0" * 64,
        media=_media(n, fps, kind),
        time_s=own_s,
        landmarks_px=landmarks,
        pass_difference_px=np.full((n, 478), 0.5, dtype=np.float32),
        presence=each(1.0),
        yaw_deg=np.rad2deg(yaw).astype(np.float32) + rng.normal(0, 0.1, n).astype(np.float32),
        pitch_deg=each(0.0),
        roll_deg=each(0.0),
        quality=quality,
        crops=None,
        sampled=False,
        warnings=(),
    )


@pytest.fixture(scope="session")
def make_observation() -> Callable[..., ViewObservation]:
    return _observation


def _mirrored(observation: ViewObservation) -> ViewObservation:
    """The observation of the horizontally flipped file."""
    mirror = topology.mirror_permutation()
    landmarks = observation.landmarks_px[:, mirror].copy()
    landmarks[:, :, 0] = observation.width - landmarks[:, :, 0]
    return dataclasses.replace(
        observation,
        landmarks_px=landmarks,
        pass_difference_px=observation.pass_difference_px[:, mirror],
        yaw_deg=-observation.yaw_deg,
        roll_deg=-observation.roll_deg,
        quality=dataclasses.replace(
            observation.quality,
            light_balance=-observation.quality.light_balance,
            scene_luma=observation.quality.scene_luma[:, :, ::-1],
            eye_contrast=observation.quality.eye_contrast[:, ::-1],
            eye_skin=observation.quality.eye_skin[:, ::-1],
        ),
    )


@pytest.fixture(scope="session")
def mirrored() -> Callable[[ViewObservation], ViewObservation]:
    return _mirrored


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    """(400, 480, 3) part of NASA's portrait of Eileen Collins (public domain) with the face."""
    return np.ascontiguousarray(data.astronaut()[:400, 32:])


@pytest.fixture(scope="session")
def portrait_clip(portrait: NDArray[np.uint8]) -> Callable[..., list[NDArray[np.uint8]]]:
    """The portrait, zoomed and panned a little, as `n` pictures of 480 x 400 px."""

    def clip(n: int = 12, zoom: float = 1.3) -> list[NDArray[np.uint8]]:
        images = []
        for index in range(n):
            shift_x, shift_y = 4 * np.sin(index / 3), 3 * np.sin(index / 5)
            matrix = np.array([[zoom, 0, -60 + shift_x], [0, zoom, -20 + shift_y]])
            images.append(cv2.warpAffine(portrait, matrix, (480, 400), flags=cv2.INTER_CUBIC))
        return images

    return clip
