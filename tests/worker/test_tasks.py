"""A take from its rows to its published analysis, by the real pipeline in a real child."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from plant import wait_until

from backend.db.models import (
    Analysis,
    AnalysisFile,
    Consent,
    FileRole,
    Job,
    JobEvent,
    JobKind,
    JobState,
    Measure,
    RecordingFile,
    RecordingFileRole,
    RecordingView,
    SubjectFile,
    Take,
    Verdict,
    View,
)
from backend.jobs.previews import RESULT
from backend.kit.errors import StorageFullError
from backend.kit.storage.blobs import Storage
from backend.kit.storage.local import LocalObjects
from models.capture.cache import remembering
from models.pipeline import reconstruct
from models.request import LabelledFile, ReconstructionRequest
from models.stream import MeshStream
from worker.app import TASKS
from worker.site import keep
from worker.station import Station
from worker.tasks.subjects import settle_subject


def finish(clinic, station):
    """Let the station do all jobs there are."""
    station.wake()
    alive = (JobState.QUEUED, JobState.RUNNING)
    wait_until(lambda: not any(job.state in alive for job in clinic.rows(Job)), "all jobs end")


def file_of(clinic, analysis, role):
    (row,) = clinic.rows(AnalysisFile, analysis_id=analysis.id, role=role)
    return clinic.content(row.blob_id)


def test_a_take_is_analysed_as_the_command_line_does(clinic, station, photograph, tmp_path):
    take = clinic.take(photograph)
    jobs = [
        clinic.enqueue(kind, take)
        for kind in (JobKind.PROXY, JobKind.ANALYZE_TAKE, JobKind.QUICK_LOOK)
    ]
    finish(clinic, station)
    assert [clinic.job(job).state for job in jobs] == [JobState.SUCCEEDED] * 3
    (analysis,) = clinic.rows(Analysis, take_id=take.id)

    alone = tmp_path / "alone"
    request = ReconstructionRequest(
        files=(LabelledFile(photograph, "center"),), movement="rest", fields=True
    )
    (tmp_path / "cache").mkdir()
    reconstruct(request, alone, lambda *_: None, read=remembering(tmp_path / "cache"))
    assert file_of(clinic, analysis, FileRole.QC) == (alone / "qc.json").read_bytes()
    rows = list(csv.DictReader(io.StringIO(file_of(clinic, analysis, FileRole.MEASURES).decode())))
    alone_rows = csv.DictReader(io.StringIO((alone / "measures.csv").read_text()))
    for row, other in zip(rows, alone_rows, strict=True):
        for column, text in other.items():
            if text and column in ("value", "ci_lo", "ci_hi"):
                # Another process may round the last printed digit otherwise.
                assert float(row[column]) == pytest.approx(float(text), abs=1e-3), other
            else:
                assert row[column] == text
    for name, role in (("meshes.sfm", FileRole.VERTICES), ("asymmetry.sfm", FileRole.ASYMMETRY)):
        stored = MeshStream(file_of(clinic, analysis, role))
        np.testing.assert_allclose(
            stored.frames(0, 1), MeshStream((alone / name).read_bytes()).frames(0, 1), atol=0.011
        )
    measures = clinic.rows(Measure, analysis_id=analysis.id)
    assert [(m.measure, m.value) for m in measures] == [
        (row["measure"], float(row["value"]) if row["value"] else None) for row in rows
    ]
    assert (
        file_of(clinic, analysis, FileRole.OVERLAY) == (alone / "overlay_center.png").read_bytes()
    )

    kept = {(file.role, file.view) for file in clinic.rows(RecordingFile)}
    assert kept == {(role, View.CENTER) for role in RecordingFileRole}
    assert not list((clinic.site.settings.data_dir / "scratch").iterdir())


def test_analysing_again_makes_a_new_version_from_what_is_kept(clinic, station, photograph):
    take = clinic.take(photograph)
    clinic.enqueue(JobKind.ANALYZE_TAKE, take)
    finish(clinic, station)
    clinic.enqueue(JobKind.ANALYZE_TAKE, take, request={"cause": "again"})
    finish(clinic, station)
    first, second = sorted(clinic.rows(Analysis), key=lambda a: a.version_number)
    assert first.superseded_at is not None
    assert second.superseded_at is None
    assert file_of(clinic, first, FileRole.VERTICES) == file_of(clinic, second, FileRole.VERTICES)


def test_without_consent_nothing_is_computed(clinic, station, photograph):
    take = clinic.take(photograph)
    with clinic.site.database.unit_of_work() as session:
        session.query(Consent).delete()
    job = clinic.enqueue(JobKind.ANALYZE_TAKE, take)
    finish(clinic, station)
    ended = clinic.job(job)
    assert ended.state == JobState.FAILED
    assert "consent" in ended.reason
    assert ended.next_step
    assert clinic.rows(Analysis) == []


def test_a_recording_without_a_face_ends_with_its_verdict_and_reason(clinic, station, tmp_path):
    Image.new("RGB", (640, 480), "grey").save(tmp_path / "wall.png")
    take = clinic.take(tmp_path / "wall.png")
    job = clinic.enqueue(JobKind.ANALYZE_TAKE, take)
    finish(clinic, station)
    ended = clinic.job(job)
    assert ended.state == JobState.FAILED
    assert "face" in ended.reason
    (row,) = clinic.rows(Take, id=take.id)
    assert row.first_verdict is Verdict.REJECTED
    assert clinic.rows(Analysis) == []


def test_a_file_that_is_no_picture_fails_with_a_reason(clinic, station, tmp_path):
    (tmp_path / "noise").write_bytes(os.urandom(5000))
    take = clinic.take(tmp_path / "noise")
    jobs = [clinic.enqueue(kind, take) for kind in (JobKind.PROXY, JobKind.ANALYZE_TAKE)]
    finish(clinic, station)
    for job in jobs:
        ended = clinic.job(job)
        assert (ended.state, ended.reason_code) == (JobState.FAILED, "VideoError")
        assert ended.reason


def test_a_preview_answers_from_what_is_kept_and_leaves_no_result(clinic, station, photograph):
    take = clinic.take(photograph)
    clinic.enqueue(JobKind.ANALYZE_TAKE, take)
    finish(clinic, station)
    (analysis,) = clinic.rows(Analysis)
    (view,) = clinic.rows(RecordingView, recording_id=take.recording_id)
    clinic.site.storage.delete(clinic.ref(view.blob_id))

    landmarks = [{"view": "center", "frame": 0, "points": {"61": [200.0, 140.0]}}]
    asked = {"analysis_id": str(analysis.id), "frame": 0, "corrections": {"landmarks": landmarks}}
    job = clinic.enqueue(JobKind.PREVIEW, take, request=asked)
    finish(clinic, station)
    assert clinic.job(job).state == JobState.SUCCEEDED, clinic.job(job).reason
    (event,) = clinic.rows(JobEvent, job_id=job.id, kind=RESULT)
    with (
        MeshStream(clinic.content(UUID(event.payload["mesh"]))) as answered,
        MeshStream(file_of(clinic, analysis, FileRole.VERTICES)) as published,
    ):
        assert answered.header.topology_id == published.header.topology_id
        gone = np.linalg.norm(answered.chunk(0)[1] - published.chunk(0)[0], axis=1)
        assert np.median(gone) < 1.0
    points = json.loads(clinic.content(UUID(event.payload["landmarks"])))["landmarks_px"]
    assert np.array(points["center"]).shape == (478, 2)
    assert len(clinic.rows(Analysis)) == 1


def test_doorbells_that_ring_five_times_at_two_workers_make_one_analysis(
    clinic, station, photograph
):
    take = clinic.take(photograph)
    other = Station(clinic.site, ["cpu"], TASKS, {})
    other.start()
    try:
        job = clinic.enqueue(JobKind.ANALYZE_TAKE, take)
        for _ in range(5):
            assert clinic.enqueue(JobKind.ANALYZE_TAKE, take).id == job.id
            other.wake()
            station.wake()
        finish(clinic, station)
    finally:
        other.end()
    assert len(clinic.rows(Analysis)) == 1
    assert clinic.job(job).attempt == 1


class FullDisk:
    """Objects on a disk that is full for as long as the test wants."""

    def __init__(self, objects):
        self._objects = objects
        self.full = True

    def __getattr__(self, name):
        return getattr(self._objects, name)

    def write(self, name, parts):
        if self.full:
            raise StorageFullError
        self._objects.write(name, parts)


def test_a_full_disk_publishes_nothing_and_is_recovered_from(
    clinic, photograph, tmp_path, monkeypatch
):
    monkeypatch.setattr("backend.jobs.leases._NO_ROOM_PAUSE_S", 0.5)
    take = clinic.take(photograph)
    disk = FullDisk(LocalObjects(tmp_path / "objects"))
    full = replace(clinic.site, storage=Storage(disk, clinic.site.database.keys))
    station = Station(full, ["cpu"], TASKS, {})
    station.start()
    try:
        job = clinic.enqueue(JobKind.ANALYZE_TAKE, take)
        station.wake()
        wait_until(lambda: clinic.job(job).reason is not None, "the disk is found full")
        assert "room" in clinic.job(job).reason
        for table in (Analysis, AnalysisFile, Measure, SubjectFile, RecordingFile):
            assert clinic.rows(table) == []
        disk.full = False
        finish(clinic, station)
    finally:
        station.end()
    assert clinic.job(job).state == JobState.SUCCEEDED
    assert len(clinic.rows(Analysis)) == 1


def test_a_changed_subject_is_measured_with_again(clinic, station, photograph, tmp_path):
    patient = clinic.make.patient()
    visit = clinic.make.visit(patient)
    fixing, using = (clinic.take(photograph, visit=visit) for _ in range(2))
    for take in (fixing, using):
        clinic.enqueue(JobKind.ANALYZE_TAKE, take)
        finish(clinic, station)
    (first,), (used,) = (clinic.rows(Analysis, take_id=take.id) for take in (fixing, using))
    (subject,) = clinic.rows(SubjectFile)
    assert (subject.take_id, subject.fixes_scale) == (fixing.id, True)
    assert (first.subject_file_id, used.subject_file_id) == (None, subject.id)

    path = tmp_path / "subject.json"
    path.write_bytes(file_of(clinic, first, FileRole.SUBJECT))
    changed = json.loads(path.read_bytes())
    changed["scale"] *= 1.02
    path.write_text(json.dumps(changed), encoding="utf-8")
    stored = clinic.site.put(path, first.patient_id, "application/json")
    with clinic.site.database.unit_of_work() as session:
        blob_id = keep(session, stored, first.patient_id)
        settle_subject(session, session.get_one(Analysis, first.id), blob_id, path)
    finish(clinic, station)
    (newest,) = clinic.rows(SubjectFile, superseded_at=None)
    (again,) = clinic.rows(Analysis, take_id=using.id, superseded_at=None)
    assert again.id != used.id
    assert again.subject_file_id == newest.id
    assert newest.version_number == 2

    later = clinic.take(photograph, visit=clinic.make.visit(patient))
    clinic.enqueue(JobKind.ANALYZE_TAKE, later)
    finish(clinic, station)
    (analysis,) = clinic.rows(Analysis, take_id=later.id)
    assert analysis.request["scale_file_id"] == str(newest.id)
    assert analysis.summary["scale"]["source"] == "earlier visit"
    (own,) = clinic.rows(SubjectFile, visit_id=later.visit_id)
    assert not own.fixes_scale


def test_overlays_are_made_later_from_what_decided_the_analysis(clinic, station, photograph):
    take = clinic.take(photograph)
    clinic.enqueue(JobKind.ANALYZE_TAKE, take)
    finish(clinic, station)
    (analysis,) = clinic.rows(Analysis)
    drawn = file_of(clinic, analysis, FileRole.OVERLAY)

    job = clinic.enqueue(JobKind.OVERLAY, take, request={"analysis_id": str(analysis.id)})
    finish(clinic, station)
    assert clinic.job(job).state == JobState.SUCCEEDED, clinic.job(job).reason
    assert file_of(clinic, analysis, FileRole.OVERLAY) == drawn
    assert len(clinic.rows(Analysis)) == 1
