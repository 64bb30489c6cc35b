"""What a person is told when a reconstruction is done: verdict, main measures, where to look."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from models.movements import MOVEMENTS, NOTICE

CONTENTS = {
    "preview.png": "the face at rest and at the peak, with the mesh over it",
    "overlay_*.mp4": "the mesh over each video",
    "overlay_*.png": "the mesh over each picture",
    "measures.csv": "all measures with their 95 % intervals",
    "meshes.npz": "the moving mesh, for NumPy",
    "meshes.sfm": "the moving mesh, compact",
    "reconstruction.json": "cameras, scale, quality, timings and hashes",
    "subject.json": "the person, for --subject at the next visit",
    "takes.json": "the proposed takes, for --takes",
    "qc.json": "every check of the recording",
}
CAMERAS = {
    "left": "Camera on the patient's left: ",
    "center": "Camera in front: ",
    "right": "Camera on the patient's right: ",
}
VERDICTS = {
    "ok": "Recording: ok",
    "usable_with_warning": "Recording: usable with warning",
    "rejected": "Recording: rejected; every number is marked so",
}


def tell_result(out: Path) -> None:
    """Print a summary of the result folder `out` to the standard stream."""
    console = Console(highlight=False, soft_wrap=True)
    _tell_quality(console, out / "qc.json")
    _tell_measures(console, out / "measures.csv")
    console.print(f"\nResult: {out.resolve()}")
    for name, meaning in CONTENTS.items():
        if any(out.glob(name)):
            console.print(f"  {name:<22}{meaning}")
    console.print(f"\n{NOTICE}")


def _tell_quality(console: Console, path: Path) -> None:
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    console.print(VERDICTS[report["verdict"]])
    for check in report["checks"]:
        if check["level"] != "ok":
            camera = CAMERAS.get(check["view"], "")
            console.print(f"  {camera}{check['reason']} {check['next_step']}".rstrip())


def _tell_measures(console: Console, path: Path) -> None:
    if not path.is_file():
        return
    table = Table("Movement", "Measure", "Left, mm", "Right, mm", box=None, pad_edge=False)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(_targets(csv.DictReader(stream)))
    for key in dict.fromkeys((row["take"], row["movement"], row["measure"]) for row in rows):
        by_side = {
            row["side"]: row
            for row in rows
            if (row["take"], row["movement"], row["measure"]) == key
        }
        sides = [_number(by_side[side]) if side in by_side else "" for side in ("left", "right")]
        table.add_row(MOVEMENTS[key[1]].title, key[2].replace("_", " "), *sides)
    if rows:
        console.print()
        console.print(table)


def _targets(rows: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    """The rows of each movement's target measure over all its repetitions."""
    for row in rows:
        movement = MOVEMENTS.get(row["movement"])
        if movement and row["measure"] == movement.target_measure and not row["repetition"]:
            yield row


def _number(row: dict[str, str]) -> str:
    if not row["value"]:
        return f"- ({row['reason']})"
    interval = f" ({float(row['ci_lo']):.1f} to {float(row['ci_hi']):.1f})" if row["ci_lo"] else ""
    return f"{float(row['value']):.1f}{interval}"
