"""What is done to merge two records of one person, and to part them again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import Consent, Patient, PatientMerge, PatientTeam
from backend.db.session import now
from backend.kit.errors import NotFoundError
from backend.kit.pagination import Page, Paging
from backend.merges import repository
from backend.merges.errors import MergeUndoneError, SameRecordError, WorkUnderWayError
from backend.merges.schemas import MergeRead
from backend.patients import repository as patient_rows
from backend.patients import resemblance
from backend.patients import service as patients

# Beside the tables of `repository.ROOTS`, in what a merge remembers.
_TEAMS, _ENDED = "teams_added", "consents_ended"


def of_patient(
    session: Session, caller: Caller, patient_id: UUID, paging: Paging
) -> Page[MergeRead]:
    """The merges that a record took part in, the newest first; raises NotFoundError."""
    if patient_rows.one(session, caller, patient_id) is None:
        raise NotFoundError
    rows, total = repository.page(session, patient_id, paging.limit, paging.offset)
    return paging.page([MergeRead.of(row) for row in rows], total)


def merge(
    session: Session, caller: Caller, kept_id: UUID, merged_id: UUID, reason: str
) -> MergeRead:
    """Move all that belongs to one record to the other, which is found by both names from now on.

    A consent that the person withdrew later, on whichever record, does not stand any more. Raises
    NotFoundError, PatientNotInUseError, SameRecordError, WorkUnderWayError.
    """
    kept, merged = _both(session, caller, kept_id, merged_id)
    moved = repository.roots_of(session, merged.id)
    moved[_ENDED] = _end_consents(session, caller, kept, merged)
    moved[_TEAMS] = _join_teams(session, kept, merged)
    row = PatientMerge(
        kept_id=kept.id,
        merged_id=merged.id,
        moved=moved,
        merged_at=now(session),
        merged_by_id=caller.user_id,
    )
    session.add(row)
    row.reason = reason
    merged.merged_into_id = kept.id
    session.flush()
    repository.move(session, moved, merged.id, kept.id)
    _index_both(session, kept, merged)
    _note(session, caller, "patient.merge", row)
    return MergeRead.of(row)


def undo(session: Session, caller: Caller, merge_id: UUID) -> MergeRead:
    """Part two records: what was moved goes back with all that was added to it since.

    What was made on the kept record itself stays there. Raises NotFoundError,
    PatientNotInUseError, MergeUndoneError, WorkUnderWayError.
    """
    row = repository.merge(session, merge_id)
    if row is None:
        raise NotFoundError
    merged = repository.held(session, row.merged_id)
    if row.undone_at is not None or merged.merged_into_id != row.kept_id:
        raise MergeUndoneError
    kept = patients.to_change(session, caller, row.kept_id)
    if repository.work_under_way(session, [kept.id]):
        raise WorkUnderWayError
    merged.merged_into_id = None
    row.undone_at = now(session)
    row.undone_by_id = caller.user_id
    session.flush()
    repository.move(session, row.moved, kept.id, merged.id)
    for consent in repository.consents(session, [UUID(one) for one in row.moved[_ENDED]]):
        consent.withdrawn_at = consent.withdrawn_by_id = consent.withdrawal_reason = None
    added = {UUID(team_id) for team_id in row.moved[_TEAMS]}
    if repository.teams_of(session, kept.id) - added:
        patient_rows.take_out_of_teams(session, kept.id, added)
    session.flush()
    _index_both(session, kept, merged)
    _note(session, caller, "patient.unmerge", row)
    return MergeRead.of(row)


def _both(
    session: Session, caller: Caller, kept_id: UUID, merged_id: UUID
) -> tuple[Patient, Patient]:
    if kept_id == merged_id:
        raise SameRecordError
    found = repository.both(session, caller, (kept_id, merged_id))
    for patient_id in (kept_id, merged_id):
        if patient_id not in found:
            # It tells whether there is no such record, or one that is not in use.
            patients.to_change(session, caller, patient_id)
    if repository.work_under_way(session, found):
        raise WorkUnderWayError
    return found[kept_id], found[merged_id]


def _end_consents(session: Session, caller: Caller, kept: Patient, merged: Patient) -> list[str]:
    """End the consents of one record that the person withdrew later on the other one."""
    consents = [
        *repository.consents_of(session, kept.id),
        *repository.consents_of(session, merged.id),
    ]
    ended = [consent for consent in consents if _is_overruled(consent, consents)]
    for consent in ended:
        consent.withdrawn_at = now(session)
        consent.withdrawn_by_id = caller.user_id
        consent.withdrawal_reason = "It was withdrawn on another record of this person."
    return [str(consent.id) for consent in ended]


def _is_overruled(consent: Consent, others: list[Consent]) -> bool:
    return consent.withdrawn_at is None and any(
        other.purpose == consent.purpose
        and other.withdrawn_at is not None
        and other.withdrawn_at >= consent.created_at
        for other in others
    )


def _join_teams(session: Session, kept: Patient, merged: Patient) -> list[str]:
    """Let the teams of both see the kept record; returns those that did not before."""
    added = repository.teams_of(session, merged.id) - repository.teams_of(session, kept.id)
    patient_rows.put_in_teams(
        session,
        [
            PatientTeam(patient_id=kept.id, team_id=team_id, created_at=now(session))
            for team_id in added
        ],
    )
    return sorted(map(str, added))


def _index_both(session: Session, kept: Patient, merged: Patient) -> None:
    resemblance.index(session, kept)
    if merged.merged_into_id is None:
        resemblance.index(session, merged)
    else:
        patient_rows.index(session, merged.id, ())


def _note(session: Session, caller: Caller, action: str, row: PatientMerge) -> None:
    # In the history of both, since either may be read without the other.
    for patient_id in (row.kept_id, row.merged_id):
        audit.record(
            session,
            caller,
            action,
            "merge",
            row.id,
            patient_id=patient_id,
            detail={"kept_id": str(row.kept_id), "merged_id": str(row.merged_id)},
        )
