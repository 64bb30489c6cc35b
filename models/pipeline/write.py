"""The files of a result folder, except for overlays; what they hold is decided elsewhere."""

from __future__ import annotations

import errno
import json
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.capture.recording import Recording
from models.capture.verdict import QCReport
from models.errors import StorageFullError
from models.export import write_meshes_npz
from models.head.topology import Topology
from models.measures import MeasureRow, csv_text
from models.measures.series import take_series
from models.movements import View
from models.reconstruction import Array, Array32, Camera
from models.request import TakeSpan
from models.stream import encode_meshes, encode_scalars

if TYPE_CHECKING:
    # Brings torch, which the first verdict does not wait for.
    from models.pipeline.timeline import MeasuredTake, Timeline


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn a full disk into its plain sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFullError("The disk is full.", "Free some space and try again.") from error
        raise


def write_json(path: Path, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write JSON that a person can read; numbers must be finite."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def write_qc(out: Path, report: QCReport) -> None:
    """Write `qc.json`."""
    write_json(out / "qc.json", report.model_dump(mode="json"))


def write_takes(out: Path, spans: Sequence[TakeSpan]) -> None:
    """Write `takes.json`, as `--takes` reads it."""
    write_json(
        out / "takes.json",
        [
            {"movement": s.movement, "start_s": round(s.start_s, 3), "end_s": round(s.end_s, 3)}
            for s in spans
        ],
    )


def write_meshes(
    out: Path,
    timeline: Timeline,
    vertices_mm: Array32,
    sigma_mm: Array32,
    topology: Topology,
    names: tuple[View, ...],
    expression_names: Sequence[str],
    hashes: Mapping[str, str],
) -> None:
    """Write `meshes.npz` and `meshes.sfm`."""
    write_meshes_npz(
        out / "meshes.npz",
        vertices_mm=vertices_mm,
        faces=topology.faces,
        time_s=timeline.time_s,
        sigma_mm=sigma_mm,
        identity=timeline.fit.identity,
        expression=timeline.expression,
        expression_names=expression_names,
        head_pose=timeline.poses.matrices(),
        cameras=dict(zip(names, timeline.fit.cameras, strict=True)),
    )
    stream = encode_meshes(
        vertices_mm, timeline.time_s, topology_id=topology.topology_id, hashes=hashes
    )
    (out / "meshes.sfm").write_bytes(stream)


def write_fields(
    out: Path,
    timeline: Timeline,
    sigma_mm: Array32,
    measured: Sequence[MeasuredTake],
    topology: Topology,
    hashes: Mapping[str, str],
) -> None:
    """Write `asymmetry.sfm`, `displacement.sfm`, `uncertainty.sfm` and `series_<take>.json`.

    The fields are NaN outside the takes.
    """
    asymmetry = np.full(sigma_mm.shape, np.nan, dtype=np.float32)
    displacement = asymmetry.copy()
    for one in measured:
        asymmetry[one.moments] = one.measures.asymmetry_mm
        displacement[one.moments] = one.measures.displacement_mm
        series = take_series(one.take, one.measures, topology)
        (out / f"series_{one.name}.json").write_text(series.model_dump_json(), encoding="utf-8")
    for name, values in (
        ("asymmetry", asymmetry),
        ("displacement", displacement),
        ("uncertainty", sigma_mm),
    ):
        stream = encode_scalars(
            values,
            timeline.time_s,
            name=name,
            unit="mm",
            topology_id=topology.topology_id,
            hashes=hashes,
        )
        (out / f"{name}.sfm").write_bytes(stream)


def write_measures(out: Path, rows: Sequence[MeasureRow]) -> None:
    """Write `measures.csv`."""
    (out / "measures.csv").write_text(csv_text(rows), encoding="utf-8")


def view_records(recording: Recording, cameras: Mapping[View, Camera]) -> dict[str, Any]:
    """What `reconstruction.json` says of each view."""
    records: dict[str, Any] = {}
    for view, observation in recording.observations.items():
        side, sync, camera = recording.sides[view], recording.syncs[view], cameras[view]
        records[view] = {
            "sha256": observation.sha256,
            "kind": observation.media.kind,
            "width": observation.width,
            "height": observation.height,
            "fps": round(observation.media.fps, 4),
            "n_frames": observation.n_frames,
            "yaw_deg": number(side.yaw_deg, 2),
            "label": side.label,
            "side": side.view,
            "sync_offset_s": round(sync.offset_s, 6),
            "sync_method": sync.method,
            "sync_confidence": round(sync.confidence, 3),
            "sync_residual_s": number(sync.residual_s, 6),
            "camera": {
                "K": _listed(camera.K, 4),
                "world_to_camera": _listed(camera.world_to_camera, 6),
            },
        }
    return records


def number(value: float | None, digits: int) -> float | None:
    """A rounded number, or null for what is not known."""
    return None if value is None or not np.isfinite(value) else round(float(value), digits)


def peak_memory_mib() -> float:
    """Peak resident memory of this process and of its largest child."""
    unit = 1024.0 if sys.platform != "darwin" else 1024.0**2
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round((own + children) / unit, 1)


def _listed(matrix: Array, digits: int) -> list[list[float]]:
    return [[round(float(value), digits) for value in row] for row in matrix]
