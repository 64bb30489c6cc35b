"""`sfpfr evaluate synthetic`: run the product over a synthetic folder and fill the table.

Each take is scored once in all settings and its figures are kept in the folder; a later run only
does what is missing or was made by other code, other assets or other files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from models.evaluation.metrics import MeasurePair, TakeScore, aggregate
from models.evaluation.table import GROUPS, METHODS, SETTINGS
from models.evaluation.takes import SyntheticTake, is_in_basis, list_takes

Progress = Callable[[str, float], None]

MODELS = Path(__file__).resolve().parents[1]
# Rooms of the science that no figure of the table passes through.
APART = (
    "data",
    "training",
    "head/build",
    "export",
    "stream.py",
    "evaluation/mesh.py",
    "evaluation/table.py",
    "pipeline/drawing.py",
    "pipeline/overlay.py",
    "pipeline/pictures.py",
    "pipeline/preview.py",
)


def evaluate_synthetic(
    folder: Path,
    *,
    json_path: Path | None = None,
    subset: str | None = None,
    jobs: int = 1,
    progress: Progress = lambda _label, _fraction: None,
) -> dict[str, Any]:
    """Score every take of `folder` in the three settings; returns the report.

    Keys: `three_views` (with `calibration.json`), `three_views_uncalibrated`, `front_only`, each
    with `in_basis` and `off_basis`, each with `mean_head`, `landmarks` and `fit`, each with the
    figures of `models.evaluation.metrics.aggregate`; `rejected` lists takes without a result as
    setting, take and reason. `subset`: see `list_takes`. The report is also written to
    `json_path`. Raises UnusableInputError when the folder holds no finished take.
    """
    takes = list_takes(folder, subset)
    code = code_digest()
    results = {take.name: kept for take in takes if (kept := _kept(folder, take, code))}
    missing = [take for take in takes if take.name not in results]
    progress(f"{len(results)} of {len(takes)} takes are done", len(results) / len(takes))
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_score_apart, folder, take, code): take for take in missing}
        for done in as_completed(running):
            take = running[done]
            results[take.name] = done.result()
            progress(take.name, len(results) / len(takes))
    report = summarise(takes, results)
    if json_path is not None:
        json_path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def summarise(
    takes: Sequence[SyntheticTake], results: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The report from the results of each take by its name."""
    report: dict[str, Any] = {}
    groups = {take.name: GROUPS[0] if is_in_basis(take) else GROUPS[1] for take in takes}
    for setting in SETTINGS:
        report[setting] = {
            group: {
                method: _cell(
                    [results[name][setting] for name, held in groups.items() if held == group],
                    method,
                )
                for method in METHODS
            }
            for group in GROUPS
        }
    report["rejected"] = [
        {"setting": setting, "take": take.name, "reason": reason}
        for setting in SETTINGS
        for take in takes
        if (reason := results[take.name][setting]["rejected"])
    ]
    return report


def _cell(results: Sequence[Mapping[str, Any]], method: str) -> dict[str, Any]:
    scores = [result["scores"].get(method) for result in results]
    return aggregate(
        [_score_from(score) for score in scores if score is not None],
        rejected=sum(score is None for score in scores),
    )


def _score_from(stored: Mapping[str, Any]) -> TakeScore:
    pairs = tuple(MeasurePair(**pair) for pair in stored["target"])
    return TakeScore(**{**stored, "target": pairs})


def code_digest() -> str:
    """SHA-256 over the code and assets that the figures depend on."""
    digest = hashlib.sha256()
    for path in sorted(MODELS.rglob("*")):
        name = path.relative_to(MODELS).as_posix()
        if path.is_file() and "__pycache__" not in name and not name.startswith(APART):
            digest.update(name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _result_path(folder: Path, take: SyntheticTake) -> Path:
    return folder / "evaluation" / take.sid / take.session / f"{take.movement}.json"


def _kept(folder: Path, take: SyntheticTake, code: str) -> dict[str, Any] | None:
    path = _result_path(folder, take)
    if not path.is_file():
        return None
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept if kept["key"] == [code, take.digest()] else None


def _score_apart(folder: Path, take: SyntheticTake, code: str) -> dict[str, Any]:
    """Score one take in a child process and keep the result."""
    # Imported here: the parent only counts, and stays small.
    from models.evaluation.scoring import score_take

    result: dict[str, Any] = {"key": [code, take.digest()], **score_take(take)}
    path = _result_path(folder, take)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(result) + "\n", encoding="utf-8")
    unfinished.replace(path)
    return result
