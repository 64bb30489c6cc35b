"""What the rows tell a monitoring system, gathered when it asks; requests are counted elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from backend.db.models import JobState
from backend.db.session import Database
from backend.operations import repository

ALIVE = timedelta(seconds=30)


class SiteFigures(Collector):
    """Jobs, workers, storage and disk as they are now."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database = database
        self._data_dir = data_dir

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing in advance: the database may not be there when the application starts."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Raises ServiceError when the database does not answer."""
        now = self._database.clock.now()
        with self._database.unit_of_work(read_only=True) as session:
            queues = repository.queues(session)
            workers = repository.workers_seen(session, now - ALIVE)
            objects, size = repository.stored(session)
        jobs = GaugeMetricFamily("sfpfr_jobs", "Jobs by state", labels=["queue", "kind", "state"])
        waiting = GaugeMetricFamily(
            "sfpfr_oldest_job_seconds", "Longest wait of a due job", labels=["queue", "kind"]
        )
        for found in queues:
            jobs.add_metric([found.queue, found.kind, found.state], found.count)
            if found.state is JobState.QUEUED:
                waited = max(0.0, (now - found.oldest_at).total_seconds())
                waiting.add_metric([found.queue, found.kind], waited)
        yield jobs
        yield waiting
        yield GaugeMetricFamily("sfpfr_workers", "Workers that are alive", len(workers))
        yield GaugeMetricFamily("sfpfr_stored_objects", "Encrypted objects", objects)
        yield GaugeMetricFamily("sfpfr_stored_bytes", "Their bytes", size)
        free = shutil.disk_usage(self._data_dir).free
        yield GaugeMetricFamily("sfpfr_disk_free_bytes", "Room in the data folder", free)
