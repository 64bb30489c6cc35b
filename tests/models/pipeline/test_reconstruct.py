"""A filmed virtual patient and a real photograph through the whole pipeline."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import skimage.data
from PIL import Image

from models.data.synthetic.dataset import Plan, session_folder, synthesize
from models.errors import RejectedRecordingError, UnusableInputError
from models.head.topology import load_topology
from models.movements import VIEWS, View
from models.pipeline import reconstruct
from models.request import LabelledFile, ReconstructionRequest, TakeSpan

OTHER: dict[View, View] = {"left": "right", "center": "center", "right": "left"}
PLAN = Plan(1, 90001, movements=("full_smile",), seconds=3.0, size=(960, 540), palsy_share=1.0)


def _quiet(_stage: str, _share: float) -> None:
    pass


def _rows(out: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    with (out / "measures.csv").open(newline="", encoding="utf-8") as file:
        return {
            (row["measure"], row["side"], row["region"]): row
            for row in csv.DictReader(file)
            if not row["repetition"]
        }


def _record(out: Path) -> dict[str, Any]:
    record = json.loads((out / "reconstruction.json").read_text())
    for name in ("timings_s", "peak_rss_mib"):
        record.pop(name)
    return dict(record)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three synchronised films of a virtual patient with a palsy, and their calibration."""
    out = tmp_path_factory.mktemp("films")
    synthesize(PLAN, out, jobs=1)
    return session_folder(PLAN, out, 0)


def _request(session: Path, suffix: str = "mp4", **changes: Any) -> ReconstructionRequest:
    take = session / "full_smile"
    return ReconstructionRequest(
        files=tuple(LabelledFile(take / f"{view}.{suffix}", view) for view in VIEWS),
        **{
            "movement": "full_smile",
            "calibration": session / "calibration.json",
            "affected_side": "left",
            "overlay": False,
            "force": True,
            **changes,
        },
    )


