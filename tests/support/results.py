"""A small clinic with published results, made of real rows, blobs, streams and curves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.analyses.conversions import MeshFormat, moving_file
from backend.analyses.publishing import publish
from backend.analyses.schemas import NewAnalysis, NewFile, NewMeasure, ReconstructionSummary
from backend.analyses.topology import head_topology
from backend.blobs import service as blobs
from backend.db.models import (
    Analysis,
    Consent,
    FileRole,
    JobKind,
    Patient,
    PatientTeam,
    Purpose,
    Recording,
    RecordingState,
    RowSide,
    Sex,
    Take,
    Team,
    Verdict,
    View,
    Visit,
)
from backend.db.session import now
from backend.jobs import leases
from backend.jobs.service import enqueue
from backend.kit.ids import uuid7
from backend.kit.storage.blobs import Storage
from models.capture.verdict import QCReport
from models.measures.series import Curve, PhaseSpan, TakeSeries
from models.stream import encode_meshes, encode_scalars

FRAMES, FPS = 40, 20.0
START = date(2030, 1, 1)


@dataclass
class Clinic:
    """One unit of work in a clinic; its patients are those of `team`."""

    session: Session
    storage: Storage
    team: Team

    def patient(self, *purposes: Purpose, own: bool = True) -> Patient:
        patient = Patient(
            pseudonym=f"P-{uuid7().hex[-10:]}", sex=Sex.UNKNOWN, created_at=now(self.session)
        )
        self.session.add(patient)
        self.session.flush()
        if own:
            self.session.add(
                PatientTeam(
                    patient_id=patient.id, team_id=self.team.id, created_at=now(self.session)
                )
            )
        for purpose in purposes or (Purpose.CARE,):
            self.session.add(
                Consent(
                    patient_id=patient.id,
                    purpose=purpose,
                    signed_on=START,
                    created_at=now(self.session),
                )
            )
        self.session.flush()
        return patient

    def visit(self, patient: Patient, day: int = 0) -> Visit:
        visit = Visit(
            patient_id=patient.id,
            visited_on=START + timedelta(days=day),
            started_at=datetime(2030, 1, 1, 9, tzinfo=UTC) + timedelta(days=day),
            title="",
            created_at=now(self.session),
        )
        self.session.add(visit)
        self.session.flush()
        return visit

    def take(self, visit: Visit, movement: str = "full_smile", number: int = 1) -> Take:
        take = Take(
            patient_id=visit.patient_id,
            visit_id=visit.id,
            number=number,
            movement=movement,
            created_at=now(self.session),
        )
        self.session.add(take)
        self.session.flush()
        return take

    def recorded(self, take_id: UUID, state: RecordingState) -> None:
        """Give a take the recording that it lies in."""
        take = self.session.get_one(Take, take_id)
        recording = Recording(
            patient_id=take.patient_id,
            visit_id=take.visit_id,
            declared_views=["center"],
            state=state,
            device="",
            known_distances_mm={},
            offsets_s={},
            created_at=now(self.session),
        )
        self.session.add(recording)
        self.session.flush()
        take.recording_id = recording.id

    def lease(self, take: Take) -> leases.Lease:
        enqueue(
            self.session,
            JobKind.ANALYZE_TAKE,
            patient_id=take.patient_id,
            visit_id=take.visit_id,
            take_id=take.id,
            request={"once": str(uuid7())},
        )
        claimed = leases.claim(self.session, "worker", ("cpu",), tuple(JobKind), 30)
        assert claimed is not None
        return claimed[0]

    def blob(self, patient_id: UUID, content: bytes, media_type: str) -> UUID:
        new = self.storage.put([content], blobs.context_of(patient_id))
        return blobs.keep(self.session, new, patient_id=patient_id, media_type=media_type).id

    def file(
        self,
        patient_id: UUID,
        role: FileRole,
        content: bytes,
        media_type: str = "application/octet-stream",
        view: View | None = None,
    ) -> NewFile:
        return NewFile(
            role=role,
            view=view,
            blob_id=self.blob(patient_id, content, media_type),
            media_type=media_type,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def analysis(self, take: Take, **choices: Any) -> Analysis:
        """Publish a result of the take, as a worker does."""
        lease = self.lease(take)
        published = publish(self.session, lease, self.result(take, **choices))
        leases.finish(self.session, lease)
        return published

    def result(
        self,
        take: Take,
        *,
        reach_mm: float = 8.0,
        peak_s: float = 1.0,
        measures: tuple[NewMeasure, ...] | None = None,
        model_version: str = "0.1.0",
        qc: QCReport | None = None,
        with_files: bool = True,
    ) -> NewAnalysis:
        files = stored_files(self, take.patient_id, take.movement, reach_mm, peak_s)
        return NewAnalysis(
            movement=take.movement,
            request={"corrections": None, "scale": None},
            inputs={View.CENTER: "0" * 64},
            code_version="0.1.0",
            model_name="sfpfr-fit",
            model_version=model_version,
            weights={"open_head": "1" * 64},
            topology=head_topology().topology_id,
            qc=qc or QCReport.of("full", ()),
            summary=summary(take.movement, peak_s),
            frames=FRAMES,
            fps=FPS,
            files=files if with_files else (),
            measures=(measures if measures is not None else excursions(take.movement, reach_mm)),
        )


def course(peak_s: float) -> np.ndarray:
    """(T,) 0 at rest, 1 at the peak."""
    time_s = np.arange(FRAMES) / FPS
    return np.interp(time_s, [peak_s - 0.5, peak_s, peak_s + 0.5], [0.0, 1.0, 0.0])


@cache
def encoded_streams(reach_mm: float, peak_s: float) -> dict[FileRole, bytes]:
    """A left commissure that moves outwards, as meshes and as fields."""
    topology = head_topology()
    time_s = np.arange(FRAMES) / FPS
    reach = np.zeros(topology.template_mm.shape)
    reach[topology.points["commissure_left"]] = (reach_mm, 0, 0)
    vertices = topology.template_mm[None] + course(peak_s)[:, None, None] * reach[None]
    moved = np.linalg.norm(vertices - topology.template_mm, axis=-1)
    streams = {
        FileRole.VERTICES: encode_meshes(
            vertices.astype(np.float32), time_s, topology_id=topology.topology_id
        )
    }
    for role, values in (
        (FileRole.ASYMMETRY, moved),
        (FileRole.DISPLACEMENT, moved),
        (FileRole.UNCERTAINTY, np.full_like(moved, 0.3)),
    ):
        streams[role] = encode_scalars(
            values.astype(np.float32),
            time_s,
            name=role.value,
            unit="mm",
            topology_id=topology.topology_id,
        )
    return streams


def stored_files(
    clinic: Clinic, patient_id: UUID, movement: str, reach_mm: float, peak_s: float
) -> tuple[NewFile, ...]:
    streams = encoded_streams(reach_mm, peak_s)
    arrays = moving_file(
        MeshFormat.NPZ,
        streams[FileRole.VERTICES],
        streams[FileRole.UNCERTAINTY],
        head_topology(),
        "",
    )
    curves = series(movement, reach_mm, peak_s).model_dump_json().encode()
    video = b"a video of a face" * 99
    return (
        *(clinic.file(patient_id, role, content) for role, content in streams.items()),
        clinic.file(patient_id, FileRole.ARRAYS, arrays),
        clinic.file(patient_id, FileRole.SERIES, curves, "application/json"),
        clinic.file(patient_id, FileRole.OVERLAY, video, "video/mp4", View.CENTER),
    )


def series(movement: str, reach_mm: float, peak_s: float) -> TakeSeries:
    values = tuple(float(v) for v in reach_mm * course(peak_s))
    span = PhaseSpan(
        number=1,
        onset_frame=round((peak_s - 0.5) * FPS),
        peak_frame=round(peak_s * FPS),
        offset_frame=round((peak_s + 0.5) * FPS),
        onset_s=peak_s - 0.5,
        peak_s=peak_s,
        offset_s=peak_s + 0.5,
    )
    return TakeSeries(
        movement=movement,
        time_s=tuple(float(t) for t in np.arange(FRAMES) / FPS),
        rest_frames=(0, 1, 2),
        repetitions=(span,),
        curves=tuple(
            Curve(
                measure="commissure_excursion",
                side=side,
                region="perioral",
                unit="mm",
                values=values,
                sd=(0.2,) * FRAMES,
            )
            for side in ("left", "right")
        ),
    )


def measure(name: str, value: float | None, **choices: Any) -> NewMeasure:
    """One row; `half` is half its interval."""
    half = choices.pop("half", 0.3)
    fields: dict[str, Any] = {
        "movement": "full_smile",
        "repetition": None,
        "side": RowSide.LEFT,
        "region": "perioral",
        "unit": "mm",
        "qc": Verdict.OK,
        "reason": "" if value is not None else "No rest in the take.",
        "model": "sfpfr-fit 0.1.0",
        "ci_lo": None if value is None else value - half,
        "ci_hi": None if value is None else value + half,
    }
    return NewMeasure(measure=name, value=value, **(fields | choices))


def excursions(movement: str, reach_mm: float) -> tuple[NewMeasure, ...]:
    """The movement's excursion on both sides with its one repetition, and a lid gap."""
    return (
        measure("commissure_excursion", reach_mm, movement=movement),
        measure("commissure_excursion", reach_mm, movement=movement, repetition=1),
        measure("commissure_excursion", 8.0, movement=movement, side=RowSide.RIGHT),
        measure("lid_gap_min", None, movement=movement, region="periocular"),
        measure("trajectory_correlation", 0.9, movement=movement, side=RowSide.BOTH, unit="1"),
    )


def summary(movement: str, peak_s: float) -> ReconstructionSummary:
    return ReconstructionSummary.model_validate(
        {
            "notice": "left out",
            "reference_view": "center",
            "affected_side": "left",
            "calibrated": False,
            "views": {
                "center": {
                    "width": 640,
                    "height": 480,
                    "fps": FPS,
                    "n_frames": FRAMES,
                    "yaw_deg": 1.5,
                    "label": None,
                    "side": "center",
                    "sync_offset_s": 0.0,
                    "sync_method": "reference",
                    "sync_confidence": 1.0,
                }
            },
            "scale": {"factor": 1.0, "relative_sigma": 0.03, "source": "iris"},
            "reprojection_share": {"center": 0.01},
            "rest_frame": 0,
            "excluded_frames": {},
            "takes": [
                {
                    "movement": movement,
                    "first_frame": 0,
                    "last_frame": FRAMES - 1,
                    "has_rest": True,
                    "activated": True,
                    "repetitions": [
                        {"onset_s": peak_s - 0.5, "peak_s": peak_s, "offset_s": peak_s + 0.5}
                    ],
                }
            ],
        }
    )
