"""What a worker publishes is there whole, once, and never changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from results import excursions, measure, summary
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from backend.analyses import publishing
from backend.db.models import (
    Analysis,
    AnalysisFile,
    AnalysisState,
    FileRole,
    Measure,
    Verdict,
    View,
)
from backend.jobs.errors import LeaseLostError
from models.capture.verdict import QCCheck, QCReport


def test_an_analysis_comes_with_its_files_and_measures(clinic, session):
    take = clinic.take(clinic.visit(clinic.patient()))
    analysis = clinic.analysis(take)
    assert (analysis.version_number, analysis.state) == (1, AnalysisState.PRELIMINARY)
    assert analysis.superseded_at is None
    rows = session.scalars(select(Measure).where(Measure.analysis_id == analysis.id)).all()
    assert len(rows) == len(excursions("full_smile", 8.0))
    roles = set(session.scalars(select(AnalysisFile.role)))
    assert {FileRole.VERTICES, FileRole.SERIES, FileRole.OVERLAY} <= roles
    assert analysis.summary["scale"]["source"] == "iris"
    assert "notice" not in analysis.summary


def test_a_later_analysis_supersedes_and_keeps_the_earlier_one(clinic, session):
    take = clinic.take(clinic.visit(clinic.patient()))
    other = clinic.analysis(clinic.take(clinic.visit(clinic.patient())))
    first, second = clinic.analysis(take), clinic.analysis(take, reach_mm=7.0)
    session.expire_all()
    assert (second.version_number, second.superseded_at) == (2, None)
    assert first.superseded_at is not None
    assert other.superseded_at is None
    assert session.scalar(select(func.count()).select_from(Analysis)) == 3


def test_a_worker_that_lost_its_job_publishes_nothing(clinic, session):
    take = clinic.take(clinic.visit(clinic.patient()))
    lease = clinic.lease(take)
    with pytest.raises(LeaseLostError):
        publishing.publish(session, replace(lease, token=lease.token + 1), clinic.result(take))
    assert session.scalar(select(func.count()).select_from(Analysis)) == 0


def test_the_verdict_is_that_of_quality_control(clinic):
    take = clinic.take(clinic.visit(clinic.patient()))
    qc = QCReport.of("full", [QCCheck(id="blur", level="warning", reason="Blurred.")])
    assert clinic.analysis(take, qc=qc).verdict is Verdict.WARNING


def test_overlays_may_come_later_and_do_not_replace_what_is_there(clinic, session):
    take = clinic.take(clinic.visit(clinic.patient()))
    analysis = clinic.analysis(take)
    lease = clinic.lease(take)
    files = [
        clinic.file(take.patient_id, FileRole.OVERLAY, b"video", "video/mp4", view)
        for view in (View.CENTER, View.LEFT)
    ]
    publishing.add_files(session, lease, analysis.id, files)
    overlays = session.scalars(
        select(AnalysisFile).where(AnalysisFile.role == FileRole.OVERLAY)
    ).all()
    assert {file.view for file in overlays} == {View.CENTER, View.LEFT}
    with pytest.raises(ValueError, match="own take"):
        publishing.add_files(
            session, clinic.lease(clinic.take(clinic.visit(clinic.patient()))), analysis.id, files
        )


@pytest.mark.parametrize(
    "statement", ["UPDATE measures SET value = 1", "UPDATE analyses SET frames = 1"]
)
def test_the_database_refuses_to_change_a_result(clinic, session, statement):
    clinic.analysis(clinic.take(clinic.visit(clinic.patient())))
    with pytest.raises(DBAPIError, match="immutable"):
        session.execute(text(statement))


def test_an_undetermined_measure_needs_a_reason():
    with pytest.raises(ValueError, match="needs a reason"):
        measure("commissure_excursion", None, reason="")


def test_the_summary_is_read_from_the_record_of_a_reconstruction():
    assert summary("full_smile", 1.0).takes[0].repetitions[0].peak_s == 1.0
