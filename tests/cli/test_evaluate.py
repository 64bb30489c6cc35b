"""`sfpfr evaluate` as its user meets it."""

import json
from pathlib import Path

import numpy as np
import pytest

from cli.main import run
from models.head.topology import load_topology

Capture = pytest.CaptureFixture[str]


def test_a_mesh_against_a_scan(tmp_path: Path, capsys: Capture) -> None:
    topology = load_topology()
    for name, shift in (("scan", 0.0), ("mesh", 5.0)):
        np.savez(
            tmp_path / f"{name}.npz", vertices=topology.template_mm + shift, faces=topology.faces
        )
    figures = tmp_path / "figures.json"
    words = ["--pred", str(tmp_path / "mesh.npz"), "--truth", str(tmp_path / "scan.npz")]
    assert run(["evaluate", "mesh", *words, "--json", str(figures)]) == 0
    assert "| mesh.npz | rigid | 0.000 |" in capsys.readouterr().out
    (row,) = json.loads(figures.read_text())
    assert row["without_scale"]["under_half_mm"] == 1.0


def test_a_missing_scan_is_named(tmp_path: Path, capsys: Capture) -> None:
    assert run(["evaluate", "mesh", "--pred", "a.obj", "--truth", str(tmp_path / "b.obj")]) == 2
    assert "b.obj is not a mesh file" in capsys.readouterr().err


def test_an_empty_synthetic_folder_is_explained(tmp_path: Path, capsys: Capture) -> None:
    assert run(["evaluate", "synthetic", str(tmp_path)]) == 2
    assert "sfpfr synthesize" in capsys.readouterr().err
