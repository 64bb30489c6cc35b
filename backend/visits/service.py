"""What is done with visits; signing them is in reviews."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import AffectedSide, Visit
from backend.db.session import now
from backend.kit.errors import NotFoundError
from backend.kit.pagination import Page, Paging
from backend.kit.revisions import apply, expect
from backend.patients import service as patients
from backend.patients.repository import note_last_visit
from backend.protocols import service as protocols
from backend.takes import service as takes
from backend.visits import repository
from backend.visits.errors import ForeignEpisodeError, VisitTimeError, require_open
from backend.visits.schemas import VisitBody, VisitCreate, VisitRead
from backend.voiding import unvoid, void

# A clinic's day differs from that of UTC by at most one.
_ONE_DAY = timedelta(days=1)
_NOON = time(12, tzinfo=UTC)


def of_patient(
    session: Session,
    caller: Caller,
    patient_id: UUID,
    episode_id: UUID | None,
    include_void: bool,
    paging: Paging,
) -> Page[VisitRead]:
    """The visits of a patient, the newest first; raises NotFoundError."""
    if not repository.patient_is_seen(session, caller, patient_id):
        raise NotFoundError
    rows, total = repository.page(
        session, caller, patient_id, episode_id, include_void, paging.limit, paging.offset
    )
    signatures = repository.newest_signatures(session, [row.id for row in rows])
    return paging.page([VisitRead.of(row, signatures.get(row.id)) for row in rows], total)


def get(session: Session, caller: Caller, visit_id: UUID) -> VisitRead:
    """A visit; raises NotFoundError."""
    visit = repository.one(session, caller, visit_id)
    if visit is None:
        raise NotFoundError
    return read(session, visit)


def create(session: Session, caller: Caller, patient_id: UUID, new: VisitCreate) -> VisitRead:
    """A new visit under the protocol in force.

    Raises NotFoundError, PatientNotInUseError, ForeignEpisodeError, VisitTimeError.
    """
    patient = patients.to_change(session, caller, patient_id)
    started_at = new.started_at or _start(session, new.visited_on)
    visited_on = new.visited_on or started_at.date()
    _check_time(session, visited_on, started_at)
    visit = Visit(
        patient_id=patient.id,
        visited_on=visited_on,
        started_at=started_at.astimezone(UTC),
        title=new.title,
        protocol_number=protocols.install(session),
        created_at=now(session),
        created_by_id=caller.user_id,
    )
    _side(session, visit, new.episode_id)
    visit.episode_id = new.episode_id
    session.add(visit)
    visit.notes = new.notes
    session.flush()
    note_last_visit(session, patient.id)
    _note(session, caller, "visit.create", visit)
    return read(session, visit)


def replace(
    session: Session, caller: Caller, visit_id: UUID, new: VisitBody, based_on: int
) -> VisitRead:
    """Replace what a visit says; an episode of another side sends its takes to a new analysis.

    Raises NotFoundError, VoidError, VisitSignedError, PreconditionFailedError,
    ForeignEpisodeError, VisitTimeError.
    """
    visit = to_change(session, caller, visit_id)
    expect(visit.version, based_on)
    _check_time(session, new.visited_on, new.started_at)
    former = _side(session, visit, visit.episode_id)
    present = _side(session, visit, new.episode_id)
    changed = apply(visit, {**new.model_dump(), "started_at": new.started_at.astimezone(UTC)})
    remeasured = 0
    if changed:
        session.flush()
        note_last_visit(session, visit.patient_id)
        _note(session, caller, "visit.edit", visit, fields=sorted(changed))
    if former != present:
        remeasured = takes.measure_visit_again(session, caller, visit)
    return read(session, visit, remeasured)


def take_out(session: Session, caller: Caller, visit_id: UUID, reason: str) -> VisitRead:
    """Take a visit out of use; raises NotFoundError, VoidError, VisitSignedError."""
    visit = to_change(session, caller, visit_id)
    void(session, caller, visit, reason)
    note_last_visit(session, visit.patient_id)
    _note(session, caller, "visit.void", visit)
    return read(session, visit)


def bring_back(session: Session, caller: Caller, visit_id: UUID) -> VisitRead:
    """Bring a visit back; raises NotFoundError, NotVoidError."""
    visit = repository.one_to_change(session, caller, visit_id)
    if visit is None:
        raise NotFoundError
    unvoid(session, visit)
    note_last_visit(session, visit.patient_id)
    _note(session, caller, "visit.unvoid", visit)
    return read(session, visit)


def to_change(session: Session, caller: Caller, visit_id: UUID) -> Visit:
    """The visit, held until the end; raises NotFoundError, VoidError, VisitSignedError."""
    visit = repository.one_to_change(session, caller, visit_id)
    if visit is None:
        raise NotFoundError
    require_open(visit)
    return visit


def read(session: Session, visit: Visit, remeasured: int = 0) -> VisitRead:
    """The row as it is told."""
    newest = repository.newest_signatures(session, [visit.id]).get(visit.id)
    return VisitRead.of(visit, newest, remeasured)


def _start(session: Session, visited_on: date | None) -> datetime:
    """Now; of another day that was given alone, noon stands for the unknown time."""
    present = now(session)
    if visited_on is None or abs(visited_on - present.date()) <= _ONE_DAY:
        return present
    return datetime.combine(visited_on, _NOON)


def _check_time(session: Session, visited_on: date, started_at: datetime) -> None:
    apart = abs(visited_on - started_at.astimezone(UTC).date())
    if apart > _ONE_DAY or started_at > now(session) + _ONE_DAY:
        raise VisitTimeError


def _side(session: Session, visit: Visit, episode_id: UUID | None) -> AffectedSide | None:
    """The affected side by this episode; raises ForeignEpisodeError for one that can't be taken."""
    if episode_id is None:
        return None
    episode = repository.episode(session, visit.patient_id, episode_id)
    kept = episode_id == visit.episode_id
    if episode is None or (episode.voided_at is not None and not kept):
        raise ForeignEpisodeError
    return episode.affected_side


def _note(session: Session, caller: Caller, action: str, visit: Visit, **detail: object) -> None:
    audit.record(
        session,
        caller,
        action,
        "visit",
        visit.id,
        patient_id=visit.patient_id,
        detail={"version": visit.version, **detail},
    )
