"""One worker process: takes jobs lane by lane, and brings each of them to an end of its row.

A doorbell only says that there may be work. What is taken is the most urgent job there is.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Collection, Mapping

from sqlalchemy.exc import SQLAlchemyError

from backend.db.models import Job, JobKind
from backend.jobs import leases
from backend.jobs.doorbell import told
from backend.jobs.errors import LeaseLostError
from backend.jobs.kinds import KINDS, LANES, Lane
from backend.jobs.leases import Lease
from backend.kit.errors import ServiceError, StorageFullError, UnavailableError
from backend.kit.logs import log
from backend.kit.storage.errors import FULL_DISK
from worker.child import WarmChild
from worker.desk import Desk
from worker.errors import ChildError, RefusedWorkError
from worker.heart import Heart, Stop
from worker.scratch import clear_after_crash, private_folder
from worker.site import WorkSite

Task = Callable[[Desk], None]

_REAP_EVERY_S = 5.0
_LOOK_EVERY_S = 5.0
_log = log(__name__)


class Station:
    """The lanes of a worker process, each a thread with its warm child, and what serves them.

    tasks: what is done for each kind; other kinds are left to other workers. preload: what each
    lane's child has ready.
    """

    def __init__(
        self,
        site: WorkSite,
        queues: Collection[str],
        tasks: Mapping[JobKind, Task],
        preload: Mapping[Lane, Collection[str]],
    ) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self._site = site
        self._queues = list(queues)
        self._tasks = tasks
        self._lease_s = float(site.settings.job_lease_seconds)
        self._heart = Heart(site.database, self._lease_s)
        self._ended = threading.Event()
        self._lanes = [
            _Lane(
                lane,
                [kind for kind in tasks if KINDS[kind].lane == lane],
                WarmChild(tuple(preload.get(lane, ()))),
                self._work_off,
            )
            for lane in LANES
        ]
        self._errands = threading.Thread(target=self._run_errands, name="errands", daemon=True)

    def start(self) -> None:
        """Warm the children up and begin to take jobs."""
        clear_after_crash(self._site.settings.data_dir)
        for lane in self._lanes:
            lane.start()
        self._heart.start()
        self._errands.start()

    def wake(self) -> None:
        """There may be work: look for it now."""
        for lane in self._lanes:
            lane.woken.set()

    def close(self) -> None:
        """Take no more jobs and ask running work to stop; it is given back untried."""
        self._heart.close()
        self.wake()

    @property
    def closing(self) -> bool:
        """Whether the worker is going down."""
        return self._heart.closing

    def end(self) -> None:
        """Close, and wait until all threads and children are gone."""
        self.close()
        for lane in self._lanes:
            lane.end()
        self._ended.set()
        self._errands.join()
        self._heart.end()
        told(self._sign_out)

    def _work_off(self, lane: _Lane) -> None:
        """Take and do jobs of a lane until there is none."""
        while lane.kinds and not self.closing:
            with self._site.database.unit_of_work() as session:
                claimed = leases.claim(session, self.name, self._queues, lane.kinds, self._lease_s)
            if claimed is None:
                return
            self._do(lane, *claimed)
            # What waited for this job may be another lane's.
            self.wake()

    def _do(self, lane: _Lane, lease: Lease, job: Job) -> None:
        _log.info("A job begins", job_id=str(lease.job_id), kind=lease.kind.value)
        site = self._site
        with self._heart.keeping(lease):
            try:
                with private_folder(site.settings.data_dir) as scratch:
                    desk = Desk(site, lease, job, scratch, lane.child, self._heart)
                    self._tasks[lease.kind](desk)
                    site.commit(lambda session: leases.finish(session, lease))
            except LeaseLostError:
                _log.warning("A job was lost to another worker", job_id=str(lease.job_id))
            except Exception as error:
                self._settle(lease, error)
        _log.info("A job is over", job_id=str(lease.job_id), kind=lease.kind.value)

    def _settle(self, lease: Lease, error: Exception) -> None:
        """Write down how an attempt ended that did not end well."""
        stop = self._heart.stop(lease)
        if stop is Stop.LOST:
            return
        stopped = isinstance(error, ChildError) and error.cause == "stopped"
        try:
            self._site.commit(
                lambda session: _ending(error, stop if stopped else None)(session, lease)
            )
        except LeaseLostError:
            _log.warning("A job was lost to another worker", job_id=str(lease.job_id))
        except (ServiceError, SQLAlchemyError) as unreachable:
            # The lease runs out, and another attempt begins.
            _log.warning(
                "The end of a job could not be written",
                job_id=str(lease.job_id),
                exc_info=unreachable,
            )

    def _run_errands(self) -> None:
        told(self._sign_in)
        while not self._ended.wait(_REAP_EVERY_S):
            told(self._reap)
            told(self._sign_in)

    def _reap(self) -> None:
        with self._site.database.unit_of_work() as session:
            lost = leases.reap(session)
        if lost:
            _log.warning("Jobs of silent workers were given to others", count=lost)

    def _sign_in(self) -> None:
        details = {"kinds": sorted(self._tasks), "cpu_count": os.cpu_count()}
        with self._site.database.unit_of_work() as session:
            leases.sign_in(session, self.name, self._queues, details)

    def _sign_out(self) -> None:
        with self._site.database.unit_of_work() as session:
            leases.sign_out(session, self.name)


class _Lane:
    """A thread that does one job at a time. Woken, or now and then by itself, it looks for work:
    a doorbell that got lost, or a broker that is away, costs seconds only."""

    def __init__(
        self,
        name: str,
        kinds: Collection[JobKind],
        child: WarmChild,
        work_off: Callable[[_Lane], None],
    ) -> None:
        self.kinds = kinds
        self.child = child
        self.woken = threading.Event()
        self._work_off = work_off
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=f"lane-{name}", daemon=True)

    def start(self) -> None:
        """Warm up and begin."""
        self.child.warm_up()
        self._thread.start()

    def end(self) -> None:
        """Wait for the thread, which has been asked to stop its work, and end the child."""
        self._ended = True
        self.woken.set()
        self._thread.join()
        self.child.close()

    def _run(self) -> None:
        while not self._ended:
            try:
                told(lambda: self._work_off(self))
            except Exception as error:  # a lane that ended would leave its jobs waiting for ever
                _log.error("A lane stumbled", exc_info=error)
            self.woken.wait(_LOOK_EVERY_S)
            self.woken.clear()


def _ending(error: Exception, stop: Stop | None) -> Callable[..., None]:
    """What is written about an attempt that raised `error`; `stop`: it was asked to."""
    if stop is Stop.CANCELLED:
        return leases.cancelled
    if stop is Stop.CLOSING:
        return leases.give_back
    if isinstance(error, RefusedWorkError):
        return lambda session, lease: leases.refuse(
            session, lease, error.code, error.reason, error.next_step
        )
    if isinstance(error, ServiceError) and error.status < 500:
        return lambda session, lease: leases.refuse(
            session, lease, error.code, error.message, error.next_step
        )
    lacking = _lacking(error)
    if lacking is not None:
        return lambda session, lease: leases.put_off(session, lease, lacking)
    code, reason, next_step = _told(error)
    return lambda session, lease: leases.fail(session, lease, code, reason, next_step)


def _lacking(error: Exception) -> ServiceError | None:
    """What the site lacks for the moment, when an attempt broke off for that."""
    if isinstance(error, StorageFullError | UnavailableError):
        return error
    full = isinstance(error, OSError) and error.errno in FULL_DISK
    if full or (isinstance(error, ChildError) and error.cause == "room"):
        return StorageFullError()
    return None


def _told(error: Exception) -> tuple[str, str, str]:
    if isinstance(error, ChildError):
        return error.cause, error.reason, error.next_step
    if isinstance(error, ServiceError):
        return error.code, error.message, error.next_step
    _log.error("A job failed unexpectedly", exc_info=error)
    return (
        "fault",
        f"Something unexpected went wrong ({type(error).__name__}).",
        "It is tried again by itself. If it stays, tell an administrator.",
    )
