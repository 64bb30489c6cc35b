"""`sfpfr reconstruct` as its user meets it: exit codes, messages and what is left behind."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from models.errors import RejectedRecordingError, StorageFullError, VideoError
from models.request import ReconstructionRequest

Capture = pytest.CaptureFixture[str]
Report = Callable[[str, float], None]


def arguments(video: Path, out: Path, *more: str) -> list[str]:
    return ["reconstruct", "--center", str(video), "--out", str(out), *more]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_result_is_published_and_told(
    pipeline: Any, write_result: Any, video: Path, tmp_path: Path, capsys: Capture
) -> None:
    pipeline(write_result)
    out = tmp_path / "new" / "result"
    assert run(arguments(video, out, "--movement", "full_smile")) == 0
    assert left_in(out) == ["measures.csv", "qc.json", "reconstruction.json"]
    assert left_in(out.parent) == ["result"]
    said = capsys.readouterr().out
    assert "usable with warning" in said
    assert "Camera in front: The picture is dark. Add light in front." in said
    assert "10.0 (9.1 to 11.0)" in said
    assert "- (face lost)" in said
    assert "not for diagnosis" in said


def test_options_reach_the_pipeline(
    pipeline: Any, write_result: Any, video: Path, tmp_path: Path
) -> None:
    seen: list[ReconstructionRequest] = []

    def remember(request: ReconstructionRequest, out: Path, report: Report) -> dict[str, Any]:
        seen.append(request)
        return write_result(request, out, report)

    pipeline(remember)
    side = tmp_path / "side.mp4"
    side.write_bytes(b"frames")
    takes = tmp_path / "takes.json"
    takes.write_text('[{"movement": "pucker", "start_s": 1, "end_s": 4}]')
    words = "--affected-side left --offset left=-0.25 --known-distance outer_canthi=91.5"
    words += " --iris-mm 11.9 --age 44 --device cpu --force --no-overlay"
    extra = ["--left", str(side), "--takes", str(takes), *words.split()]
    assert run(arguments(video, tmp_path / "out", *extra)) == 0
    (request,) = seen
    assert {(file.path.name, file.label) for file in request.files} == {
        ("front.mp4", "center"),
        ("side.mp4", "left"),
    }
    assert request.takes is not None
    assert request.takes[0].movement == "pucker"
    assert request.affected_side == "left"
    assert request.offsets_s == {"left": -0.25}
    assert request.known_distances_mm == {"outer_canthi": 91.5}
    assert (request.iris_mm, request.age_years, request.device) == (11.9, 44.0, "cpu")
    assert request.force
    assert not request.overlay


def test_json_prints_the_result(
    pipeline: Any, write_result: Any, video: Path, tmp_path: Path, capsys: Capture
) -> None:
    pipeline(write_result)
    assert run(arguments(video, tmp_path / "out", "--json")) == 0
    assert json.loads(capsys.readouterr().out) == {"files": ["front.mp4"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--movement", "grin"], "no movement 'grin'"),
        (["--movement", "rest", "--takes", "takes.json"], "cannot go together"),
        (["--calibration", "calibration.json"], "unknown key 'front_K'"),
        (["--takes", "absent.json"], "cannot be read"),
        (["--corrections", "calibration.json"], "not valid"),
        (["--subject", "calibration.json"], "not valid"),
        (["--offset", "front=1"], "no view 'front'"),
        (["--offset", "left"], "was not understood"),
        (["--offset", "left=nan"], "was not understood"),
        (["--known-distance", "outer_canthi=9"], "not believable"),
        (["--iris-mm", "1.2"], "not believable"),
        (["--age", "-3"], "not believable"),
        (["--device", "tpu"], "tpu"),
        (["--device", "cuda"], "uses a GPU yet"),
        (["--propose-takes", "--movement", "rest"], "cannot go together"),
        (["--head-model", "absent.pkl"], "no file"),
        (["--left", "absent.mp4"], "no file"),
        (["--left", "front.mp4"], "given twice"),
        (["front2.mp4", "front3.mp4", "front4.mp4"], "4 files were given"),
        (["--no-such-option"], "no-such-option"),
    ],
)
def test_a_slip_is_explained_before_anything_is_written(
    words: list[str],
    said: str,
    pipeline: Any,
    video: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    def never(*_: Any) -> dict[str, Any]:
        raise AssertionError("the pipeline must not start")

    pipeline(never)
    monkeypatch.chdir(tmp_path)
    for name in ("front2.mp4", "front3.mp4", "front4.mp4"):
        (tmp_path / name).write_bytes(b"frames")
    (tmp_path / "calibration.json").write_text('{"front_K": []}')
    (tmp_path / "takes.json").write_text("[]")
    assert run(arguments(video, tmp_path / "out", *words)) == 2
    output = capsys.readouterr()
    assert said in output.err
    assert "Traceback" not in output.err
    assert not (tmp_path / "out").exists()


def test_no_file_at_all(tmp_path: Path, capsys: Capture) -> None:
    assert run(["reconstruct", "--out", str(tmp_path / "out")]) == 2
    assert "Give one to three" in capsys.readouterr().err


def rejected(_request: ReconstructionRequest, out: Path, _report: Report) -> dict[str, Any]:
    (out / "qc.json").write_text('{"verdict": "rejected", "checks": []}')
    (out / "half.npz").write_bytes(b"half")
    (out / "work").mkdir()
    raise RejectedRecordingError("No face was found.", "Film the face from the front.")


def unusable(_request: ReconstructionRequest, out: Path, _report: Report) -> dict[str, Any]:
    (out / "half.npz").write_bytes(b"half")
    raise VideoError("front.mp4 is cut short.", "Copy it again.")


def full_disk(_request: ReconstructionRequest, out: Path, _report: Report) -> dict[str, Any]:
    (out / "half.npz").write_bytes(b"half")
    with Path("/dev/full").open("wb") as stream:
        stream.write(b"more")
    return {}


def full_storage(_request: ReconstructionRequest, _out: Path, _report: Report) -> dict[str, Any]:
    raise StorageFullError("The disk is full.", "Free some space and try again.")


def pressed_ctrl_c(_request: ReconstructionRequest, out: Path, _report: Report) -> dict[str, Any]:
    (out / "half.npz").write_bytes(b"half")
    signal.raise_signal(signal.SIGINT)
    return {}


def told_to_stop(_request: ReconstructionRequest, out: Path, _report: Report) -> dict[str, Any]:
    (out / "half.npz").write_bytes(b"half")
    signal.raise_signal(signal.SIGTERM)
    return {}


def broken(_request: ReconstructionRequest, out: Path, _report: Report) -> dict[str, Any]:
    (out / "half.npz").write_bytes(b"half")
    raise ZeroDivisionError("a fault of ours")


@pytest.mark.parametrize(
    ("behaviour", "code", "said"),
    [
        (unusable, 2, "front.mp4 is cut short.\nCopy it again.\n"),
        (full_disk, 4, "The disk is full.\nFree some space and try again.\n"),
        (full_storage, 4, "The disk is full.\nFree some space and try again.\n"),
        (pressed_ctrl_c, 130, ""),
        (told_to_stop, 130, ""),
        (broken, 1, "Something unexpected went wrong"),
    ],
)
def test_a_failure_leaves_nothing(
    behaviour: Any,
    code: int,
    said: str,
    pipeline: Any,
    video: Path,
    tmp_path: Path,
    capsys: Capture,
) -> None:
    pipeline(behaviour)
    before = left_in(tmp_path)
    assert run(arguments(video, tmp_path / "deep" / "out")) == code
    assert left_in(tmp_path) == before
    output = capsys.readouterr()
    assert output.err.startswith(said)
    assert "Traceback" not in output.err


def test_a_rejection_leaves_the_verdict_alone(
    pipeline: Any, video: Path, tmp_path: Path, capsys: Capture
) -> None:
    pipeline(rejected)
    assert run(arguments(video, tmp_path / "out")) == 3
    assert left_in(tmp_path / "out") == ["qc.json"]
    assert "Film the face from the front." in capsys.readouterr().err


def test_errors_are_json_for_scripts(
    pipeline: Any, video: Path, tmp_path: Path, capsys: Capture
) -> None:
    pipeline(unusable)
    assert run(arguments(video, tmp_path / "out", "--json")) == 2
    assert json.loads(capsys.readouterr().out)["error"] == {
        "exit_code": 2,
        "message": "front.mp4 is cut short.",
        "next_step": "Copy it again.",
    }


def test_an_earlier_result_is_replaced_whole(
    pipeline: Any, write_result: Any, video: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    pipeline(rejected)
    run(arguments(video, out))
    pipeline(write_result)
    assert run(arguments(video, out)) == 0
    assert left_in(out) == ["measures.csv", "qc.json", "reconstruction.json"]
    assert left_in(tmp_path) == ["front.mp4", "out"]


def test_an_earlier_result_survives_a_failure(
    pipeline: Any, write_result: Any, video: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    pipeline(write_result)
    run(arguments(video, out))
    pipeline(broken)
    assert run(arguments(video, out)) == 1
    assert left_in(out) == ["measures.csv", "qc.json", "reconstruction.json"]


@pytest.mark.parametrize("name", ["photos.zip", "meshes.npz"])
def test_other_peoples_files_are_never_replaced(
    name: str, pipeline: Any, write_result: Any, video: Path, tmp_path: Path, capsys: Capture
) -> None:
    pipeline(write_result)
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_bytes(b"mine")
    assert run(arguments(video, out)) == 2
    assert left_in(out) == [name]
    assert "Choose another folder" in capsys.readouterr().err


def test_a_file_in_the_way_is_named(
    pipeline: Any, write_result: Any, video: Path, capsys: Capture
) -> None:
    pipeline(write_result)
    assert run(arguments(video, video)) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert run(arguments(video, video / "below")) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_what_a_killed_run_left_is_cleared(
    pipeline: Any, write_result: Any, video: Path, tmp_path: Path
) -> None:
    pipeline(write_result)
    # Process numbers end far below this one.
    dead = 2**31 - 1
    (tmp_path / f".out.{dead}.partial" / "work").mkdir(parents=True)
    kept = tmp_path / f".out.{os.getpid()}.partial-elsewhere"
    kept.mkdir()
    assert run(arguments(video, tmp_path / "out")) == 0
    assert left_in(tmp_path) == [kept.name, "front.mp4", "out"]


def test_a_result_set_aside_by_a_killed_run_comes_back(
    pipeline: Any, write_result: Any, video: Path, tmp_path: Path
) -> None:
    pipeline(write_result)
    run(arguments(video, tmp_path / "out"))
    (tmp_path / "out").rename(tmp_path / f".out.{2**31 - 1}.previous")
    pipeline(unusable)
    assert run(arguments(video, tmp_path / "out")) == 2
    assert left_in(tmp_path) == ["front.mp4", "out"]
