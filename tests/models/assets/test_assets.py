"""Data files are trusted only when they are what the manifest says."""

import hashlib
import json
from pathlib import Path

import pytest

from models import assets
from models.assets import AssetError, manifest, verified_path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "head.bin").write_bytes(b"a head")
    entry = {
        "name": "head",
        "file": "head.bin",
        "sha256": hashlib.sha256(b"a head").hexdigest(),
        "licence": "CC0-1.0",
        "source": "a test",
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"assets": [entry]}))
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    manifest.cache_clear()
    verified_path.cache_clear()
    yield tmp_path
    manifest.cache_clear()
    verified_path.cache_clear()


def test_a_sound_file_is_found(folder: Path) -> None:
    assert verified_path("head") == folder / "head.bin"


def test_an_altered_file_is_refused(folder: Path) -> None:
    (folder / "head.bin").write_bytes(b"another head")
    with pytest.raises(AssetError, match="was altered"):
        verified_path("head")


def test_missing_and_unknown_files_are_told_apart(folder: Path) -> None:
    (folder / "head.bin").unlink()
    with pytest.raises(AssetError, match="is missing"):
        verified_path("head")
    with pytest.raises(AssetError, match="no data file named 'tail'"):
        verified_path("tail")


def test_every_shipped_file_is_sound_and_licensed() -> None:
    assert manifest()
    for name, asset in manifest().items():
        assert verified_path(name) == asset.path
        assert asset.licence in ("CC0-1.0", "Apache-2.0", "MIT"), name
        assert asset.source
