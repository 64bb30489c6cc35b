"""Analyses of takes, and overlays that an analysis was published without."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analyses import publishing
from backend.audit import service as audit
from backend.consents import service as consents
from backend.db.models import Analysis, FileRole, JobKind, Purpose, RecordingFileRole
from backend.jobs import leases
from backend.jobs import service as jobs
from worker import repository
from worker.computing.orders import TakeOrder
from worker.desk import Desk
from worker.errors import RefusedWorkError
from worker.plans import TakePlan, plan_take
from worker.tasks.recordings import (
    KEPT,
    fetch_cache,
    fetched_videos,
    keep_cache,
    store_cache,
    tell_verdict,
)
from worker.tasks.results import new_analysis, store_overlays, store_result
from worker.tasks.subjects import settle_subject

_REJECTED = "RejectedRecordingError"


def analyze_take(desk: Desk) -> None:
    """Reconstruct a take and publish it; its first verdict and its overlays have their own time.

    A rejected recording publishes its verdict alone, and the job ends as refused.
    """
    published = desk.site.read(lambda s: repository.analysis_of_job(s, desk.job.id))
    if published is not None:
        # An earlier attempt came so far; what it did not finish is the overlays.
        desk.site.commit(lambda session: _queue_overlays(session, desk, published))
        return
    plan = desk.site.read(lambda session: plan_take(session, desk.job))
    _Analysis(desk, plan).run()


def overlay(desk: Desk) -> None:
    """Make the overlay videos of an analysis that was published without them."""
    analysis_id = UUID(desk.job.request["analysis_id"])
    analysis = desk.site.read(lambda session: repository.analysis(session, analysis_id))
    desk.site.read(lambda s: consents.require(s, analysis.patient_id, Purpose.CARE))
    work = _Analysis(desk, TakePlan.model_validate(analysis.request))
    work.compute()
    work.add_overlays(analysis)


class _Analysis:
    """One reconstruction from fetching to publishing."""

    def __init__(self, desk: Desk, plan: TakePlan) -> None:
        assert desk.job.recording_id is not None
        self._desk = desk
        self._plan = plan
        recording_id = desk.job.recording_id
        self._recording = desk.site.read(lambda s: repository.recording(s, recording_id))
        self._cache = desk.folder("cache")
        self._out = desk.scratch / "out"
        self._kept = fetch_cache(desk, self._recording, plan.views, self._cache, KEPT)
        self._analysis: Analysis | None = None

    def run(self) -> None:
        """Compute and publish; publishing happens while the child goes on to draw overlays."""
        at_stage = {"overlay": self._publish}
        if RecordingFileRole.LOOK not in self._kept:
            at_stage["landmarks"] = self._tell_first_verdict
        try:
            self._desk.compute("takes:reconstruct_take", self._order(), at_stage=at_stage)
        except RefusedWorkError as error:
            if error.code == _REJECTED:
                self._tell_first_verdict()
            raise
        assert self._analysis is not None
        self.add_overlays(self._analysis)

    def compute(self) -> None:
        """Compute without publishing."""
        self._desk.compute("takes:reconstruct_take", self._order())

    def add_overlays(self, analysis: Analysis) -> None:
        """Store the overlays and add them to a published analysis."""
        desk = self._desk
        overlays = store_overlays(desk.site, self._out, analysis.patient_id)

        def add(session: Session) -> None:
            files = [file.new(session, analysis.patient_id) for file in overlays]
            publishing.add_files(session, desk.lease, analysis.id, files)

        desk.site.commit(add)

    def _order(self) -> TakeOrder:
        desk, plan = self._desk, self._plan
        return TakeOrder(
            videos=fetched_videos(desk, plan.views),
            movement=plan.measured_as,
            span=plan.span,
            affected_side=plan.affected_side,
            calibration=fetched_calibration(desk, plan),
            subject=self._subject(plan.subject_file_id, "subject.json"),
            scale_of=self._subject(plan.scale_file_id, "scale.json"),
            corrections=written_corrections(desk, plan.corrections),
            iris_mm=plan.iris_mm,
            known_distances_mm=plan.known_distances_mm,
            offsets_s={view.value: offset_s for view, offset_s in plan.offsets_s.items()},
            age_years=plan.age_years,
            overlay=True,
            cache=self._cache,
            out=self._out,
        )

    def _subject(self, subject_file_id: UUID | None, name: str) -> Path | None:
        if subject_file_id is None:
            return None
        row = self._desk.site.read(lambda s: repository.subject_file(s, subject_file_id))
        return self._desk.fetched(row.blob_id, name)

    def _tell_first_verdict(self) -> None:
        """What quality control says so far; photographs have no verdict before their analysis."""
        path = self._out / "qc.json"
        if not path.is_file():
            return
        desk = self._desk
        assert desk.job.take_id is not None
        take_id, report = desk.job.take_id, json.loads(path.read_bytes())
        desk.site.commit(lambda session: tell_verdict(session, desk, take_id, report))

    def _publish(self) -> None:
        desk, patient_id = self._desk, self._recording.patient_id
        desk.tell("publish", 0.0)
        files = store_result(desk.site, self._out, patient_id)
        new = [role for role in KEPT if role not in self._kept]
        observed = store_cache(desk, self._recording, self._cache, self._plan.views, new)

        def publish(session: Session) -> Analysis:
            """The analysis in the database; the same one when this is run again."""
            there = repository.analysis_of_job(session, desk.job.id)
            if there is not None:
                return there
            leases.held(session, desk.lease)
            consents.require(session, patient_id, Purpose.CARE)
            rows = [file.new(session, patient_id) for file in files]
            analysis = publishing.publish(
                session, desk.lease, new_analysis(self._out, self._plan, rows)
            )
            keep_cache(session, self._recording, observed)
            subject = next(row for row in rows if row.role is FileRole.SUBJECT)
            settle_subject(session, analysis, subject.blob_id, self._out / "subject.json")
            audit.record(
                session,
                None,
                "analysis.publish",
                "analysis",
                analysis.id,
                patient_id=patient_id,
                detail={"version": analysis.version_number, "job_id": str(desk.job.id)},
            )
            payload = {
                "analysis_id": str(analysis.id),
                "take_id": str(analysis.take_id),
                "verdict": analysis.verdict.value,
            }
            leases.note(session, desk.lease, "published", payload)
            return analysis

        self._analysis = desk.site.commit(publish)


def fetched_calibration(desk: Desk, plan: TakePlan) -> Path | None:
    """The calibration file of a plan in the scratch folder."""
    blob_id = plan.calibration_blob_id
    return None if blob_id is None else desk.fetched(blob_id, "calibration.json")


def written_corrections(desk: Desk, corrections: Mapping[str, Any] | None) -> Path | None:
    """A person's corrections as a file in the scratch folder."""
    if corrections is None:
        return None
    path = desk.scratch / "corrections.json"
    path.write_text(json.dumps(corrections), encoding="utf-8")
    return path


def _queue_overlays(session: Session, desk: Desk, analysis: Analysis) -> None:
    leases.held(session, desk.lease)
    jobs.enqueue(
        session,
        JobKind.OVERLAY,
        patient_id=analysis.patient_id,
        visit_id=analysis.visit_id,
        recording_id=desk.job.recording_id,
        take_id=analysis.take_id,
        request={"analysis_id": str(analysis.id)},
    )
