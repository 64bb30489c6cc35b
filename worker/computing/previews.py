"""Previews of a correction, as the child does them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.calibration import read_calibration
from models.capture.cache import remembering
from models.pipeline.trial import try_correction
from models.request import read_corrections
from models.stream import encode_meshes
from models.subject import read_subject
from worker.child_main import Report
from worker.computing.orders import PreviewOrder


def preview(arguments: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
    """Fit one moment again; the mesh at rest is the first of the two in `mesh.sfm`."""
    order = PreviewOrder.model_validate(arguments)
    report("fit", 0.0)
    with remembering(order.cache)([video.path for video in order.videos]) as readers:
        observations = readers.observe()
    trial = try_correction(
        observations,
        [video.view for video in order.videos],
        json.loads((order.result / "reconstruction.json").read_bytes()),
        read_subject(order.result / "subject.json"),
        None if order.calibration is None else read_calibration(order.calibration),
        read_corrections(order.corrections),
        order.frame,
    )
    mesh = encode_meshes(trial.vertices_mm, np.array([0.0, 1.0]), topology_id=trial.topology_id)
    (order.out / "mesh.sfm").write_bytes(mesh)
    about = {
        "landmarks_px": {
            view: np.round(points, 2).tolist() for view, points in trial.landmarks_px.items()
        },
        "reprojection_share": dict(trial.reprojection),
    }
    (order.out / "landmarks.json").write_text(json.dumps(about), encoding="utf-8")
    return {}
