"""The worker program: a station behind Celery's door, from its start to a clean end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

from backend.db.models import JobKind
from backend.jobs.doorbell import TASK, Ringer, celery_app
from backend.jobs.kinds import LANES, QUEUES, Lane
from backend.kit.errors import ServiceError
from backend.kit.logs import log
from backend.settings import Settings
from worker.site import WorkSite
from worker.station import Station, Task
from worker.tasks import recordings, takes

TASKS: Mapping[JobKind, Task] = {
    JobKind.QUICK_LOOK: recordings.quick_look,
    JobKind.PROXY: recordings.proxy,
    JobKind.ANALYZE_TAKE: takes.analyze_take,
    JobKind.OVERLAY: takes.overlay,
}
PRELOAD: Mapping[Lane, Collection[str]] = dict.fromkeys(LANES, ("worker.computing.takes:warm",))

_log = log(__name__)


def run_worker(settings: Settings, queues: Collection[str] = QUEUES[:1]) -> None:
    """Serve the queues until SIGINT or SIGTERM; running jobs are then given back.

    Logs are for the caller to set up. Raises ServiceError when the site can't be opened.
    """
    site = WorkSite.open(settings)
    app = celery_app(settings.broker_url.get_secret_value())
    station = Station(site, queues, TASKS, PRELOAD)
    ringer = Ringer(site.database, app)
    listen(app, station)

    def begin(**_: Any) -> None:
        station.start()
        ringer.start()

    def close(**_: Any) -> None:
        # Celery waits for its tasks: they end as soon as their work is stopped.
        station.close()

    worker_ready.connect(begin, weak=False)
    worker_shutting_down.connect(close, weak=False)
    app.Worker(
        pool="threads",
        # One thread more than lanes always hears the door.
        concurrency=len(LANES) + 1,
        queues=list(queues),
        hostname=f"sfpfr-{'-'.join(queues)}@%h-{station.name.rpartition('-')[2]}",
        without_mingle=True,
        without_gossip=True,
        quiet=True,
        loglevel="INFO",
    ).start()
    station.end()
    ringer.stop()
    site.close()


def listen(app: Celery, station: Station) -> None:
    """Let the one task of the application be answered by this station."""

    def answer(_job_id: str) -> None:
        try:
            station.answer()
        except ServiceError as error:
            # The database is away: the reaper rings again when it is back.
            _log.warning("The door could not be answered", code=error.code)

    app.task(name=TASK)(answer)
