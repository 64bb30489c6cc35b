"""Where a result comes from: model, versions, hashes, cameras, scale and verdict in one record."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from models.assets import manifest
from models.capture.recording import Recording
from models.capture.verdict import QCReport, Verdict
from models.head.model import HeadModel
from models.movements import NOTICE, View
from models.pipeline.timeline import MeasuredTake, Timeline
from models.pipeline.write import number, view_records
from models.request import ReconstructionRequest

SCHEMA_VERSION = 1
ESTIMATOR = "fit"
# The committed data files that decide numbers.
_ASSETS = (
    "face_detection_onnx",
    "face_landmarks_onnx",
    "canonical_face",
    "landmark_correction",
    "open_head_landmarks",
)


def head_record(head: HeadModel) -> dict[str, str]:
    """Name, version and SHA-256 of the head model."""
    return {"name": head.name, "version": head.version, "sha256": head.sha256}


def model_name(head: HeadModel) -> str:
    """The model as the column of a CSV row names it."""
    hashes = "".join(manifest()[name].sha256[:2] for name in _ASSETS)
    return f"sfpfr-{ESTIMATOR} {version('sfpfr')} {head.name} {head.sha256[:8]} assets {hashes}"


def row_quality(verdict: Verdict) -> str:
    """The verdict on a take as the `qc` of its rows."""
    return {"ok": "ok", "usable_with_warning": "warning", "rejected": "rejected"}[verdict]


def record(
    request: ReconstructionRequest,
    head: HeadModel,
    recording: Recording,
    timeline: Timeline,
    report: QCReport,
    measured: Sequence[MeasuredTake],
    names: tuple[View, ...],
) -> dict[str, Any]:
    """The content of `reconstruction.json`, without timings and memory."""
    fit = timeline.fit
    cameras = dict(zip(names, fit.cameras, strict=True))
    return {
        "schema_version": SCHEMA_VERSION,
        "notice": NOTICE,
        "model": {
            "estimator": ESTIMATOR,
            "version": version("sfpfr"),
            "head": head_record(head),
            "assets": {name: manifest()[name].sha256 for name in _ASSETS},
        },
        "fps": round(recording.fps, 6),
        "n_frames": len(recording.time_s),
        "origin_s": round(recording.origin_s, 6),
        "reference_view": recording.reference,
        "affected_side": request.affected_side,
        "calibrated": request.calibration is not None,
        "views": view_records(recording, cameras),
        "scale": {
            "factor": round(fit.scale.factor, 6),
            "relative_sigma": round(fit.scale.sigma, 6),
            "source": fit.scale.source,
            "iris_mm": {view: round(value, 3) for view, value in fit.scale.by_view.items()},
            "iris_sigma_mm": {
                view: round(value * fit.scale.sigma, 3) for view, value in fit.scale.by_view.items()
            },
        },
        "reprojection_share": {
            view: number(share, 6) for view, share in zip(names, fit.reprojection, strict=True)
        },
        "rest_frame": int(fit.frames[fit.reference]),
        "excluded_frames": {str(moment): why for moment, why in timeline.excluded.items()},
        "takes": [_take_record(one) for one in measured],
        "qc": report.model_dump(mode="json"),
    }


def _take_record(one: MeasuredTake) -> dict[str, Any]:
    begin = one.moments.start
    return {
        "name": one.name,
        "movement": one.span.movement,
        "first_frame": begin,
        "last_frame": one.moments.stop - 1,
        "has_rest": one.measures.has_rest,
        "activated": one.measures.activated,
        "repetitions": [
            {
                "onset_s": round(r.onset_s, 4),
                "peak_s": round(r.peak_s, 4),
                "offset_s": round(r.offset_s, 4),
            }
            for r in one.measures.repetitions
        ],
    }
