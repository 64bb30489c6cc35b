"""What administrators ask of the site, and the rules that they set."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.admin import repository
from backend.admin.schemas import (
    ClassUse,
    DataClass,
    ModelUse,
    QueueCount,
    QueueRead,
    RetentionChange,
    RetentionRead,
    RunningJob,
    StorageRead,
    StoredClass,
    WorkerRead,
)
from backend.audit.service import record
from backend.db.models import RetentionRule
from backend.db.session import now
from backend.kit.revisions import expect
from backend.kit.storage.blobs import Storage
from backend.settings import Settings

# Workers say that they are alive every few seconds.
_SILENT = timedelta(seconds=60)
_REMEMBERED = timedelta(days=1)
_MOST_RUNNING = 100


def storage_use(session: Session, storage: Storage, settings: Settings) -> StorageRead:
    """How much room is taken, for what, and left."""
    classes = []
    for kind in StoredClass:
        files, size = repository.room(session, kind)
        classes.append(ClassUse(name=kind, files=files, stored_bytes=size))
    files, size = repository.whole_room(session)
    return StorageRead(
        classes=classes,
        files=files,
        stored_bytes=size,
        arriving_bytes=repository.arriving_bytes(session),
        free_bytes=storage.free_bytes(),
        quota_bytes=settings.quota_bytes or None,
        reserve_bytes=settings.reserve_bytes,
    )


def queue_state(session: Session) -> QueueRead:
    """What waits, runs or was put aside, and who works."""
    at = now(session)
    return QueueRead(
        counts=[
            QueueCount(queue=queue, kind=kind, state=state, jobs=jobs, oldest_at=oldest_at)
            for queue, kind, state, jobs, oldest_at in repository.job_counts(session)
        ],
        running=[
            RunningJob.model_validate(job, from_attributes=True)
            for job in repository.running(session, _MOST_RUNNING)
        ],
        workers=[
            WorkerRead(
                name=worker.name,
                queues=worker.queues,
                alive=worker.stopped_at is None and at - worker.last_seen_at < _SILENT,
                started_at=worker.started_at,
                last_seen_at=worker.last_seen_at,
                stopped_at=worker.stopped_at,
            )
            for worker in repository.workers(session, at - _REMEMBERED)
        ],
        doorbells=repository.doorbells(session),
    )


def models_in_use(session: Session) -> list[ModelUse]:
    """From which models the results come, the newest first."""
    return [
        ModelUse(
            name=name,
            version=version,
            code_version=code_version,
            analyses=analyses,
            counting=counting,
            first_at=first_at,
            last_at=last_at,
        )
        for name, version, code_version, analyses, counting, first_at, last_at in repository.models(
            session
        )
    ]


def retention(session: Session) -> list[RetentionRead]:
    """The rule of every class; those that nobody set keep for ever."""
    rules = repository.rules(session)
    return [_read(data_class, rules.get(data_class.value)) for data_class in DataClass]


def set_retention(
    session: Session,
    caller: Caller,
    data_class: DataClass,
    wanted: RetentionChange,
    based_on: int,
) -> RetentionRead:
    """Change a rule; raises PreconditionFailedError when somebody else did in between."""
    rule = repository.rule(session, data_class)
    expect(0 if rule is None else rule.version, based_on, lambda: ["keep_days"])
    before = None if rule is None else rule.keep_days
    if rule is None:
        rule = RetentionRule(data_class=data_class.value)
        session.add(rule)
    rule.keep_days = wanted.keep_days
    rule.updated_at = now(session)
    rule.updated_by_id = caller.user_id
    session.flush()
    record(
        session,
        caller,
        "retention.change",
        "retention_rule",
        data_class.value,
        detail={"before": before, "after": wanted.keep_days},
    )
    return _read(data_class, rule)


def _read(data_class: DataClass, rule: RetentionRule | None) -> RetentionRead:
    if rule is None:
        return RetentionRead(
            data_class=data_class, keep_days=None, version=0, updated_at=None, updated_by_id=None
        )
    return RetentionRead(
        data_class=data_class,
        keep_days=rule.keep_days,
        version=rule.version,
        updated_at=rule.updated_at,
        updated_by_id=rule.updated_by_id,
    )
