"""The worker program: a station behind Celery's door, from its start to a clean end."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

from celery import Celery
from celery.signals import worker_shutting_down
from celery.worker import state

from backend.db.models import JobKind
from backend.jobs.doorbell import TASK, Ringer, celery_app
from backend.jobs.kinds import LANES, QUEUES, Lane
from backend.kit.logs import log
from backend.settings import Settings
from worker.site import WorkSite
from worker.station import Station, Task
from worker.tasks import exports, previews, recordings, takes

TASKS: Mapping[JobKind, Task] = {
    JobKind.QUICK_LOOK: recordings.quick_look,
    JobKind.PROXY: recordings.proxy,
    JobKind.ANALYZE_TAKE: takes.analyze_take,
    JobKind.OVERLAY: takes.overlay,
    JobKind.PREVIEW: previews.preview,
    JobKind.EXPORT: exports.export,
}
PRELOAD: Mapping[Lane, Collection[str]] = dict.fromkeys(LANES, ("worker.computing.takes:warm",))

_REOPEN_S = 2.0

_log = log(__name__)


def run_worker(settings: Settings, queues: Collection[str] = QUEUES[:1]) -> None:
    """Serve the queues until SIGINT or SIGTERM; running jobs are then given back.

    Logs are for the caller to set up. Raises ServiceError when the site can't be opened.
    """
    site = WorkSite.open(settings)
    broker_url = settings.broker_url.get_secret_value()
    station = Station(site, queues, TASKS, PRELOAD)
    ringer = Ringer(site.database, celery_app(broker_url))

    def close(**_: Any) -> None:
        station.close()

    worker_shutting_down.connect(close, weak=False)
    station.start()
    ringer.start()
    while not station.closing:
        # Celery's part may give up when the broker goes away; work goes on meanwhile.
        hear(celery_app(broker_url), station, queues)
    station.end()
    ringer.stop()
    site.close()


def hear(app: Celery, station: Station, queues: Collection[str]) -> None:
    """Wake the station at each doorbell; returns when asked to stop, or when the broker is lost."""

    def answer(_job_id: str) -> None:
        station.wake()

    app.task(name=TASK)(answer)
    try:
        # The task takes no time: one thread serves the door, and the lanes have their own.
        app.Worker(
            pool="solo",
            queues=list(queues),
            hostname=f"sfpfr@{station.name}",
            without_mingle=True,
            without_gossip=True,
            quiet=True,
            loglevel="INFO",
        ).start()
    except Exception as error:  # whatever breaks in the library, the door is opened again
        _log.error("Hearing doorbells broke off", exc_info=error)
    if not station.closing:
        _log.warning("The broker was lost; the door is opened again")
        state.should_stop = state.should_terminate = None
        time.sleep(_REOPEN_S)
