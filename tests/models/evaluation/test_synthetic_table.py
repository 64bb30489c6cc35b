"""What a person sees of the evaluation: which takes, what is kept, bars kept and missed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import UnusableInputError
from models.evaluation.metrics import MeasurePair, TakeScore, aggregate
from models.evaluation.synthetic import code_digest, evaluate_synthetic
from models.evaluation.table import BARS, GROUPS, METHODS, SETTINGS, failed_bars, markdown
from models.evaluation.takes import list_takes

GOOD = TakeScore(
    "full_smile",
    1.0,
    0.8,
    0.9,
    0.5,
    0.05,
    0.1,
    (MeasurePair("left", 10.0, 10.2, 9.7, 10.6), MeasurePair("right", 2.0, 2.2, 1.9, 2.5)),
)
SHUT = TakeScore(
    "gentle_closure",
    1.0,
    0.8,
    0.9,
    0.5,
    0.05,
    0.1,
    (MeasurePair("left", 0.1, 0.2, 0.0, 0.5), MeasurePair("right", 5.0, 4.8, 4.4, 5.2)),
)
# One interval in twenty may miss the truth; none missing would mean that they are too wide.
MISSED = replace(SHUT, target=(MeasurePair("left", 0.1, 0.2, 0.15, 0.5), SHUT.target[1]))
TAKES = [GOOD] * 5 + [SHUT] * 4 + [MISSED]


def write_take(root: Path, sid: str, movement: str, in_basis: bool = True) -> None:
    folder = root / "subjects" / sid / "s1" / movement
    folder.mkdir(parents=True)
    for view in ("left", "center", "right"):
        (folder / f"{view}.mp4").write_bytes(f"{sid}{movement}{view}".encode())
    (folder.parent / "calibration.json").write_text("{}")
    (folder.parent / "truth").mkdir(exist_ok=True)
    np.savez(folder.parent / "truth" / f"{movement}.npz", in_basis=in_basis)


def keep(root: Path, rejected: str | None = None) -> None:
    """Put a finished result for every take where the evaluation keeps them."""
    scores = {method: asdict(GOOD) for method in METHODS}
    kept = {"rejected": rejected, "scores": {} if rejected else scores}
    for take in list_takes(root):
        path = root / "evaluation" / take.sid / take.session / f"{take.movement}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        key = [code_digest(), take.digest()]
        path.write_text(json.dumps({"key": key, **dict.fromkeys(SETTINGS, kept)}))


def report_of(cell: dict[str, Any]) -> dict[str, Any]:
    return {s: {g: dict.fromkeys(METHODS, cell) for g in GROUPS} for s in SETTINGS}


def test_kept_results_are_used_again_and_written_as_json(tmp_path: Path) -> None:
    write_take(tmp_path, "p1", "full_smile")
    write_take(tmp_path, "p2", "full_smile", in_basis=False)
    keep(tmp_path)
    seen: list[tuple[str, float]] = []
    report = evaluate_synthetic(
        tmp_path,
        json_path=tmp_path / "table.json",
        progress=lambda label, fraction: seen.append((label, fraction)),
    )
    assert json.loads((tmp_path / "table.json").read_text()) == report
    assert seen == [("2 of 2 takes are done", 1.0)]
    for setting in SETTINGS:
        for group in GROUPS:
            assert report[setting][group]["fit"]["n"] == 1
            assert report[setting][group]["fit"]["mean_mm"] == 1.0


def test_rejected_takes_are_counted_with_their_reason(tmp_path: Path) -> None:
    write_take(tmp_path, "p1", "full_smile")
    keep(tmp_path, rejected="No face was found.")
    report = evaluate_synthetic(tmp_path)
    assert report["front_only"]["in_basis"]["fit"]["rejected"] == 1
    assert report["front_only"]["in_basis"]["fit"]["n"] == 0
    reasons = [entry["reason"] for entry in report["rejected"]]
    assert reasons == ["No face was found."] * len(SETTINGS)


def test_a_changed_video_changes_the_key(tmp_path: Path) -> None:
    write_take(tmp_path, "p1", "rest")
    (take,) = list_takes(tmp_path)
    before = take.digest()
    take.video("left").write_bytes(b"another")
    assert take.digest() != before


def test_unfinished_takes_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="No finished take"):
        list_takes(tmp_path)
    write_take(tmp_path, "p1", "rest")
    write_take(tmp_path, "p1", "pucker")
    (tmp_path / "subjects/p1/s1/pucker/left.mp4").unlink()
    assert [take.movement for take in list_takes(tmp_path)] == ["rest"]


def test_a_subset_mixes_both_kinds_of_subjects(tmp_path: Path) -> None:
    for sid, in_basis in (("p1", True), ("p2", True), ("p3", False)):
        for movement in ("rest", "full_smile", "gentle_closure", "brow_raise"):
            write_take(tmp_path, sid, movement, in_basis)
    takes = list_takes(tmp_path, "2x3")
    assert {take.sid for take in takes} == {"p1", "p3"}
    assert {take.movement for take in takes} == {"full_smile", "gentle_closure", "brow_raise"}
    with pytest.raises(UnusableInputError, match="2x3"):
        list_takes(tmp_path, "two by three")


def test_a_good_fit_keeps_all_bars() -> None:
    report = report_of(aggregate(TAKES))
    assert failed_bars(report) == []
    text = markdown(report)
    assert "✗" not in text
    assert text.count("✓") == 2 * len(GROUPS) * len(BARS)


def test_each_bar_can_be_missed() -> None:
    good = aggregate(TAKES)
    worse = {
        "mean_mm": 4.0, "under_2mm": 0.2, "movement_mm": 3.0, "commissure_bias_mm": -1.5,
        "commissure_mae_mm": 3.0, "commissure_slope": 0.7, "lid_gap_mae_mm": 2.0,
        "side_right": 0.8, "coverage_95": 1.0, "interval_width_mm": 5.0,
        "rise_time_error": 0.5, "rest_jitter_mm": 0.5,
    }  # fmt: skip
    for key, value in worse.items():
        failed = failed_bars(report_of({**good, key: value}))
        assert len(failed) == 4, key
        assert len({line.split(": ")[1] for line in failed}) == 1


def test_off_basis_may_be_half_as_bad_again() -> None:
    cell = {**aggregate(TAKES), "mean_mm": 2.0}
    assert failed_bars(report_of(cell)) == [
        "Three views, calibrated, in basis: face vertices, mean mm 2.00"
    ]


def test_a_missing_figure_is_a_dash() -> None:
    assert "nan" not in markdown(report_of(aggregate([])))
