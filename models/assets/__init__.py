"""Committed data files of the science, found by name and trusted only when their SHA-256 fits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.errors import SfpfrError

FOLDER = Path(__file__).parent
REINSTALL = "Reinstall the program, or restore the file with `git checkout -- models/assets`."


class AssetError(SfpfrError):
    """A data file of the program is missing, unknown or altered."""


@dataclass(frozen=True)
class Asset:
    """One line of the manifest; `path` is absolute."""

    name: str
    path: Path
    sha256: str
    licence: str
    source: str


@cache
def manifest() -> dict[str, Asset]:
    """All assets by name, as `manifest.json` lists them; nothing is checked yet."""
    path = FOLDER / "manifest.json"
    try:
        entries = json.loads(path.read_bytes())["assets"]
        return {
            entry["name"]: Asset(
                name=entry["name"],
                path=FOLDER / entry["file"],
                sha256=entry["sha256"],
                licence=entry["licence"],
                source=entry["source"],
            )
            for entry in entries
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AssetError("The list of the program's data files cannot be read.", REINSTALL) from (
            error
        )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@cache
def verified_path(name: str) -> Path:
    """Path of the asset `name`, after its bytes were compared with the manifest.

    Raises AssetError when the name is unknown, or the file is missing or altered.
    """
    asset = manifest().get(name)
    if asset is None:
        raise AssetError(f"The program has no data file named {name!r}.", REINSTALL)
    if not asset.path.is_file():
        raise AssetError(f"The program's data file {name!r} is missing.", REINSTALL)
    if file_sha256(asset.path) != asset.sha256:
        raise AssetError(f"The program's data file {name!r} was altered.", REINSTALL)
    return asset.path
