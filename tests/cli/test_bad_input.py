"""Files that can't be used, end to end: a plain message, the exit code, nothing half-written."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from skimage import data

from cli.main import run

Capture = pytest.CaptureFixture[str]


def write_video(path: Path, pictures: Iterator[np.ndarray], fps: int = 30) -> Path:
    with av.open(str(path), "w") as container:
        stream = None
        for index, picture in enumerate(pictures):
            if stream is None:
                stream = container.add_stream("libx264", rate=fps)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def portrait(height: int = 512) -> np.ndarray:
    """The NASA portrait of Eileen Collins, in the public domain."""
    picture = Image.fromarray(data.astronaut())
    return np.asarray(picture.resize((height, height), Image.Resampling.LANCZOS))


def empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.write_bytes(b"")
    return path


def text(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("not a video")
    return path


def tiny(folder: Path) -> Path:
    path = folder / "tiny.png"
    Image.new("RGB", (1, 1)).save(path)
    return path


def huge(folder: Path) -> Path:
    path = folder / "huge.png"
    Image.new("1", (16_384, 16_384)).save(path)
    return path


def broken_photograph(folder: Path) -> Path:
    path = folder / "broken.jpg"
    Image.fromarray(portrait()).save(path)
    path.write_bytes(path.read_bytes()[:700])
    return path


def cut_off(folder: Path) -> Path:
    whole = write_video(folder / "whole.mp4", (portrait(256) for _ in range(10)))
    path = folder / "cut.mp4"
    path.write_bytes(whole.read_bytes()[:200])
    return path


def sound_only(folder: Path) -> Path:
    path = folder / "sound.mp4"
    with av.open(str(path), "w") as container:
        voice = container.add_stream("aac", rate=16_000, layout="mono")
        block = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono"
        )
        block.sample_rate, block.pts = 16_000, 0
        container.mux(voice.encode(block))
        container.mux(voice.encode())
    return path


@pytest.mark.parametrize(
    "make",
    [empty, text, tiny, huge, broken_photograph, cut_off, sound_only],
    ids=lambda make: make.__name__,
)
def test_an_unusable_file_is_explained(
    make: Callable[[Path], Path], tmp_path: Path, capsys: Capture
) -> None:
    path = make(tmp_path)
    out = tmp_path / "result"
    assert run(["reconstruct", str(path), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert path.name in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) >= 2
    assert not out.exists()
    assert not list(tmp_path.glob(".*"))


def test_views_of_very_different_length_are_no_recording(tmp_path: Path, capsys: Capture) -> None:
    short = write_video(tmp_path / "short.mp4", (portrait(320) for _ in range(10)), fps=2)
    long = write_video(tmp_path / "long.mp4", (portrait(320) for _ in range(120)), fps=2)
    out = tmp_path / "result"
    words = ["--left", str(short), "--center", str(long), "--out", str(out)]
    assert run(["reconstruct", *words]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("as_video", [False, True], ids=["still", "video"])
def test_without_a_face_the_verdict_is_all_there_is(
    as_video: bool, tmp_path: Path, capsys: Capture
) -> None:
    cup = data.coffee()[:400, :600]
    if as_video:
        path = write_video(tmp_path / "cup.mp4", (cup for _ in range(30)))
    else:
        path = tmp_path / "cup.png"
        Image.fromarray(cup).save(path)
    out = tmp_path / "result"
    assert run(["reconstruct", str(path), "--out", str(out)]) == 3
    assert [entry.name for entry in out.iterdir()] == ["qc.json"]
    assert "Traceback" not in capsys.readouterr().err


def test_two_faces_of_like_size_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pair.png"
    face = portrait()
    Image.fromarray(np.concatenate([face, face[:, ::-1]], axis=1)).save(path)
    out = tmp_path / "result"
    assert run(["reconstruct", str(path), "--out", str(out)]) == 3
    assert [entry.name for entry in out.iterdir()] == ["qc.json"]
