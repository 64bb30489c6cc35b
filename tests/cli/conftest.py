"""A pipeline that behaves as a test asks, so that the program around it can be tested alone."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from models.request import ReconstructionRequest

Report = Callable[[str, float], None]
Pipeline = Callable[[ReconstructionRequest, Path, Report], dict[str, Any]]
Install = Callable[[Pipeline], None]


def _write_result(request: ReconstructionRequest, out: Path, report: Report) -> dict[str, Any]:
    """What a successful pipeline leaves behind, as far as the program looks at it."""
    report("landmarks", 0.5)
    check = {
        "view": "center",
        "level": "warning",
        "reason": "The picture is dark.",
        "next_step": "Add light in front.",
    }
    (out / "qc.json").write_text(json.dumps({"verdict": "usable_with_warning", "checks": [check]}))
    (out / "measures.csv").write_text(
        "pseudonym,visit,take,movement,repetition,side,region,measure,value,unit,ci_lo,ci_hi,qc,"
        "reason,model,notice\n"
        ",,1,full_smile,,left,perioral,commissure_excursion,10.04,mm,9.1,11.0,ok,,m,n\n"
        ",,1,full_smile,,right,perioral,commissure_excursion,,mm,,,ok,face lost,m,n\n"
    )
    result = {"files": [str(file.path.name) for file in request.files]}
    (out / "reconstruction.json").write_text(json.dumps(result))
    return result


@pytest.fixture
def write_result() -> Pipeline:
    """A pipeline that succeeds."""
    return _write_result


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a function in the place of `models.pipeline.reconstruct`."""

    def install(reconstruct: Pipeline) -> None:
        module = ModuleType("models.pipeline")
        module.reconstruct = reconstruct  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "models.pipeline", module)

    return install


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A file that exists; what is in it is the pipeline's business."""
    path = tmp_path / "front.mp4"
    path.write_bytes(b"frames")
    return path
