"""What is done with takes: planned, cut out of recordings, recorded again, excluded, measured."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.consents import service as consents
from backend.db.models import (
    Episode,
    JobKind,
    Purpose,
    Recording,
    RecordingState,
    Take,
    Visit,
)
from backend.db.session import now
from backend.jobs import service as jobs
from backend.kit.errors import NotFoundError
from backend.kit.pagination import Page, Paging
from backend.kit.revisions import apply, expect
from backend.protocols import service as protocols
from backend.takes import repository
from backend.takes.errors import (
    ExclusionError,
    ForeignRecordingError,
    OverlapError,
    ReplacementError,
    SpanError,
    TakeReplacedError,
    UnknownMovementError,
)
from backend.takes.schemas import TakeAnalysis, TakeBody, TakeCreate, TakeRead
from backend.visits.errors import require_open
from backend.voiding import require_in_use, unvoid, void

# The end of a span that a person set by eye at the end of the film.
_BEYOND_S = 0.5


def of_visit(
    session: Session,
    caller: Caller,
    visit_id: UUID,
    movement: str | None,
    include_void: bool,
    paging: Paging,
) -> Page[TakeRead]:
    """The takes of a visit in their order; raises NotFoundError."""
    visit = repository.visit_to_see(session, caller, visit_id)
    if visit is None:
        raise NotFoundError
    rows, total = repository.page(
        session, caller, visit_id, movement, include_void, paging.limit, paging.offset
    )
    return paging.page(_read(session, caller, visit, rows), total)


def get(session: Session, caller: Caller, take_id: UUID) -> TakeRead:
    """A take; raises NotFoundError."""
    take = repository.one(session, caller, take_id)
    if take is None:
        raise NotFoundError
    visit = repository.visit_to_see(session, caller, take.visit_id)
    if visit is None:
        raise NotFoundError
    return _told(session, caller, visit, take)


def create(session: Session, caller: Caller, visit_id: UUID, new: TakeCreate) -> TakeRead:
    """A new take; when its recording is complete its analysis begins.

    Raises NotFoundError, VoidError, VisitSignedError, UnknownMovementError,
    ForeignRecordingError, SpanError, OverlapError, ReplacementError, ConsentMissingError.
    """
    visit = _open_visit(session, caller, visit_id)
    take = Take(
        visit_id=visit.id,
        patient_id=visit.patient_id,
        number=repository.next_number(session, visit.id),
        created_at=now(session),
        created_by_id=caller.user_id,
        **new.model_dump(exclude={"replaces_take_id"}),
    )
    former = None
    if new.replaces_take_id is not None:
        former = _to_be_replaced(session, visit, new)
    _check(session, visit, take, besides=former)
    session.add(take)
    session.flush()
    if former is not None:
        former.replaced_by_id = take.id
        session.flush()
    _note(session, caller, "take.create", take, replaces=_text(new.replaces_take_id))
    measure(session, caller, visit, take)
    return _told(session, caller, visit, take)


def replace(
    session: Session, caller: Caller, take_id: UUID, new: TakeBody, based_on: int
) -> TakeRead:
    """Correct movement, recording or span; a take of a complete recording is measured again.

    Raises NotFoundError, VoidError, VisitSignedError, TakeReplacedError,
    PreconditionFailedError, UnknownMovementError, ForeignRecordingError, SpanError,
    OverlapError, ConsentMissingError.
    """
    visit, take = to_change(session, caller, take_id)
    expect(take.version, based_on)
    if changed := apply(take, new.model_dump()):
        _check(session, visit, take)
        session.flush()
        _note(session, caller, "take.edit", take, fields=sorted(changed))
        measure(session, caller, visit, take)
    return _told(session, caller, visit, take)


def exclude(session: Session, caller: Caller, take_id: UUID, reason: str) -> TakeRead:
    """Keep a take but measure it no more; raises NotFoundError, ExclusionError and as `replace`."""
    visit, take = to_change(session, caller, take_id)
    if take.excluded_at is not None:
        raise ExclusionError
    take.excluded_at = now(session)
    take.excluded_by_id = caller.user_id
    take.exclusion_reason = reason
    session.flush()
    _note(session, caller, "take.exclude", take)
    return _told(session, caller, visit, take)


def include(session: Session, caller: Caller, take_id: UUID) -> TakeRead:
    """Let an excluded take count again; raises NotFoundError, ExclusionError and as `replace`."""
    visit, take = to_change(session, caller, take_id)
    if take.excluded_at is None:
        raise ExclusionError
    take.excluded_at = take.excluded_by_id = take.exclusion_reason = None
    session.flush()
    _note(session, caller, "take.include", take)
    _check(session, visit, take)
    measure(session, caller, visit, take)
    return _told(session, caller, visit, take)


def take_out(session: Session, caller: Caller, take_id: UUID, reason: str) -> TakeRead:
    """Take a take out of use; the one it was recorded in place of counts again.

    Raises NotFoundError, VoidError, VisitSignedError.
    """
    visit, take = _with_visit(session, caller, take_id)
    void(session, caller, take, reason)
    for former in repository.replaced_by(session, take.id):
        former.replaced_by_id = None
        _note(session, caller, "take.restore", former)
    session.flush()
    _note(session, caller, "take.void", take)
    return _told(session, caller, visit, take)


def bring_back(session: Session, caller: Caller, take_id: UUID) -> TakeRead:
    """Bring a take back; raises NotFoundError, NotVoidError, VisitSignedError, OverlapError."""
    visit, take = _with_visit(session, caller, take_id)
    unvoid(session, take)
    _check(session, visit, take)
    _note(session, caller, "take.unvoid", take)
    return _told(session, caller, visit, take)


def to_change(session: Session, caller: Caller, take_id: UUID) -> tuple[Visit, Take]:
    """A take that counts, and its visit, held until the end.

    Raises NotFoundError, VoidError, VisitSignedError, TakeReplacedError.
    """
    visit, take = _with_visit(session, caller, take_id)
    require_in_use(take)
    if take.replaced_by_id is not None:
        raise TakeReplacedError(extra={"replaced_by_id": str(take.replaced_by_id)})
    return visit, take


def measure_episode_again(session: Session, caller: Caller, episode: Episode) -> int:
    """Send the takes of the episode's unsigned visits to a new analysis; returns how many."""
    return sum(
        measure_visit_again(session, caller, visit, episode_version=episode.version)
        for visit in repository.visits_of_episode(session, episode.id)
    )


