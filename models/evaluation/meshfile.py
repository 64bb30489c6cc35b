"""Meshes from OBJ, PLY, STL and NPZ files, with the vertices in the file's own order."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import UnusableInputError

Array = NDArray[np.float64]

ENDINGS = (".obj", ".ply", ".stl", ".npz")
NPZ_VERTICES = ("vertices_mm", "vertices")


@dataclass(frozen=True)
class Mesh:
    """Vertices (V, 3) in the file's unit and triangles (F, 3); there may be none."""

    vertices: Array
    faces: NDArray[np.int64]


def read_mesh(path: Path, frame: int = 0) -> Mesh:
    """Read a mesh; of an NPZ with a sequence (T, V, 3) the given `frame`.

    Raises UnusableInputError for what is no mesh.
    """
    next_step = f"Give a mesh file: {', '.join(ENDINGS)}."
    if path.suffix.lower() not in ENDINGS or not path.is_file():
        raise UnusableInputError(f"{path} is not a mesh file.", next_step)
    try:
        if path.suffix.lower() == ".npz":
            mesh = _read_npz(path, frame)
        elif path.suffix.lower() == ".obj":
            mesh = _read_obj(path)
        else:
            mesh = _read_by_trimesh(path)
    except UnusableInputError:
        raise
    except Exception as error:  # third-party readers raise whatever a broken file provokes
        raise UnusableInputError(f"The mesh {path} cannot be read: {error}", next_step) from error
    count = len(mesh.vertices)
    sound = mesh.vertices.shape == (count, 3) and count and np.isfinite(mesh.vertices).all()
    if not sound or (len(mesh.faces) and not 0 <= mesh.faces.min() <= mesh.faces.max() < count):
        raise UnusableInputError(f"The mesh {path} is damaged.", "Export it again.")
    return mesh


def _read_npz(path: Path, frame: int) -> Mesh:
    if not zipfile.is_zipfile(path):
        raise UnusableInputError(f"{path} is not an NPZ file.", "Give `meshes.npz` of a result.")
    with np.load(path, allow_pickle=False) as stored:
        key = next((key for key in NPZ_VERTICES if key in stored), None)
        if key is None:
            raise UnusableInputError(
                f"{path} holds no vertices.", f"Store them as {' or '.join(NPZ_VERTICES)}."
            )
        vertices = np.asarray(stored[key], dtype=np.float64)
        faces = np.asarray(stored["faces"] if "faces" in stored else np.empty((0, 3)), np.int64)
    if vertices.ndim == 3:
        if not -len(vertices) <= frame < len(vertices):
            raise UnusableInputError(
                f"{path} has {len(vertices)} frames, and no frame {frame}.",
                f"Choose a frame from 0 to {len(vertices) - 1}.",
            )
        vertices = vertices[frame]
    return Mesh(vertices, faces)


def _read_obj(path: Path) -> Mesh:
    """Positions and fan-triangulated faces only: readers with textures reorder vertices."""
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if words[:1] == ["v"]:
                vertices.append([float(word) for word in words[1:4]])
            elif words[:1] == ["f"]:
                corners = [int(word.split("/")[0]) for word in words[1:]]
                # OBJ counts from 1, and from -1 backwards.
                ids = [c - 1 if c > 0 else len(vertices) + c for c in corners]
                faces += [(ids[0], b, c) for b, c in pairwise(ids[1:])]
    return Mesh(
        np.array(vertices, dtype=np.float64).reshape(-1, 3),
        np.array(faces, dtype=np.int64).reshape(-1, 3),
    )


def _read_by_trimesh(path: Path) -> Mesh:
    import trimesh

    loaded: Any = trimesh.load(path, process=False)
    faces = getattr(loaded, "faces", np.empty((0, 3)))
    return Mesh(np.asarray(loaded.vertices, dtype=np.float64), np.asarray(faces, dtype=np.int64))
