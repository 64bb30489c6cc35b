"""Packs the built head into small npz files whose mirror symmetry survives rounding."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.head.build.construct import Head
from models.head.build.embedding import Embedding

NAME, VERSION = "open-head", "1.0.0"
LICENCE = "CC0-1.0"


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write a compressed npz with fixed time stamps, so equal content gives equal bytes.

    Returns its SHA-256.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue(), compresslevel=9)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def head_arrays(head: Head) -> dict[str, NDArray[Any]]:
    """Arrays of the head file; only one half of each symmetric thing is stored.

    `half` lists the stored vertices (midline and left); the loader mirrors them.
    """
    flip = np.array([-1.0, 1.0, 1.0])
    own = head.mirror == np.arange(len(head.mirror))
    half = np.flatnonzero(own | (head.template[:, 0] > 0))
    template = head.template.astype(np.float32)
    template[own, 0] = 0

    def halved(basis: NDArray[np.float64], parity: float) -> NDArray[np.float16]:
        kept = 0.5 * (basis + parity * basis[:, head.mirror] * flip)
        return np.asarray(kept[:, half].astype(np.float16))

    stored = [i for i, name in enumerate(head.unit_names) if "Right" not in name]
    units = head.units.copy()
    for i in stored:
        if head.unit_mirror[i] == i:
            units[i] = 0.5 * (units[i] + units[i][head.mirror] * flip)
    uv, uv_index = np.unique(
        np.round(head.uv.reshape(-1, 2), 5).astype(np.float32), axis=0, return_inverse=True
    )
    loops = sorted(head.loops)
    regions = sorted(head.regions)
    meta = {
        "name": NAME,
        "version": VERSION,
        "expression_names": head.unit_names,
        "stored_units": stored,
        "regions": regions,
        "points": head.points,
        "n_symmetric_shape": len(head.even),
    }
    return {
        "meta": np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8),
        "template_mm": template[half],
        "half": half.astype(np.uint16),
        "mirror": head.mirror.astype(np.uint16),
        "faces": head.faces.astype(np.uint16),
        "uv": uv,
        "uv_faces": uv_index.reshape(-1, 3).astype(np.uint16),
        "even_mm": halved(head.even, 1.0),
        "odd_mm": halved(head.odd, -1.0),
        "units_mm": units[stored].astype(np.float16),
        "expression_mirror": head.unit_mirror.astype(np.uint8),
        "weights": head.weights[half].astype(np.float16),
        "joint_regressor": head.joint_regressor.astype(np.float32),
        "jaw_corrective_mm": head.jaw_corrective[half].astype(np.float16),
        "lid_follow_left": head.lid_follow.astype(np.float16),
        "regions": np.packbits(np.stack([head.regions[name] for name in regions]), axis=1),
        **{f"loop_{name}": head.loops[name].astype(np.uint16) for name in loops},
    }


def extra_arrays(head: Head) -> dict[str, NDArray[Any]]:
    """Arrays of the extras file: inner parts with their bases, and the roots of the lashes."""
    extras, flip = head.extras, np.array([-1.0, 1.0, 1.0])

    def tidy(basis: NDArray[np.float64], parity: float) -> NDArray[np.float16]:
        kept = 0.5 * (basis + parity * basis[:, extras.mirror] * flip)
        return np.asarray(kept.astype(np.float16))

    return {
        "meta": np.frombuffer(json.dumps({"version": VERSION}).encode(), np.uint8),
        "template_mm": extras.template.astype(np.float32),
        "shape_mm": np.concatenate([tidy(extras.even, 1.0), tidy(extras.odd, -1.0)]),
        "expression_mm": extras.units.astype(np.float16),
        "weights": extras.weights.astype(np.float32),
        "lash_margin": extras.lash_margin.astype(np.uint16),
        "lash_base": extras.lash_base.astype(np.uint16),
        **{f"faces_{name}": faces.astype(np.uint16) for name, faces in extras.faces.items()},
    }


def landmark_arrays(landmarks: Embedding) -> dict[str, NDArray[Any]]:
    """Arrays of the landmark file, which can be calibrated without touching the head."""
    return {
        "vertices": landmarks.vertices.astype(np.uint16),
        "weights": landmarks.weights.astype(np.float32),
        "mirror": landmarks.mirror.astype(np.uint16),
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=False) + "\n", encoding="utf-8")


def list_assets(manifest: Path, entries: list[dict[str, str]]) -> None:
    """Add or replace entries of the common asset manifest by name."""
    listed = json.loads(manifest.read_text())["assets"] if manifest.exists() else []
    names = {entry["name"] for entry in entries}
    kept = [entry for entry in listed if entry["name"] not in names]
    write_json(manifest, {"assets": kept + entries})
