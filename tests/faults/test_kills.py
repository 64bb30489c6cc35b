"""kill -9 at random moments: every take ends with exactly one published analysis, nothing is left.

`SFPFR_FAULT_RUNS=100 pytest -s tests/faults` is the long version; it prints how long each
recovery took.
"""

from __future__ import annotations

import os
import random
import time
from datetime import timedelta

import psutil
import pytest
from plant import wait_until

from backend.blobs import service as blobs
from backend.db.models import Analysis, Blob, JobKind, JobState
from backend.db.references import blob_references

RUNS = int(os.environ.get("SFPFR_FAULT_RUNS", "4"))
ENDED = {JobState.SUCCEEDED, JobState.FAILED, JobState.PARKED, JobState.CANCELLED}


def children_of_worker(plant):
    return psutil.Process(plant.processes["worker"].pid).children(recursive=True)


def kill_child(plant):
    """One of the worker's own children, or of theirs."""
    family = children_of_worker(plant)
    if family:
        victim = random.choice(family)
        print("killed:", " ".join(victim.cmdline())[-80:])
        victim.kill()


def kill_worker(plant):
    plant.kill("worker")
    plant.start_worker()


def kill_broker(plant):
    plant.kill("broker")
    plant.start_broker()


def kill_api(plant):
    plant.kill("api")
    plant.start_api()


VICTIMS = {"child": kill_child, "worker": kill_worker, "broker": kill_broker, "api": kill_api}


def over(clinic, jobs):
    return all(clinic.job(job).state in ENDED for job in jobs)


def nothing_is_left_over(clinic, plant):
    """No blob without an owner and no object without a row after a sweep; no scratch folder."""
    site = clinic.site
    blobs.sweep(site.database, site.storage, grace=timedelta(0))
    rows = clinic.rows(Blob)
    with site.database.unit_of_work(read_only=True) as session:
        used = {
            value
            for column in blob_references()
            for (value,) in session.execute(column.table.select().with_only_columns(column))
        }
    assert {row.id for row in rows} <= used
    later = site.database.clock.now() + timedelta(days=1)
    assert set(site.storage.names(later)) == {row.object_name for row in rows}


@pytest.fixture
def running(plant, clinic):
    """Broker, worker and API, started."""
    plant.start_broker()
    plant.start_worker()
    plant.start_api()
    return plant


def test_whatever_is_killed_each_take_ends_with_one_analysis(running, clinic, photograph):
    chance = random.Random(20_26)
    takes = []
    for run in range(RUNS):
        take = clinic.take(photograph)
        takes.append(take)
        jobs = [
            clinic.enqueue(kind, take)
            for kind in (JobKind.QUICK_LOOK, JobKind.ANALYZE_TAKE, JobKind.PROXY)
        ]
        victim = list(VICTIMS)[run % len(VICTIMS)]
        time.sleep(chance.uniform(0.0, 5.0))  # the random moment is what is tested
        killed_s = time.monotonic()
        VICTIMS[victim](running)
        wait_until(lambda jobs=jobs: over(clinic, jobs), f"all jobs end after {victim} died")
        print(f"run {run}: {victim} killed, all over after {time.monotonic() - killed_s:.1f} s")
        states = [(clinic.job(job).kind, clinic.job(job).state) for job in jobs]
        assert all(state is JobState.SUCCEEDED for _, state in states), states
    for take in takes:
        assert len(clinic.rows(Analysis, take_id=take.id)) == 1
    running.stop()
    nothing_is_left_over(clinic, running)
