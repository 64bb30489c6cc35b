"""One take of the synthetic folder scored: reconstruct it, build the baselines, compare."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from models.calibration import read_calibration
from models.evaluation.baselines import (
    mean_head_mm,
    network_depth_mm,
    place,
    triangulated_mm,
    warped_head_mm,
)
from models.evaluation.metrics import MeasurePair, Reference, TakeScore
from models.evaluation.takes import SyntheticTake, load_truth
from models.head.topology import Topology, load_topology
from models.measures import exact_take, measure_take
from models.movements import MOVEMENTS, VIEWS, Side, View
from models.reconstruction import Array, Camera, ViewTrack
from models.request import LabelledFile, ReconstructionRequest

SIDES: tuple[Side, Side] = ("left", "right")
# What the one-view baseline takes for the iris; true ones are drawn around it.
MEAN_IRIS_MM = 11.71


def score_take(take: SyntheticTake, setting: str) -> dict[str, TakeScore | None]:
    """The scores of `fit`, `mean_head` and `landmarks`; None where a method has no result.

    Raises RejectedRecordingError when the product refuses the recording.
    """
    from models.pipeline import observe, reconstruct

    topology = load_topology()
    truth = load_truth(take)
    targets = measured_target(take.movement, truth.vertices_mm, truth.time_s, topology)
    reference = Reference(take.movement, truth.vertices_mm, truth.time_s, topology)
    request = request_for(take, setting)
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "result"
        reconstruct(request, out, lambda _stage, _fraction: None)
        with np.load(out / "meshes.npz", allow_pickle=False) as stored:
            meshes = {name: stored[name] for name in stored.files}
        reported = reported_target(out, take.movement)
    scores = {
        "fit": reference.score(meshes["vertices_mm"], meshes["time_s"], pairs(targets, reported))
    }
    tracks = observe(request)
    landmarks_mm = _landmarks_mm(tracks, take, setting, meshes, topology)
    placed = place(landmarks_mm, topology)
    for method, vertices in (
        ("mean_head", mean_head_mm(placed, topology)),
        ("landmarks", warped_head_mm(placed, topology)),
    ):
        measured = measured_target(take.movement, vertices, meshes["time_s"], topology)
        scores[method] = reference.score(vertices, meshes["time_s"], pairs(targets, measured))
    return scores


def request_for(take: SyntheticTake, setting: str) -> ReconstructionRequest:
    """What is asked of the product in a setting; nobody tells it the affected side."""
    views: tuple[View, ...] = ("center",) if setting == "front_only" else VIEWS
    return ReconstructionRequest(
        files=tuple(LabelledFile(take.video(view), view) for view in views),
        movement=take.movement,
        calibration=take.calibration if setting == "three_views" else None,
        overlay=False,
    )


def measured_target(
    movement: str, vertices_mm: Array, time_s: Array, topology: Topology
) -> dict[Side, float | None]:
    """The movement's target measure of meshes by side, by the product's own definition."""
    measure = MOVEMENTS[movement].target_measure
    if measure is None:
        return {}
    valid = np.asarray(np.isfinite(vertices_mm).all(axis=(1, 2)))
    take = exact_take(movement, vertices_mm.astype(np.float32), time_s, topology)
    measures = measure_take(replace(take, valid=valid), topology, affected_side=None)
    return {side: measures.value(measure, side) for side in SIDES}


def reported_target(folder: Path, movement: str) -> dict[Side, MeasurePair]:
    """The same, with intervals, from the `measures.csv` that the product wrote (truth empty)."""
    measure = MOVEMENTS[movement].target_measure
    with (folder / "measures.csv").open(newline="", encoding="utf-8") as file:
        rows = {
            row["side"]: [
                float(row[name]) if row[name] else None for name in ("value", "ci_lo", "ci_hi")
            ]
            for row in csv.DictReader(file)
            if row["measure"] == measure and not row["repetition"]
        }
    return {side: MeasurePair(side, 0.0, *rows[side]) for side in SIDES if side in rows}


def pairs(
    true: Mapping[Side, float | None],
    estimated: Mapping[Side, MeasurePair] | Mapping[Side, float | None],
) -> tuple[MeasurePair, ...]:
    """Truth and estimate side by side, where the truth itself can be measured."""
    found = []
    for side, value in true.items():
        if value is None:
            continue
        other = estimated.get(side)
        if isinstance(other, MeasurePair):
            found.append(replace(other, true_mm=value))
        else:
            found.append(MeasurePair(side, value, other))
    return tuple(found)


def _landmarks_mm(
    tracks: tuple[ViewTrack, ...],
    take: SyntheticTake,
    setting: str,
    meshes: Mapping[str, Array],
    topology: Topology,
) -> Array:
    """(T, 468, 3) what the landmarks baseline sees: triangulated, or the network's depth."""
    if setting == "front_only":
        return network_depth_mm(tracks[0], MEAN_IRIS_MM)
    sizes = {track.view: (track.width, track.height) for track in tracks}
    cameras: dict[View, Camera]
    if setting == "three_views":
        calibration = read_calibration(take.calibration)
        cameras = {view: calibration[view].for_frame(*size) for view, size in sizes.items()}
    else:
        cameras = {
            view: Camera(
                meshes[f"camera_{view}_K"], meshes[f"camera_{view}_world_to_camera"], *size
            )
            for view, size in sizes.items()
        }
    return triangulated_mm(tracks, cameras, topology)
