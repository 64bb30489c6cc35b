"""Starting or repeating the analysis of a take, for people who may; workers do the rest."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.analyses import repository
from backend.analyses.errors import NotMeasuredError, RecordingIncompleteError
from backend.audit.service import record
from backend.consents import service as consents
from backend.db.models import Job, JobKind, Purpose, RecordingState, Take
from backend.jobs import service as jobs
from backend.kit.errors import NotFoundError
from backend.takes import service as takes


def start(session: Session, caller: Caller, take_id: UUID) -> Job:
    """Queue the analysis of a take; the job that does it already is given again.

    It uses the accepted corrections and the present model; earlier versions stay. Raises
    NotFoundError, ConsentMissingError, VisitSignedError, TakeReplacedError, NotMeasuredError,
    RecordingIncompleteError.
    """
    takes = repository.takes_to_start(session, caller, [take_id])
    if not takes:
        raise NotFoundError
    return _start(session, caller, takes[0])


def start_all(session: Session, caller: Caller, take_ids: Collection[UUID]) -> list[Job]:
    """Queue the analyses of several takes, as `start` does."""
    takes = repository.takes_to_start(session, caller, take_ids)
    if len(takes) < len(set(take_ids)):
        raise NotFoundError
    return [_start(session, caller, take) for take in takes]


def _start(session: Session, caller: Caller, take: Take) -> Job:
    consents.require(session, take.patient_id, Purpose.CARE)
    recording = take.recording
    # What is signed stays as it was signed: a new version needs the visit opened again.
    visit, _ = takes.to_change(session, caller, take.id)
    if take.excluded_at is not None or takes.measured_as(session, visit, take) is None:
        raise NotMeasuredError
    if recording is None or recording.voided_at or recording.state is not RecordingState.COMPLETE:
        raise RecordingIncompleteError
    job = jobs.enqueue(
        session,
        JobKind.ANALYZE_TAKE,
        patient_id=take.patient_id,
        visit_id=take.visit_id,
        recording_id=recording.id,
        take_id=take.id,
        created_by_id=caller.user_id,
    )
    record(
        session,
        caller,
        "analysis.start",
        "take",
        take.id,
        patient_id=take.patient_id,
        detail={"job": str(job.id)},
    )
    return job