def measure_visit_again(session: Session, caller: Caller, visit: Visit, **because: object) -> int:
    """Send the takes of a visit to a new analysis; returns how many.

    Without consent to care nothing is measured, and nothing is refused.
    """
    if not consents.stands(session, visit.patient_id, Purpose.CARE):
        return 0
    return sum(
        measure(session, caller, visit, take, **because)
        for take in repository.standing(session, [visit.id])
    )


def measure(session: Session, caller: Caller, visit: Visit, take: Take, **because: object) -> bool:
    """Queue the analysis of a take as it is now; whether there was something to queue.

    While a recording waits for views nothing is queued: its completion starts its takes.
    `because` names what else the analysis follows from: a job that began before that changed does
    not stand for the one after it. Raises ConsentMissingError.
    """
    recording = _recording(session, visit, take)
    if recording is None or recording.state is not RecordingState.COMPLETE:
        return False
    if take.excluded_at is not None or measured_as(session, visit, take) is None:
        return False
    consents.require(session, take.patient_id, Purpose.CARE)
    jobs.enqueue(
        session,
        JobKind.ANALYZE_TAKE,
        patient_id=take.patient_id,
        visit_id=take.visit_id,
        recording_id=recording.id,
        take_id=take.id,
        request={"take_version": take.version, "visit_version": visit.version, **because},
        created_by_id=caller.user_id,
    )
    return True


def measured_as(session: Session, visit: Visit, take: Take) -> str | None:
    """The movement of the measures that rules this take; None when it is not measured."""
    return protocols.measured_as(session, visit.protocol_number, take.movement)


def to_be_measured(session: Session, visit: Visit) -> list[Take]:
    """The takes of a visit that count and have measures, in their order."""
    return [
        take
        for take in repository.standing(session, [visit.id])
        if take.excluded_at is None and measured_as(session, visit, take) is not None
    ]


