"""Reads the open head's packed file into plain arrays; NumPy only, no skinning."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import HeadFileError

Array = NDArray[np.float64]
Ids = NDArray[np.int32]

_FLIP = np.array([-1.0, 1.0, 1.0])
REINSTALL = "Reinstall the program, or rebuild the file with `python -m models.head.build`."


@dataclass(frozen=True)
class HeadArrays:
    """A head model as arrays; lengths in mm, head frame (x left, y up, z forward).

    template_mm (V,3); faces (F,3); mirror (V,); uv (N,2); uv_faces (F,3);
    shape_mm (V,3,S), the first `n_symmetric_shape` even, the rest odd under the mirror;
    expression_mm (V,3,E); expression_mirror (E,); weights (V,5); joint_regressor (5,V);
    pose_mm (V,3,36) pose correctives in FLAME's order; `blinks` says per closing unit how lid
    vertices follow the margin.
    """

    name: str
    version: str
    sha256: str
    template_mm: Array
    faces: Ids
    mirror: Ids
    uv: Array
    uv_faces: Ids
    shape_mm: Array
    n_symmetric_shape: int
    expression_names: tuple[str, ...]
    expression_mm: Array
    expression_mirror: Ids
    weights: Array
    joint_regressor: Array
    pose_mm: Array
    lid_follow: dict[str, Array]
    loops: dict[str, Ids]
    points: dict[str, int]
    regions: dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class LandmarkArrays:
    """Landmark embedding: vertices (478,3), barycentric weights (478,3), mirror (478,)."""

    vertices: Ids
    weights: Array
    mirror: Ids


def is_open_head(path: Path) -> bool:
    """Whether the file is a packed open head (and not a FLAME-layout one)."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return "lid_follow_left" in data.files
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile):
        return False


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an npz, without unpickling. Raises HeadFileError."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return {name: data[name] for name in data.files}
    except Exception as error:
        raise HeadFileError(f"The head file {path.name} cannot be read.", REINSTALL) from error


def read_open_head(path: Path) -> HeadArrays:
    """Unpack an open head. Raises HeadFileError when it is not one."""
    data = read_npz(path)
    try:
        return _unpack(data, hashlib.sha256(path.read_bytes()).hexdigest())
    except (KeyError, ValueError, IndexError) as error:
        raise HeadFileError(f"{path.name} is not a complete open head.", REINSTALL) from error


def _unpack(data: dict[str, NDArray[Any]], sha256: str) -> HeadArrays:
    meta = json.loads(data["meta"].tobytes())
    mirror = data["mirror"].astype(np.int32)
    half = data["half"].astype(np.int64)
    count = len(mirror)

    def whole(stored: NDArray[Any], parity: float) -> Array:
        """(...,H,3) on the stored half to (...,V,3) on all vertices."""
        full = np.zeros((*stored.shape[:-2], count, 3))
        full[..., half, :] = stored
        image = parity * full[..., half, :] * _FLIP
        own = mirror[half] == half
        full[..., mirror[half[~own]], :] = image[..., ~own, :]
        # Midline vertices equal their own image exactly.
        full[..., half[own], :] = 0.5 * (full[..., half[own], :] + image[..., own, :])
        return full

    template = whole(data["template_mm"], 1.0)
    even, odd = whole(data["even_mm"], 1.0), whole(data["odd_mm"], -1.0)
    names = tuple(meta["expression_names"])
    twins = data["expression_mirror"].astype(np.int32)
    units = np.zeros((len(names), count, 3))
    for index, unit in zip(meta["stored_units"], data["units_mm"].astype(np.float64), strict=True):
        image = unit[mirror] * _FLIP
        if twins[index] == index:
            units[index] = 0.5 * (unit + image)
        else:
            units[index], units[twins[index]] = unit, image
    weights = np.zeros((count, 5))
    weights[half] = data["weights"]
    weights[mirror[half]] = data["weights"][:, [0, 1, 2, 4, 3]]
    own = mirror == np.arange(count)
    weights[half] = data["weights"]
    weights[own, 3:] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    pose = np.zeros((count, 3, 36))
    # Jaw rotation, element (2, 1): the sine of the opening angle.
    pose[:, :, 16] = whole(data["jaw_corrective_mm"], 1.0)
    follow_left = data["lid_follow_left"].astype(np.float64)
    follow = {"left": follow_left, "right": follow_left[mirror]}
    loops = {
        name.removeprefix("loop_"): ids.astype(np.int32)
        for name, ids in data.items()
        if name.startswith("loop_")
    }
    masks = np.unpackbits(data["regions"], axis=1, count=count).astype(bool)
    head = HeadArrays(
        name=meta["name"],
        version=meta["version"],
        sha256=sha256,
        template_mm=template,
        faces=data["faces"].astype(np.int32),
        mirror=mirror,
        uv=data["uv"].astype(np.float64),
        uv_faces=data["uv_faces"].astype(np.int32),
        shape_mm=np.moveaxis(np.concatenate([even, odd]), 0, 2),
        n_symmetric_shape=int(meta["n_symmetric_shape"]),
        expression_names=names,
        expression_mm=np.moveaxis(units, 0, 2),
        expression_mirror=twins,
        weights=weights,
        joint_regressor=data["joint_regressor"].astype(np.float64),
        pose_mm=pose,
        lid_follow=follow,
        loops=loops,
        points={name: int(vertex) for name, vertex in meta["points"].items()},
        regions=dict(zip(meta["regions"], masks, strict=True)),
    )
    return close_lids(head)


def close_lids(head: HeadArrays) -> HeadArrays:
    """Make the closing units exact: rounding or transfer must not leave the lids ajar.

    At 1 the upper margin ends where the lower one does, for every identity.
    """
    units = head.expression_mm.copy()
    follow = {side: shares.copy() for side, shares in head.lid_follow.items()}
    for side, shares in follow.items():
        blink = head.expression_names.index(f"eyeBlink{side.capitalize()}")
        upper, lower = head.loops[f"lid_upper_{side}"], head.loops[f"lid_lower_{side}"]
        gap = head.template_mm[upper] - head.template_mm[lower]
        units[upper, :, blink] = units[lower, :, blink] - gap
        between = np.arange(1, len(upper) - 1)
        shares[upper] = 0.0
        shares[upper[between], between] = -1.0
        shares[upper[between]] += shares[lower[between]]
    return replace(head, expression_mm=units, lid_follow=follow)


def read_landmarks(path: Path) -> LandmarkArrays:
    """Unpack a landmark embedding. Raises HeadFileError when it is not one."""
    data = read_npz(path)
    try:
        return LandmarkArrays(
            data["vertices"].astype(np.int32),
            data["weights"].astype(np.float64),
            data["mirror"].astype(np.int32),
        )
    except KeyError as error:
        raise HeadFileError(f"{path.name} holds no landmark embedding.", REINSTALL) from error
