"""The broker's part: how a worker is told that there is work, and nothing about the work itself.

Measured elsewhere and decided in the architecture: no broker recovers safely from a killed worker
by itself, so a message is only a doorbell. Losing one costs seconds, doubling one costs nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError as BrokerDownError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.db.session import Database, after_commit, now
from backend.jobs import repository
from backend.jobs.kinds import QUEUES
from backend.kit.errors import ServiceError
from backend.kit.logs import log

TASK = "sfpfr.answer_the_door"
"""Name of the one Celery task; its argument is a job id."""

_RETRY_S = 2.0
_BROKER_TIMEOUT_S = 2.0
# A doorbell that nobody answered in this time is rung again by the reaper anyway.
_STALE_AFTER_S = 300.0
_VISIBILITY_TIMEOUT_S = 60
_RESTORE_EVERY_S = 10

_woken = threading.Event()
_log = log(__name__)


def celery_app(broker_url: str) -> Celery:
    """The Celery application of API and worker: settings only, no task."""
    app = Celery("sfpfr", broker=broker_url)
    transport: dict[str, Any] = {"socket_connect_timeout": _BROKER_TIMEOUT_S}
    if broker_url.startswith("redis"):
        transport |= {
            "visibility_timeout": _VISIBILITY_TIMEOUT_S,
            "unacked_restore_interval": _RESTORE_EVERY_S,
            "socket_timeout": 10 * _BROKER_TIMEOUT_S,
            "socket_keepalive": True,
        }
    elif broker_url.startswith("filesystem://"):
        # Where no server runs on this kind of machine.
        folder = Path(urlsplit(broker_url).path)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        transport |= {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(folder / "control"),
        }
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue=QUEUES[0],
        task_create_missing_queues=True,
        broker_transport_options=transport,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        enable_utc=True,
    )
    return app


def ring_after_commit(session: Session, job_id: UUID, queue: str, *, delay_s: float = 0.0) -> None:
    """Put a doorbell into the outbox and have it rung as soon as the transaction is safe."""
    at = now(session) + timedelta(seconds=delay_s)
    repository.add_doorbell(session, job_id, queue, at)
    after_commit(session, _woken.set)


class Ringer:
    """A thread that rings what is in the outbox; each API and worker process has one.

    The broker may be away for any time: doorbells wait in the database.
    """

    def __init__(self, database: Database, app: Celery) -> None:
        self._database = database
        self._app = app
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)

    def start(self) -> None:
        """Begin to ring."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is left in the outbox is rung by the next process."""
        self._stopping = True
        _woken.set()
        self._thread.join()

    def ring_due(self) -> int:
        """Ring all doorbells that are due; returns how many the broker took.

        Raises BrokerDownError when it took not all of them, and ServiceError from the database.
        """
        with self._database.unit_of_work(read_only=True) as session:
            due = [(d.id, d.job_id, d.queue) for d in repository.doorbells(session, now(session))]
        taken: list[int] = []
        try:
            if due:
                with self._app.producer_pool.acquire(block=True, timeout=_BROKER_TIMEOUT_S) as wire:
                    for number, job_id, queue in due:
                        self._app.send_task(
                            TASK,
                            args=[str(job_id)],
                            queue=queue,
                            producer=wire,
                            expires=_STALE_AFTER_S,
                            retry=False,
                        )
                        taken.append(number)
        finally:
            if taken:
                with self._database.unit_of_work() as session:
                    repository.remove_doorbells(session, taken)
        return len(taken)

    def _run(self) -> None:
        while not self._stopping:
            _woken.wait(_RETRY_S)
            _woken.clear()
            told(self.ring_due)


def told(act: Callable[[], Any]) -> None:
    """Run a step of a loop that must go on; what goes wrong outside is logged, not raised."""
    try:
        act()
    except (BrokerDownError, ServiceError, SQLAlchemyError, OSError) as error:
        _log.warning("A part of the service does not answer", code=type(error).__name__)
