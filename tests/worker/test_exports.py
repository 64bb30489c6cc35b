"""Exports are made by a worker's station, and tried again when a worker goes."""

from __future__ import annotations

import io
import zipfile

import pytest
from plant import wait_until
from results import Clinic

from backend.access import Role
from backend.blobs import service as blobs
from backend.db.models import Export, ExportState, Job, JobKind, JobState, Purpose
from backend.exports import service as exports
from backend.exports.schemas import ExportKind, ExportRequest
from backend.users.authentication import on_behalf_of
from worker.station import Station
from worker.tasks.exports import export


@pytest.fixture
def exporting(site):
    station = Station(site, ["cpu"], {JobKind.EXPORT: export}, {})
    station.start()
    yield station
    station.end()


@pytest.fixture
def researcher(clinic):
    return clinic.make.user(Role.RESEARCHER)


def ask(site, user, **wanted):
    with site.database.unit_of_work() as session:
        caller = on_behalf_of(session, user.id, "test").acting(exports.RIGHTS[ExportKind.RESEARCH])
        return exports.ask(
            session, caller, ExportKind.RESEARCH, ExportRequest(**wanted), lambda name, **_: name
        )


def ended(clinic):
    alive = (JobState.QUEUED, JobState.RUNNING)
    wait_until(lambda: not any(job.state in alive for job in clinic.rows(Job)), "all jobs end")


def test_a_worker_makes_the_archive(site, clinic, exporting, researcher):
    with site.database.unit_of_work() as session:
        made = Clinic(session, site.storage, clinic.make.team())
        patient = made.patient(Purpose.CARE, Purpose.RESEARCH)
        made.analysis(made.take(made.visit(patient)))
    asked = ask(site, researcher, meshes=True)
    exporting.wake()
    ended(clinic)
    (row,) = clinic.rows(Export, id=asked.id)
    assert row.state is ExportState.READY
    with site.database.unit_of_work() as session:
        content = site.storage.read(blobs.ref(blobs.get(session, row.blob_id)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert f"meshes/{patient.pseudonym}/visit1/take1-full_smile.npz" in archive.namelist()


def test_nothing_to_export_is_told_and_not_tried_again(site, clinic, exporting, researcher):
    asked = ask(site, researcher)
    exporting.wake()
    ended(clinic)
    (job,) = clinic.rows(Job, id=asked.job_id)
    assert (job.state, job.attempt, job.reason_code) == (JobState.FAILED, 1, "nothing_to_export")
    assert "no result" in job.reason
