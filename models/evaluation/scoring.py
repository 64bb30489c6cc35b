"""One take of the synthetic folder scored: reconstruct it, build the baselines, compare."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.calibration import read_calibration
from models.capture.recording import bring_together
from models.errors import RejectedRecordingError
from models.evaluation.baselines import (
    mean_head_mm,
    network_depth_mm,
    place,
    triangulated_mm,
    warped_head_mm,
)
from models.evaluation.metrics import MeasurePair, Reference
from models.evaluation.observed import ObservedFiles
from models.evaluation.table import SETTINGS
from models.evaluation.takes import SyntheticTake, load_truth
from models.head.topology import Topology, load_topology
from models.measures import exact_take, measure_take
from models.movements import MOVEMENTS, VIEWS, Side, View
from models.pipeline import reconstruct
from models.reconstruction import Array, Camera, ViewTrack
from models.request import LabelledFile, ReconstructionRequest

SIDES: tuple[Side, Side] = ("left", "right")
# What the one-view baseline takes for the iris; true ones are drawn around it.
MEAN_IRIS_MM = 11.71

# A value with its interval; None where it is undetermined or has none.
Estimate = tuple[float | None, float | None, float | None]


def score_take(take: SyntheticTake) -> dict[str, dict[str, Any]]:
    """Per setting: `rejected` (the product's reason, or None) and `scores` by method.

    Methods are `fit`, `mean_head` and `landmarks`; a score is None where a method has no result,
    and there are none at all when the product refuses the recording.
    """
    topology = load_topology()
    truth = load_truth(take)
    true_target = measured_target(take.movement, truth.vertices_mm, truth.time_s, topology)
    reference = Reference(take.movement, truth.vertices_mm, truth.time_s, topology)

    def scored(
        vertices_mm: NDArray[np.floating], time_s: Array, estimated: Mapping[Side, Estimate]
    ) -> dict[str, Any] | None:
        score = reference.score(vertices_mm, time_s, pairs(true_target, estimated))
        return None if score is None else asdict(score)

    results: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory() as scratch:
        videos = [take.video(view) for view in VIEWS]
        files = ObservedFiles(videos, Path(scratch))
        with files.reading(videos) as readers:
            recording = bring_together(readers.observe(), VIEWS, {})
        for setting in SETTINGS:
            out = Path(scratch) / setting
            request = request_for(take, setting)
            try:
                reconstruct(request, out, lambda _stage, _share: None, read=files.reading)
            except RejectedRecordingError as error:
                results[setting] = {"rejected": str(error), "scores": {}}
                continue
            with np.load(out / "meshes.npz", allow_pickle=False) as stored:
                meshes = {name: stored[name] for name in stored.files}
            reported = reported_target(out, take.movement)
            scores = {"fit": scored(meshes["vertices_mm"], meshes["time_s"], reported)}
            cameras = _cameras(recording.tracks, take, setting, meshes)
            if setting == "front_only":
                landmarks_mm = network_depth_mm(recording.tracks["center"], MEAN_IRIS_MM)
            else:
                landmarks_mm = triangulated_mm(list(recording.tracks.values()), cameras, topology)
            placed = place(landmarks_mm, topology)
            for method, vertices in (
                ("mean_head", mean_head_mm(placed, topology)),
                ("landmarks", warped_head_mm(placed, topology)),
            ):
                estimated = measured_target(take.movement, vertices, recording.time_s, topology)
                scores[method] = scored(vertices, recording.time_s, estimated)
            results[setting] = {"rejected": None, "scores": scores}
    return results


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
    movement: str, vertices_mm: NDArray[np.floating], time_s: Array, topology: Topology
) -> dict[Side, Estimate]:
    """The movement's target measure of meshes by side, by the product's own definition."""
    measure = MOVEMENTS[movement].target_measure
    if measure is None:
        return {}
    valid = np.asarray(np.isfinite(vertices_mm).all(axis=(1, 2)))
    take = exact_take(movement, vertices_mm.astype(np.float32), time_s, topology)
    measures = measure_take(replace(take, valid=valid), topology, affected_side=None)
    return {side: (measures.value(measure, side), None, None) for side in SIDES}


def reported_target(folder: Path, movement: str) -> dict[Side, Estimate]:
    """The same with its interval, from the `measures.csv` that the product wrote."""
    measure = MOVEMENTS[movement].target_measure
    with (folder / "measures.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["measure"] == measure]

    def number(row: Mapping[str, str], name: str) -> float | None:
        return float(row[name]) if row[name] else None

    return {
        side: (number(row, "value"), number(row, "ci_lo"), number(row, "ci_hi"))
        for side in SIDES
        for row in rows
        if row["side"] == side and not row["repetition"]
    }


def pairs(
    true: Mapping[Side, Estimate], estimated: Mapping[Side, Estimate]
) -> tuple[MeasurePair, ...]:
    """Truth and estimate side by side, where the truth itself can be measured."""
    nothing: Estimate = (None, None, None)
    return tuple(
        MeasurePair(side, value, *estimated.get(side, nothing))
        for side, (value, _, _) in true.items()
        if value is not None
    )


def _cameras(
    tracks: Mapping[View, ViewTrack],
    take: SyntheticTake,
    setting: str,
    meshes: Mapping[str, Array],
) -> dict[View, Camera]:
    """The cameras that the setting knows: the calibrated ones, or those that the fit found."""
    if setting == "three_views":
        calibration = read_calibration(take.calibration)
        return {
            view: calibration[view].for_frame(track.width, track.height)
            for view, track in tracks.items()
        }
    return {
        view: Camera(
            meshes[f"camera_{view}_K"],
            meshes[f"camera_{view}_world_to_camera"],
            track.width,
            track.height,
        )
        for view, track in tracks.items()
        if f"camera_{view}_K" in meshes
    }
