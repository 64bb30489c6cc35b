"""Files that can't be used, end to end: a plain message, the exit code, nothing half-written."""

import csv
import json
import os
import pickle
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

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


def rejecting_checks(out: Path) -> set[str]:
    """What `qc.json`, all there is in the folder, rejects for."""
    assert [entry.name for entry in out.iterdir()] == ["qc.json"]
    report = json.loads((out / "qc.json").read_text())
    assert report["verdict"] == "rejected"
    worst = [check for check in report["checks"] if check["level"] == "reject"]
    assert all(check["reason"] and check["next_step"] for check in worst)
    return {check["id"] for check in worst}


def tilted(folder: Path) -> Path:
    path = folder / "tilted.png"
    picture = Image.fromarray(data.astronaut()).rotate(45, fillcolor=(90, 90, 90))
    picture.save(path)
    return path


def far_away(folder: Path) -> Path:
    path = folder / "far.png"
    Image.fromarray(portrait(192)).save(path)
    return path


def too_slow(folder: Path) -> Path:
    return write_video(folder / "slow.mp4", (portrait(512) for _ in range(12)), fps=10)


@pytest.mark.parametrize(
    ("make", "check"), [(tilted, "roll"), (far_away, "iris_diameter"), (too_slow, "frame_rate")]
)
def test_a_rejected_recording_leaves_the_verdict_alone(
    make: Callable[[Path], Path], check: str, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "result"
    assert run(["reconstruct", str(make(tmp_path)), "--out", str(out)]) == 3
    assert rejecting_checks(out) == {check}
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 2


def test_force_goes_on_and_marks_every_number(tmp_path: Path) -> None:
    out = tmp_path / "result"
    words = [str(tilted(tmp_path)), "--force", "--no-overlay", "--out", str(out)]
    assert run(["reconstruct", *words]) == 0
    assert json.loads((out / "qc.json").read_text())["verdict"] == "rejected"
    with (out / "measures.csv").open(newline="", encoding="utf-8") as file:
        assert {row["qc"] for row in csv.DictReader(file)} == {"rejected"}


def test_force_cannot_go_on_without_a_face(tmp_path: Path) -> None:
    path = tmp_path / "cup.png"
    Image.fromarray(data.coffee()[:400, :600]).save(path)
    out = tmp_path / "result"
    assert run(["reconstruct", str(path), "--force", "--out", str(out)]) == 3
    assert rejecting_checks(out) >= {"recording"}


class _Foreign:
    """What a hostile head file may hold: a call that leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


def hostile(folder: Path) -> Path:
    path = folder / "head.pkl"
    path.write_bytes(pickle.dumps({"v_template": _Foreign(folder / "trace")}))
    return path


def of_wrong_shape(folder: Path) -> Path:
    path = folder / "head.npz"
    np.savez(path, v_template=np.zeros((100, 3)), f=np.zeros((10, 3), dtype=np.int64))
    return path


@pytest.mark.parametrize(
    ("make", "words"), [(hostile, "foreign code"), (of_wrong_shape, "head.npz")]
)
def test_an_unusable_head_is_explained(
    make: Callable[[Path], Path], words: str, tmp_path: Path, capsys: Capture
) -> None:
    picture = tmp_path / "face.png"
    Image.fromarray(portrait()).save(picture)
    head = make(tmp_path)
    before = sorted(tmp_path.iterdir())
    given = [str(picture), "--head-model", str(head), "--out", str(tmp_path / "result")]
    assert run(["reconstruct", *given]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert sorted(tmp_path.iterdir()) == before


def test_pictures_without_the_face_are_left_out(tmp_path: Path) -> None:
    still, empty_room = portrait(), np.full((512, 512, 3), 90, dtype=np.uint8)
    pictures = [empty_room if 20 <= index < 24 else still for index in range(36)]
    path = write_video(tmp_path / "lost.mp4", iter(pictures))
    out = tmp_path / "result"
    assert run(["reconstruct", str(path), "--no-overlay", "--out", str(out)]) == 0
    report = json.loads((out / "qc.json").read_text())
    assert report["verdict"] == "usable_with_warning"
    (span,) = report["excluded"]
    assert (span["first"], span["reason"]) == (20, "The face was not found.")
    assert 23 <= span["last"] <= 25
    with np.load(out / "meshes.npz") as meshes:
        unknown = np.isnan(meshes["sigma_mm"]).all(axis=1)
    assert np.flatnonzero(unknown).tolist() == list(range(span["first"], span["last"] + 1))
