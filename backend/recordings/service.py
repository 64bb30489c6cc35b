"""What happens to recordings: made, filled view by view, completed once, and then worked on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend import voiding
from backend.access import Caller
from backend.audit import service as audit
from backend.blobs import service as blobs
from backend.consents import service as consents
from backend.db.models import (
    Blob,
    JobKind,
    Purpose,
    Recording,
    RecordingFileRole,
    RecordingState,
    RecordingView,
    View,
)
from backend.db.session import after_commit, now
from backend.jobs import service as jobs
from backend.kit import revisions
from backend.kit.errors import NotFoundError
from backend.kit.recent import Recent
from backend.protocols import service as protocols
from backend.recordings import repository
from backend.recordings.errors import (
    NoViewsError,
    RecordingCompleteError,
    RecordingInUseError,
    VideoNotReadyError,
    ViewTakenError,
)
from backend.recordings.schemas import NewRecording, RecordingChange, missing
from backend.visits.errors import require_open

# A player asks for many parts of one video: they are one look at a face.
_LOOK = timedelta(minutes=10)
_seen = Recent(_LOOK)


def create(session: Session, caller: Caller, visit_id: UUID, new: NewRecording) -> Recording:
    """A recording that waits for its views; raises NotFoundError, or 409 without consent."""
    visit = repository.visit_to_fill(session, caller, visit_id)
    if visit is None:
        raise NotFoundError
    require_open(visit)
    consents.require(session, visit.patient_id, Purpose.CARE)
    recording = Recording(
        visit_id=visit.id,
        patient_id=visit.patient_id,
        state=RecordingState.WAITING,
        created_at=now(session),
        created_by_id=caller.user_id,
        **new.model_dump(mode="json", exclude={"recorded_at"}),
        recorded_at=new.recorded_at,
    )
    session.add(recording)
    session.flush()
    _note(session, caller, "recording.create", recording)
    return _loaded(session, caller, recording.id)


def get(session: Session, caller: Caller, recording_id: UUID) -> Recording:
    """A recording with its views and files; raises NotFoundError."""
    return _loaded(session, caller, recording_id)


def of_visit(session: Session, caller: Caller, visit_id: UUID) -> Sequence[Recording]:
    """All recordings of a visit; raises NotFoundError for a visit that the caller may not see."""
    if repository.visit_to_see(session, caller, visit_id) is None:
        raise NotFoundError
    return repository.of_visit(session, caller, visit_id)


def change(
    session: Session, caller: Caller, recording_id: UUID, asked: RecordingChange, based_on: int
) -> Recording:
    """Correct how it was recorded; analyses made before keep what they were made with.

    Raises NotFoundError, or PreconditionFailedError when `based_on` is not the present version.
    """
    recording = _to_change(session, caller, recording_id)
    revisions.expect(recording.version, based_on)
    sent = asked.model_dump(mode="json", exclude={"recorded_at"}, exclude_unset=True)
    if "recorded_at" in asked.model_fields_set:
        sent["recorded_at"] = asked.recorded_at
    if changed := revisions.apply(recording, sent):
        session.flush()
        _note(session, caller, "recording.change", recording, changed=sorted(changed))
    return _loaded(session, caller, recording_id)


def use_what_is_there(session: Session, caller: Caller, recording_id: UUID) -> Recording:
    """Complete a recording with the views it has; raises NoViewsError when it has none.

    Asking again for a complete one changes nothing.
    """
    recording = _to_change(session, caller, recording_id)
    consents.require(session, recording.patient_id, Purpose.CARE)
    if recording.state is RecordingState.WAITING:
        views = [row.view for row in repository.views_of(session, recording.id)]
        if not views:
            raise NoViewsError
        _complete(session, recording, caller.user_id)
        left_out = missing(recording.declared_views, views)
        _note(session, caller, "recording.complete", recording, without=left_out)
    return _loaded(session, caller, recording_id)


def remove_view(session: Session, caller: Caller, recording_id: UUID, view: View) -> None:
    """Take a wrong file out of a recording that still waits; its bytes go with the next sweep."""
    recording = _to_change(session, caller, recording_id)
    _still_waits(recording)
    row = next((v for v in repository.views_of(session, recording.id) if v.view is view), None)
    if row is None:
        raise NotFoundError
    session.delete(row)
    if row.upload_id is not None:
        repository.let_go(session, row.upload_id)
    _note(session, caller, "recording.remove_view", recording, view=view)


def take_out(session: Session, caller: Caller, recording_id: UUID, reason: str) -> Recording:
    """Take a recording out of use; raises RecordingInUseError while takes lie in it."""
    recording = _to_change(session, caller, recording_id)
    if repository.takes_of(session, recording.id):
        raise RecordingInUseError
    voiding.void(session, caller, recording, reason)
    _note(session, caller, "recording.void", recording)
    return _loaded(session, caller, recording_id)


def bring_back(session: Session, caller: Caller, recording_id: UUID) -> Recording:
    """Bring a recording back; raises NotFoundError or NotVoidError."""
    recording = _to_change(session, caller, recording_id, include_void=True)
    voiding.unvoid(session, recording)
    _note(session, caller, "recording.unvoid", recording)
    return _loaded(session, caller, recording_id)


def check_room_for(session: Session, recording: Recording, view: View) -> None:
    """Raise RecordingCompleteError or ViewTakenError unless a file for `view` may still come."""
    _still_waits(recording)
    if any(row.view is view for row in repository.views_of(session, recording.id)):
        raise ViewTakenError


def to_fill(session: Session, caller: Caller, recording_id: UUID) -> Recording:
    """A recording that the caller may add files to; raises NotFoundError, or 409 without consent.

    Its row is locked until the end of the unit of work.
    """
    recording = _to_change(session, caller, recording_id)
    consents.require(session, recording.patient_id, Purpose.CARE)
    return recording


def add_view(session: Session, view: RecordingView, created_by_id: UUID | None) -> None:
    """Add an accepted file; the one that makes the recording complete starts its work.

    Views come in any order and at the same time: the row of the recording is locked, so exactly
    one of them is the last.
    """
    recording = repository.locked(session, view.recording_id)
    voiding.require_in_use(recording)
    require_open(repository.visit_of(session, recording))
    check_room_for(session, recording, view.view)
    consents.require(session, recording.patient_id, Purpose.CARE)
    session.add(view)
    session.flush()
    present = [row.view for row in repository.views_of(session, recording.id)]
    if not missing(recording.declared_views, present):
        _complete(session, recording, created_by_id)


def set_calibration(session: Session, recording_id: UUID, blob: Blob) -> None:
    """Give the recording its calibration file; later analyses use it."""
    recording = repository.locked(session, recording_id)
    voiding.require_in_use(recording)
    require_open(repository.visit_of(session, recording))
    consents.require(session, recording.patient_id, Purpose.CARE)
    recording.calibration_blob_id = blob.id


def shown_file(
    session: Session, caller: Caller, recording_id: UUID, view: View, role: RecordingFileRole
) -> Blob:
    """The video or thumbnail of a view, for showing; the look at the face is audited.

    Raises NotFoundError, or VideoNotReadyError while it is being made.
    """
    recording = _loaded(session, caller, recording_id)
    if view not in {row.view for row in recording.views}:
        raise NotFoundError
    file = repository.file(session, caller, recording_id, view, role)
    if file is None:
        raise VideoNotReadyError
    key, at = (caller.user_id, recording.id, role, view), now(session)
    if (key, at) not in _seen:
        audit.record(
            session,
            caller,
            "face.read",
            "recording",
            recording.id,
            patient_id=recording.patient_id,
            detail={"file": role.value, "view": view.value},
        )
        after_commit(session, lambda: _seen.remember(key, at))
    return blobs.get(session, file.blob_id)


def _complete(session: Session, recording: Recording, by_id: UUID | None) -> None:
    recording.state = RecordingState.COMPLETE
    recording.completed_at = now(session)
    session.flush()
    for kind in (JobKind.QUICK_LOOK, JobKind.PROXY):
        jobs.enqueue(
            session,
            kind,
            patient_id=recording.patient_id,
            visit_id=recording.visit_id,
            recording_id=recording.id,
            created_by_id=by_id,
        )
    number = repository.visit_of(session, recording).protocol_number
    for take in repository.takes_of(session, recording.id):
        # Takes that are cut out of the recording from now on start by themselves.
        measured_as = protocols.measured_as(session, number, take.movement)
        if take.excluded_at is None and measured_as is not None:
            jobs.enqueue(
                session,
                JobKind.ANALYZE_TAKE,
                patient_id=recording.patient_id,
                visit_id=recording.visit_id,
                recording_id=recording.id,
                take_id=take.id,
                created_by_id=by_id,
            )


def _loaded(session: Session, caller: Caller, recording_id: UUID) -> Recording:
    session.flush()
    recording = repository.one(session, caller, recording_id)
    if recording is None:
        raise NotFoundError
    return recording


def _to_change(
    session: Session, caller: Caller, recording_id: UUID, *, include_void: bool = False
) -> Recording:
    recording = repository.one_to_change(session, caller, recording_id)
    if recording is None:
        raise NotFoundError
    if not include_void:
        voiding.require_in_use(recording)
    require_open(repository.visit_of(session, recording))
    return recording


def _still_waits(recording: Recording) -> None:
    if recording.state is RecordingState.COMPLETE:
        raise RecordingCompleteError


def _note(
    session: Session, caller: Caller, action: str, recording: Recording, **detail: object
) -> None:
    audit.record(
        session,
        caller,
        action,
        "recording",
        recording.id,
        patient_id=recording.patient_id,
        detail=detail,
    )