def _check(session: Session, visit: Visit, take: Take, besides: Take | None = None) -> None:
    """Refuse what can be wrong with movement, recording and span."""
    protocol = protocols.of_number(session, visit.protocol_number).protocol
    if protocol.movement(take.movement) is None:
        raise UnknownMovementError
    if take.recording_id is None:
        if take.start_s is not None:
            raise SpanError("A span needs a recording.", "Name the recording.")
        return
    recording = _recording(session, visit, take)
    if recording is None:
        raise ForeignRecordingError
    duration_s = repository.duration_s(session, recording.id)
    if duration_s is not None and take.end_s is not None and take.end_s > duration_s + _BEYOND_S:
        raise SpanError(extra={"duration_s": duration_s})
    for other in repository.standing(session, [visit.id]):
        if other.recording_id == recording.id and other not in (take, besides):
            _refuse_overlap(take, other)


def _refuse_overlap(take: Take, other: Take) -> None:
    if take.start_s is None or take.end_s is None or other.start_s is None or other.end_s is None:
        overlap = True
    else:
        overlap = take.start_s < other.end_s and other.start_s < take.end_s
    if overlap:
        raise OverlapError(extra={"take_id": str(other.id)})


def _recording(session: Session, visit: Visit, take: Take) -> Recording | None:
    if take.recording_id is None:
        return None
    return repository.recording(session, visit.id, take.recording_id)


def _to_be_replaced(session: Session, visit: Visit, new: TakeCreate) -> Take:
    for take in repository.standing(session, [visit.id]):
        if take.id == new.replaces_take_id and take.movement == new.movement:
            return take
    raise ReplacementError


def _open_visit(session: Session, caller: Caller, visit_id: UUID) -> Visit:
    visit = repository.visit_to_change(session, caller, visit_id)
    if visit is None:
        raise NotFoundError
    require_open(visit)
    return visit


def _with_visit(session: Session, caller: Caller, take_id: UUID) -> tuple[Visit, Take]:
    seen = repository.one(session, caller, take_id)
    if seen is None:
        raise NotFoundError
    # The visit first, as everywhere, so that two changes never wait for each other.
    visit = _open_visit(session, caller, seen.visit_id)
    take = repository.one_to_change(session, caller, take_id)
    if take is None:
        raise NotFoundError
    return visit, take


def _told(session: Session, caller: Caller, visit: Visit, take: Take) -> TakeRead:
    return _read(session, caller, visit, [take])[0]


def _read(session: Session, caller: Caller, visit: Visit, takes: Sequence[Take]) -> list[TakeRead]:
    protocol = protocols.of_number(session, visit.protocol_number).protocol
    analyses = repository.newest_analyses(session, caller, [take.id for take in takes])
    repetitions = _repetitions(repository.standing(session, [visit.id]))
    told = []
    for take in takes:
        movement = protocol.movement(take.movement)
        analysis = analyses.get(take.id)
        told.append(
            TakeRead(
                id=take.id,
                patient_id=take.patient_id,
                visit_id=take.visit_id,
                recording_id=take.recording_id,
                number=take.number,
                movement=take.movement,
                title=take.movement if movement is None else movement.title,
                measured_as=None if movement is None else movement.measured_as,
                repetition=repetitions.get(take.id),
                start_s=take.start_s,
                end_s=take.end_s,
                replaced_by_id=take.replaced_by_id,
                excluded_at=take.excluded_at,
                excluded_by_id=take.excluded_by_id,
                exclusion_reason=take.exclusion_reason,
                voided_at=take.voided_at,
                void_reason=take.void_reason,
                first_verdict=take.first_verdict,
                first_qc=take.first_qc,
                analysis=None if analysis is None else TakeAnalysis.model_validate(analysis),
                created_at=take.created_at,
                created_by_id=take.created_by_id,
                version=take.version,
            )
        )
    return told


def _repetitions(takes: Sequence[Take]) -> dict[UUID, int]:
    """Take -> its place among the standing takes of the same movement."""
    counted: dict[str, int] = {}
    places: dict[UUID, int] = {}
    for take in takes:
        counted[take.movement] = places[take.id] = counted.get(take.movement, 0) + 1
    return places


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _note(session: Session, caller: Caller, action: str, take: Take, **detail: object) -> None:
    audit.record(
        session,
        caller,
        action,
        "take",
        take.id,
        patient_id=take.patient_id,
        detail={"version": take.version, **detail},
    )
