"""From the folder of a result to what is published: files with their roles, measures, summary."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analyses.schemas import NewAnalysis, NewFile, NewMeasure, ReconstructionSummary
from backend.db.models import FileRole, RowSide, Verdict, View
from models.capture.verdict import QCReport
from models.stream import MeshStream
from worker.plans import TakePlan
from worker.site import Stored, WorkSite, keep

_BINARY = "application/octet-stream"
_FILES: dict[str, tuple[FileRole, str]] = {
    "meshes.sfm": (FileRole.VERTICES, _BINARY),
    "asymmetry.sfm": (FileRole.ASYMMETRY, _BINARY),
    "displacement.sfm": (FileRole.DISPLACEMENT, _BINARY),
    "uncertainty.sfm": (FileRole.UNCERTAINTY, _BINARY),
    "meshes.npz": (FileRole.ARRAYS, _BINARY),
    "series_01.json": (FileRole.SERIES, "application/json"),
    "measures.csv": (FileRole.MEASURES, "text/csv"),
    "reconstruction.json": (FileRole.RECONSTRUCTION, "application/json"),
    "qc.json": (FileRole.QC, "application/json"),
    "subject.json": (FileRole.SUBJECT, "application/json"),
    "preview.png": (FileRole.PREVIEW, "image/png"),
}
_OVERLAY = re.compile(r"overlay_(left|center|right)\.(mp4|png)")
_OVERLAY_TYPES = {"mp4": "video/mp4", "png": "image/png"}


@dataclass(frozen=True)
class ResultFile:
    """A file of a result in the storage, before a row refers to it."""

    role: FileRole
    view: View | None
    stored: Stored

    def new(self, session: Session, patient_id: UUID) -> NewFile:
        """The file with the row of its blob."""
        return NewFile(
            role=self.role,
            view=self.view,
            blob_id=keep(session, self.stored, patient_id),
            media_type=self.stored.media_type,
            size_bytes=self.stored.blob.size,
            sha256=self.stored.sha256,
        )


def store_result(site: WorkSite, folder: Path, patient_id: UUID) -> list[ResultFile]:
    """Store all files of a result but the overlays."""
    return [
        ResultFile(role, None, site.put(folder / name, patient_id, media_type))
        for name, (role, media_type) in _FILES.items()
    ]


def store_overlays(site: WorkSite, folder: Path, patient_id: UUID) -> list[ResultFile]:
    """Store the overlays that are in the folder of a result."""
    return [
        ResultFile(
            FileRole.OVERLAY,
            View(found[1]),
            site.put(path, patient_id, _OVERLAY_TYPES[found[2]]),
        )
        for path in sorted(folder.iterdir())
        if (found := _OVERLAY.fullmatch(path.name))
    ]


def new_analysis(folder: Path, plan: TakePlan, files: Sequence[NewFile]) -> NewAnalysis:
    """The analysis that a result folder holds."""
    record: dict[str, Any] = json.loads((folder / "reconstruction.json").read_bytes())
    measures = tuple(read_measures(folder / "measures.csv", plan.movement))
    model = record["model"]
    with MeshStream(folder / "meshes.sfm") as stream:
        topology = stream.header.topology_id
    # The rows name the model; a take without any row has no model to compare with.
    name, _, version = measures[0].model.partition(" ") if measures else ("", "", "")
    return NewAnalysis(
        movement=plan.movement,
        review_id=plan.review_id,
        subject_file_id=plan.subject_file_id,
        request=plan.model_dump(mode="json"),
        inputs={View(view): about["sha256"] for view, about in record["views"].items()},
        code_version=model["version"],
        model_name=name,
        model_version=version,
        weights={**model["assets"], "head": model["head"]["sha256"]},
        topology=topology,
        qc=QCReport.model_validate_json((folder / "qc.json").read_bytes()),
        summary=ReconstructionSummary.model_validate(record),
        frames=record["n_frames"],
        fps=record["fps"] or None,
        files=tuple(files),
        measures=measures,
    )


def read_measures(path: Path, movement: str) -> Iterator[NewMeasure]:
    """The rows of `measures.csv`, under the name that the protocol gives the movement."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield NewMeasure(
                movement=movement,
                repetition=int(row["repetition"]) if row["repetition"] else None,
                side=RowSide(row["side"]),
                region=row["region"],
                measure=row["measure"],
                value=_number(row["value"]),
                unit=row["unit"],
                ci_lo=_number(row["ci_lo"]),
                ci_hi=_number(row["ci_hi"]),
                qc=Verdict(row["qc"]),
                reason=row["reason"],
                model=row["model"],
            )


def _number(text: str) -> float | None:
    return float(text) if text else None
