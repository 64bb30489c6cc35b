"""`sfpfr demo` reconstructs what it filmed and says where to look."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli import demo
from cli.main import run
from cli.recording import SyntheticRecording
from models.request import ReconstructionRequest


def test_the_film_is_reconstructed(
    pipeline: Any,
    write_result: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[ReconstructionRequest] = []

    def remember(
        request: ReconstructionRequest, out: Path, report: Callable[[str, float], None]
    ) -> dict[str, Any]:
        seen.append(request)
        return dict(write_result(request, out, report))

    def film(out: Path, *, seconds: float) -> SyntheticRecording:
        out.mkdir(parents=True)
        for view in ("left", "center", "right"):
            (out / f"{view}.mp4").write_bytes(b"frames")
        camera = '"center_K": [[1, 0, 1], [0, 1, 1], [0, 0, 1]], '
        camera += '"center_Rt": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]'
        (out / "calibration.json").write_text(f"{{{camera}}}")
        return SyntheticRecording(out, out / "calibration.json", "right")

    pipeline(remember)
    monkeypatch.setattr(demo, "synthetic_recording", film)
    assert run(["demo", "--out", str(tmp_path / "demo")]) == 0
    (request,) = seen
    assert len(request.files) == 3
    assert (request.movement, request.affected_side) == ("full_smile", "right")
    assert str(tmp_path / "demo" / "result" / "preview.png") in capsys.readouterr().out
