"""`sfpfr doctor` finds what is missing and says how to mend it."""

import importlib.metadata
import json
from pathlib import Path

import pytest

from cli.main import run
from models import assets

Capture = pytest.CaptureFixture[str]


def test_a_sound_machine(capsys: Capture) -> None:
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "hashes right" in said
    assert "MISSING" not in said


def test_a_missing_package_comes_with_its_command(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    known = importlib.metadata.version

    def version(name: str) -> str:
        if name == "rich":
            raise importlib.metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert run(["doctor", "--json"]) == 1
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert not findings["packages"]["ok"]
    assert "pip install 'rich" in findings["packages"]["mend"]
    assert findings["video libraries"]["ok"]


def test_an_altered_data_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "head.npz").write_bytes(b"altered")
    entry = {
        "name": "head",
        "file": "head.npz",
        "sha256": "00" * 32,
        "licence": "CC0-1.0",
        "source": "a test",
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"assets": [entry]}))
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    assets.manifest.cache_clear()
    assets.verified_path.cache_clear()
    try:
        assert run(["doctor"]) == 1
        assert "'head' was altered" in capsys.readouterr().out
    finally:
        assets.manifest.cache_clear()
        assets.verified_path.cache_clear()