def _rewrite(source: Path, target: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Copy a film without loss, each RGB picture changed."""
    with av.open(str(source)) as film, av.open(str(target), "w") as copy:
        stream = copy.add_stream("ffv1", rate=30)
        stream.pix_fmt = "bgr0"
        stream.width, stream.height = PLAN.size
        for picture in film.decode(video=0):
            rgb = np.ascontiguousarray(change(picture.to_ndarray(format="rgb24")))
            copy.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        copy.mux(stream.encode(None))


def _flipped_calibration(path: Path) -> dict[str, Any]:
    given = json.loads(path.read_text())
    turn = np.diag([-1.0, 1.0, 1.0, 1.0])
    flipped = dict(given)
    for view in VIEWS:
        other = OTHER[view]
        K = np.array(given[f"{other}_K"])
        K[0, 2] = PLAN.size[0] - K[0, 2]
        pose = np.eye(4)
        pose[:3] = np.array(given[f"{other}_Rt"])[:3]
        flipped[f"{view}_K"] = K.tolist()
        flipped[f"{view}_Rt"] = (turn @ pose @ turn)[:3].tolist()
    return flipped


@pytest.fixture(scope="session")
def lossless(films: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same films without loss, and their mirror images with cameras swapped."""
    straight, mirrored = tmp_path_factory.mktemp("straight"), tmp_path_factory.mktemp("mirrored")
    for folder in (straight, mirrored):
        (folder / "full_smile").mkdir()
    (straight / "calibration.json").write_bytes((films / "calibration.json").read_bytes())
    (mirrored / "calibration.json").write_text(
        json.dumps(_flipped_calibration(films / "calibration.json"))
    )
    for view in VIEWS:
        source = films / "full_smile" / f"{view}.mp4"
        _rewrite(source, straight / "full_smile" / f"{view}.mkv", lambda rgb: rgb)
        target = mirrored / "full_smile" / f"{OTHER[view]}.mkv"
        _rewrite(source, target, lambda rgb: rgb[:, ::-1])
    return straight, mirrored


@pytest.mark.slow
def test_mirrored_films_give_swapped_numbers(lossless: tuple[Path, Path], tmp_path: Path) -> None:
    straight, mirrored = lossless
    reconstruct(_request(straight, "mkv"), tmp_path / "a", _quiet)
    reconstruct(_request(mirrored, "mkv", affected_side="right"), tmp_path / "b", _quiet)
    direct, turned = _rows(tmp_path / "a"), _rows(tmp_path / "b")
    swap = {"left": "right", "right": "left"}
    compared = 0
    for (measure, side, region), row in direct.items():
        other = turned[measure, swap.get(side, side), region]
        if row["unit"] != "mm" or not row["value"]:
            assert bool(row["value"]) == bool(other["value"])
            continue
        values = [float(row["value"]), float(other["value"])]
        if side in ("midline", "both"):
            # Signed differences, left minus right, change their sign.
            values = [abs(value) for value in values]
        assert values[0] == pytest.approx(values[1], abs=0.01), (measure, side, region)
        compared += 1
    assert compared > 40


@pytest.mark.slow
def test_same_input_gives_the_same_files(films: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        reconstruct(_request(films), tmp_path / name, _quiet)
    assert _record(tmp_path / "a") == _record(tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        if path.name != "reconstruction.json":
            assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


@pytest.mark.slow
def test_result_is_complete_and_near_the_truth(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    reconstruct(_request(films, overlay=True), out, _quiet)
    assert {path.name for path in out.iterdir()} == {
        "reconstruction.json",
        "subject.json",
        "meshes.npz",
        "meshes.sfm",
        "measures.csv",
        "qc.json",
        "preview.png",
        *(f"overlay_{view}.mp4" for view in VIEWS),
    }
    with np.load(films / "truth" / "full_smile.npz") as truth, np.load(out / "meshes.npz") as made:
        assert made["vertices_mm"].shape == truth["vertices_mm"].shape
        points = load_topology().points
        commissures = [points["commissure_left"], points["commissure_right"]]
        true, found = (
            np.linalg.norm(
                meshes["vertices_mm"][:, commissures] - meshes["vertices_mm"][3, commissures],
                axis=2,
            ).max(axis=0)
            for meshes in (truth, made)
        )
        assert np.isfinite(made["sigma_mm"]).all()
        assert set(made["expression_names"]) >= {"eyeBlinkLeft", "mouthSmileRight"}
    np.testing.assert_allclose(found, true, atol=2.0)
    record = json.loads((out / "reconstruction.json").read_text())
    assert record["scale"]["source"] == "calibration"
    assert set(record["timings_s"]) >= {"landmarks", "fit", "measures", "write", "overlay"}


@pytest.mark.slow
def test_subject_file_is_used_again(films: Path, tmp_path: Path) -> None:
    reconstruct(_request(films), tmp_path / "first", _quiet)
    subject = tmp_path / "first" / "subject.json"
    reconstruct(_request(films, subject=subject, calibration=None), tmp_path / "second", _quiet)
    assert (tmp_path / "second" / "subject.json").read_bytes() == subject.read_bytes()
    scales = [
        json.loads((tmp_path / name / "reconstruction.json").read_text())["scale"]
        for name in ("first", "second")
    ]
    assert scales[1]["relative_sigma"] == scales[0]["relative_sigma"]


@pytest.mark.slow
def test_take_outside_the_recording_is_refused(films: Path, tmp_path: Path) -> None:
    takes = (TakeSpan("full_smile", 100.0, 120.0),)
    with pytest.raises(UnusableInputError, match="outside the recording"):
        reconstruct(_request(films, takes=takes, movement=None), tmp_path / "out", _quiet)


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "photograph.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


def test_photograph_of_a_real_face_fits(photograph: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    reconstruct(ReconstructionRequest((LabelledFile(photograph),)), out, _quiet)
    record = json.loads((out / "reconstruction.json").read_text())
    assert record["reprojection_share"]["center"] <= 0.01
    assert record["qc"]["verdict"] == "usable_with_warning"
    assert (out / "overlay_center.png").is_file()
    rows = _rows(out)
    assert all(row["value"] or row["reason"] for row in rows.values())


def test_picture_without_a_face_leaves_only_the_verdict(tmp_path: Path) -> None:
    path = tmp_path / "coffee.png"
    Image.fromarray(skimage.data.coffee()).save(path)
    with pytest.raises(RejectedRecordingError):
        reconstruct(ReconstructionRequest((LabelledFile(path),)), tmp_path / "out", _quiet)
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["qc.json"]


def _first_picture(film: Path, folder: Path) -> LabelledFile:
    path = folder / f"{film.stem}.png"
    with av.open(str(film)) as container:
        next(container.decode(video=0)).to_image().save(path)
    return LabelledFile(path)


@pytest.mark.slow
def test_pictures_of_two_people_are_no_recording(
    films: Path, photograph: Path, tmp_path: Path
) -> None:
    front, side = (
        _first_picture(films / "full_smile" / f"{view}.mp4", tmp_path)
        for view in ("center", "left")
    )
    one_person = ReconstructionRequest((front, side), overlay=False)
    record = reconstruct(one_person, tmp_path / "one", _quiet)
    levels = {
        check["view"]: check["level"]
        for check in record["qc"]["checks"]
        if check["id"] == "view_agreement"
    }
    assert levels == {"center": "ok", "left": "ok"}
    two_people = ReconstructionRequest((LabelledFile(photograph), side), overlay=False)
    with pytest.raises(RejectedRecordingError, match="one face at one time"):
        reconstruct(two_people, tmp_path / "two", _quiet)
    assert [entry.name for entry in (tmp_path / "two").iterdir()] == ["qc.json"]


def test_unknown_movement_of_a_photograph_is_rest(photograph: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    record = reconstruct(
        ReconstructionRequest((LabelledFile(photograph),), overlay=False), out, _quiet
    )
    assert [take["movement"] for take in record["takes"]] == ["rest"]
