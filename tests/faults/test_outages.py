"""Broker or database away for a while: no job is lost, and what can go on does."""

from __future__ import annotations

import os
import urllib.request

import pytest
from clinic import Clinic
from plant import wait_until
from postgres_server import REQUIRED_VARIABLES, NoPostgresError, new_name, server
from service_factories import Factory
from sqlalchemy import make_url, text

from backend.db import migrate
from backend.db.models import Analysis, Doorbell, JobKind, JobState
from backend.db.session import open_engine
from backend.settings import Settings
from backend.site import create_keys
from worker.site import WorkSite


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_without_a_broker_jobs_are_done_and_reads_answered(plant, clinic, photograph):
    take = clinic.take(photograph)
    plant.start_worker()
    plant.start_api()
    job = clinic.enqueue(JobKind.PROXY, take)
    wait_until(lambda: clinic.job(job).state is JobState.SUCCEEDED, "the job is done")
    wait_until(lambda: answers(f"http://127.0.0.1:{plant.api_port}/healthz"), "reads are answered")
    assert clinic.rows(Doorbell) != []
    plant.start_broker()
    wait_until(lambda: clinic.rows(Doorbell) == [], "the doorbells are rung at last")


@pytest.fixture
def postgres(plant, monkeypatch):
    """The plant on a database of a PostgreSQL server, whose admin can cut connections."""
    try:
        with server() as url:
            admin = open_engine(url)
            name = new_name()
            with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            own = make_url(url).set(database=name).render_as_string(hide_password=False)
            plant.environment["SFPFR_DATABASE_URL"] = own
            for variable, value in plant.environment.items():
                monkeypatch.setenv(variable, value)
            yield admin, name
            plant.stop()
            with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
            admin.dispose()
    except NoPostgresError as error:
        if any(os.environ.get(variable) for variable in REQUIRED_VARIABLES):
            raise
        pytest.skip(str(error))


def test_a_database_that_cuts_all_connections_loses_no_job(plant, postgres, photograph):
    admin, name = postgres
    settings = Settings()
    settings.data_dir.mkdir()
    create_keys(settings)
    site = WorkSite.open(settings)
    migrate.upgrade(site.database.engine)
    clinic = Clinic(site, Factory(site.database))
    take = clinic.take(photograph)
    plant.start_worker()
    job = clinic.enqueue(JobKind.ANALYZE_TAKE, take)
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = :name AND pid <> pg_backend_pid()"
    )
    seen: set[str | None] = set()

    def done() -> bool:
        now = clinic.job(job)
        if now.stage not in seen:
            # At each stage once, also while a result is published.
            seen.add(now.stage)
            with admin.connect() as connection:
                connection.execute(cut, {"name": name})
        return now.state is JobState.SUCCEEDED

    wait_until(done, "the job is done")
    assert len(seen) > 2
    assert len(clinic.rows(Analysis)) == 1
    site.close()
