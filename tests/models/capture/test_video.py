from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from models.capture.media import file_sha256, probe
from models.capture.tone import tone_map
from models.capture.video import frames, upright
from models.errors import VideoError


def _close(a, b, tolerance=14.0):
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).mean()) < tolerance


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [
        (".mp4", "libx264", "yuv420p"),
        (".mov", "libx264", "yuv422p10le"),
        (".mkv", "ffv1", "bgr0"),
        (".webm", "libvpx-vp9", "yuv420p"),
        (".avi", "mpeg4", "yuv420p"),
        (".avi", "mjpeg", "yuvj420p"),
    ],
)
def test_every_container_gives_its_pictures_in_order(
    tmp_path, write_clip, moving_pattern, suffix, codec, pix_fmt
):
    images = moving_pattern()
    path = write_clip(tmp_path / f"clip{suffix}", images, codec=codec, pix_fmt=pix_fmt)
    info = probe(path)
    read = list(frames(path))
    assert (info.kind, info.width, info.height) == ("video", 160, 96)
    assert info.n_frames == len(read) == len(images)
    assert info.fps == pytest.approx(30, rel=0.02)
    assert info.dropped_frames == 0
    assert not info.has_audio
    assert [f.time_s for f in read] == pytest.approx([i / 30 for i in range(20)], abs=1.1e-3)
    assert all(_close(f.rgb, image) for f, image in zip(read, images, strict=True))


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_rotation_metadata_makes_pictures_upright(tmp_path, write_clip, moving_pattern, rotation):
    """The stored picture is turned the other way, as a phone held sideways does."""
    images = moving_pattern()
    stored = [np.ascontiguousarray(np.rot90(image, -rotation // 90)) for image in images]
    path = write_clip(tmp_path / "turned.mp4", stored, rotation=rotation)
    info = probe(path)
    read = list(frames(path))
    assert (info.width, info.height) == (160, 96)
    assert _close(read[3].rgb, images[3])


def test_upright_follows_the_display_matrix_for_flips_and_turns():
    image = np.arange(24).reshape(2, 4, 3).astype(np.uint8)
    assert np.array_equal(upright(image, (1, 0, 0, 1)), image)
    assert np.array_equal(upright(image, (-1, 0, 0, 1)), image[:, ::-1])
    assert np.array_equal(upright(image, (0, 1, -1, 0)), np.rot90(image, -1))
    assert np.array_equal(upright(image, (0, -1, 1, 0)), np.rot90(image))


def test_variable_frame_rate_is_told_by_time_stamps(tmp_path, write_clip, moving_pattern):
    times_ms = [0, 33, 67, 100, 233, 267, 300, 333, 367, 400, 500, 533, 567, 600, 633]
    path = write_clip(tmp_path / "vfr.mkv", moving_pattern(15), times_ms=times_ms)
    info = probe(path)
    assert [f.time_s * 1e3 for f in frames(path)] == pytest.approx(times_ms, abs=1.5)
    assert info.dropped_frames == 5
    assert info.fps == pytest.approx(14 / 0.633, rel=0.01)


def test_interlaced_pictures_are_of_one_moment(tmp_path, write_clip):
    fields = np.full((40, 240, 320, 3), 60, dtype=np.uint8)
    for field, picture in enumerate(fields):
        picture[:, 20 + 4 * field : 60 + 4 * field] = 220
    woven = [first.copy() for first in fields[::2]]
    for whole, second in zip(woven, fields[1::2], strict=True):
        whole[1::2] = second[1::2]
    options = {"x264-params": "interlaced=1:tff=1", "flags": "+ildct+ilme", "crf": "4"}
    path = write_clip(tmp_path / "camcorder.mp4", woven, fps=25, options=options)
    seen = list(frames(path))
    assert [frame.time_s for frame in seen] == pytest.approx(np.arange(20) / 25)
    for number, frame in enumerate(seen[1:-1], 1):
        # All lines are of the same one of both moments.
        away = [
            np.abs(frame.rgb[:, :, 0].astype(int) - field[:, :, 0]).mean()
            for field in fields[2 * number : 2 * number + 2]
        ]
        assert min(away) < 0.5 < max(away)


def test_anamorphic_pixels_become_square(tmp_path, write_clip, moving_pattern):
    path = tmp_path / "wide.mkv"
    write_clip(path, moving_pattern(3), options={"x264-params": "sar=3/2"})
    info = probe(path)
    assert (info.width, info.height) == (240, 96)
    assert next(iter(frames(path))).rgb.shape == (96, 240, 3)


def test_sampling_gives_about_the_wanted_rate(tmp_path, write_clip, moving_pattern):
    path = write_clip(tmp_path / "clip.mp4", moving_pattern(90))
    times = [f.time_s for f in frames(path, sample_every_s=0.2)]
    assert 13 <= len(times) <= 17
    assert max(np.diff(times)) < 0.31


@pytest.mark.parametrize(("transfer", "code"), [("pq", 16), ("hlg", 18)])
def test_high_dynamic_range_video_looks_like_its_standard_twin(
    tmp_path, write_clip, transfer, code
):
    srgb = np.tile(np.linspace(40, 190, 128).astype(np.uint8)[None, :, None], (96, 1, 3))
    light = np.where(srgb <= 10, srgb / 3294.6, ((srgb / 255 + 0.055) / 1.055) ** 2.4) * 203
    if transfer == "pq":
        power = (light / 10_000) ** 0.1593017578125
        signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    else:
        scene = (light / 1000) ** (1 / 1.2)
        signal = np.where(
            scene <= 1 / 12,
            np.sqrt(3 * scene),
            0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073,
        )
    coded = np.round(signal * 65535).astype(np.uint16)
    assert np.abs(tone_map(coded, transfer).astype(int) - srgb).max() <= 3
    path = write_clip(
        tmp_path / "hdr.mp4",
        [coded] * 3,
        codec="libx265",
        pix_fmt="yuv420p10le",
        colour=(9, code, 9),
        options={"crf": "4", "x265-params": "log-level=none"},
    )
    info = probe(path)
    assert (info.transfer, info.bit_depth, info.is_hdr) == (transfer, 10, True)
    assert _close(next(iter(frames(path))).rgb, srgb, tolerance=4)


def test_tone_mapping_keeps_bright_light_in_order():
    ramp = np.repeat(np.arange(0, 65536, 64, dtype=np.uint16)[:, None, None], 3, axis=2)
    for transfer in ("pq", "hlg"):
        mapped = tone_map(ramp, transfer)[:, 0, 0].astype(int)
        assert np.all(np.diff(mapped) >= 0)
        assert mapped[-1] > 235


def test_sound_is_noticed(tmp_path, write_clip, moving_pattern):
    sound = np.zeros(16_000, dtype=np.float32)
    assert probe(write_clip(tmp_path / "a.mp4", moving_pattern(30), sound=sound)).has_audio


def test_slightly_truncated_file_is_used_as_far_as_it_goes(tmp_path, write_clip, moving_pattern):
    rng = np.random.default_rng(0)
    noisy = [(i // 2 + rng.integers(0, 120, i.shape)).astype(np.uint8) for i in moving_pattern(60)]
    whole = write_clip(tmp_path / "whole.mkv", noisy)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.7)])
    info = probe(cut)
    read = list(frames(cut))
    assert 25 < len(read) < 60
    assert info.truncated_s > 0.25
    assert probe(whole).truncated_s == 0


def _sound_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_unusable_files_are_told_plainly(tmp_path, write_clip, moving_pattern):
    good = write_clip(tmp_path / "good.mp4", moving_pattern(20))
    cases = {
        "empty.mp4": b"",
        "text.mp4": b"This is no video at all.\n" * 200,
        "text.txt": b"Hello\n" * 100,
        "list.m3u8": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hosts\n",
        "random.mkv": np.random.default_rng(1).bytes(20_000),
        "no_index.mp4": good.read_bytes()[:1500],
        "cut.jpg": b"\xff\xd8\xff\xe0" + b"\0" * 40,
    }
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(VideoError) as caught:
            probe(path)
        assert caught.value.message.endswith(".")
        assert caught.value.next_step.endswith(".")
    _sound_only(tmp_path / "sound.mp4")
    for path in (tmp_path / "sound.mp4", tmp_path / "absent.mp4", tmp_path):
        with pytest.raises(VideoError):
            probe(path)


def test_sizes_outside_the_limits_are_refused_before_decoding(tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    Image.new("1", (16_000, 16_000)).save(tmp_path / "huge.png")
    for name in ("dot.png", "huge.png"):
        with pytest.raises(VideoError, match=r"pixels|large"):
            probe(tmp_path / name)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff", ".webp"])
def test_photographs_are_read(tmp_path, moving_pattern, suffix):
    image = moving_pattern(1)[0]
    path = tmp_path / f"still{suffix}"
    Image.fromarray(image).save(path, quality=95)
    info = probe(path)
    (frame,) = frames(path)
    assert (info.kind, info.width, info.height, info.n_frames) == ("still", 160, 96, 1)
    assert _close(frame.rgb, image)


def test_photograph_is_turned_by_its_exif_orientation(tmp_path, moving_pattern):
    image = moving_pattern(1)[0]
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    Image.fromarray(np.ascontiguousarray(np.rot90(image))).save(path, exif=exif, quality=95)
    info = probe(path)
    assert (info.width, info.height) == (160, 96)
    assert _close(next(iter(frames(path))).rgb, image)


def test_flipped_video_gives_exactly_flipped_pictures(tmp_path, write_clip, moving_pattern):
    images = moving_pattern(5)
    flipped = [np.ascontiguousarray(i[:, ::-1]) for i in images]
    kwargs = {"codec": "ffv1", "pix_fmt": "bgr0"}
    first = frames(write_clip(tmp_path / "a.mkv", images, **kwargs))
    second = frames(write_clip(tmp_path / "b.mkv", flipped, **kwargs))
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.rgb, b.rgb[:, ::-1])


def test_checksum_is_of_the_bytes(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert file_sha256(path).startswith("ba7816bf")


def test_memory_does_not_grow_with_the_length(tmp_path, write_clip, moving_pattern):
    path = write_clip(
        tmp_path / "long.mp4", moving_pattern(150, 720, 1280), options={"preset": "ultrafast"}
    )
    process = psutil.Process()
    pictures = frames(path)
    for _ in range(20):
        next(pictures)
    before = process.memory_info().rss
    assert sum(1 for _ in pictures) == 130
    # One leaked picture is more than a megabyte.
    assert process.memory_info().rss - before < 60 * 2**20


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".png", ".jpg"])
def test_damaged_files_are_read_or_refused_but_never_crash(
    tmp_path, write_clip, moving_pattern, suffix
):
    good = tmp_path / f"good{suffix}"
    if suffix in (".png", ".jpg"):
        Image.fromarray(moving_pattern(1)[0]).save(good)
    else:
        write_clip(good, moving_pattern(6), codec="mpeg4")
    content = np.frombuffer(good.read_bytes(), dtype=np.uint8)
    rng = np.random.default_rng(7)
    refusals = []
    for _ in range(40):
        damaged = content.copy()
        places = rng.integers(0, rng.choice([200, content.size]), rng.choice([1, 5, 50]))
        damaged[places] = rng.integers(0, 256, places.size)
        cut = content.size if rng.random() < 0.7 else rng.integers(1, content.size)
        path = tmp_path / f"damaged{suffix}"
        path.write_bytes(damaged[:cut].tobytes())
        try:
            probe(path)
            assert sum(1 for _ in frames(path)) >= 1
        except VideoError as error:
            refusals.append(error)
    assert refusals
    assert all(error.message and error.next_step for error in refusals)
