"""What is done with patients' records; merging them is in `merging`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import voiding
from backend.access import Caller, Permission, Reach
from backend.audit import service as audit
from backend.consents import service as consents
from backend.db.models import Patient, PatientTeam, Visit
from backend.db.session import now
from backend.kit.errors import InvalidError, NotFoundError
from backend.kit.pagination import Page, Paging
from backend.kit.revisions import apply, expect
from backend.patients import repository, resemblance
from backend.patients.errors import (
    PatientNotInUseError,
    PseudonymTakenError,
    TeamNeededError,
)
from backend.patients.schemas import (
    Change,
    ConsentStanding,
    Contact,
    ContactRead,
    Description,
    Identity,
    IdentityRead,
    LastVisit,
    PatientCreate,
    PatientQuery,
    PatientRead,
    PatientState,
    PatientSummary,
    TeamRead,
)


def listed(
    session: Session, caller: Caller, query: PatientQuery, paging: Paging
) -> Page[PatientSummary]:
    """The patients in the caller's reach that the query asks for."""
    rows, total = repository.listed(session, caller, query, paging.limit, paging.offset)
    ids = [row.id for row in rows]
    visits = repository.last_visits(session, caller, ids)
    consents_to_care = _care_consents(session, caller, ids)
    return paging.page(
        [
            PatientSummary(
                id=row.id,
                pseudonym=row.pseudonym,
                birth_year=row.birth_year,
                sex=row.sex,
                state=state_of(row),
                care_consent=consents_to_care.get(row.id),
                last_visit=_last_visit(visits.get(row.id)),
                created_at=row.created_at,
                version=row.version,
            )
            for row in rows
        ],
        total,
    )


def identities(
    session: Session, caller: Caller, patient_ids: Collection[UUID]
) -> list[IdentityRead]:
    """Who these patients are, without those out of reach; the look is audited."""
    rows = repository.several(session, caller, patient_ids)
    for row in rows:
        _note(session, caller, "patient.read_identity", row)
    return [_identity(row) for row in rows]


def create(session: Session, caller: Caller, new: PatientCreate) -> PatientRead:
    """A new record, found by its name and number from now on.

    Raises PossibleDuplicateError, PseudonymTakenError, TellingPseudonymError, TeamNeededError.
    """
    team_ids = _teams_for(session, caller, new.team_ids)
    _check_birth_year(session, new.birth_year)
    if not new.although_similar:
        resemblance.refuse_duplicates(session, caller, new.name, new.mrn, new.birth_year)
    pseudonym = new.pseudonym or resemblance.free_pseudonym(session)
    resemblance.check_pseudonym(session, pseudonym, new.name, new.mrn)
    patient = Patient(
        pseudonym=pseudonym,
        birth_year=new.birth_year,
        sex=new.sex,
        created_at=now(session),
        created_by_id=caller.user_id,
    )
    session.add(patient)
    resemblance.identify(session, patient, new.name, new.mrn)
    patient.contact, patient.notes = new.contact, new.notes
    _flush(session)
    resemblance.index(session, patient)
    _put_in_teams(session, patient, team_ids)
    _note(session, caller, "patient.create", patient, teams=sorted(map(str, team_ids)))
    return read(session, caller, patient)


def get(session: Session, caller: Caller, patient_id: UUID) -> PatientRead:
    """The record without what identifies; raises NotFoundError."""
    return read(session, caller, _one(session, caller, patient_id))


def describe(
    session: Session, caller: Caller, patient_id: UUID, new: Description, based_on: int
) -> PatientRead:
    """Replace pseudonym, birth year and sex.

    Raises NotFoundError, PatientNotInUseError, PreconditionFailedError, PseudonymTakenError,
    TellingPseudonymError.
    """
    patient = to_change(session, caller, patient_id)
    _expect(session, patient, based_on)
    _check_birth_year(session, new.birth_year)
    if new.pseudonym != patient.pseudonym:
        resemblance.check_pseudonym(
            session, new.pseudonym, patient.name, patient.mrn, besides=patient.id
        )
    _edited(session, caller, patient, apply(patient, new.model_dump()))
    return read(session, caller, patient)


def identity(session: Session, caller: Caller, patient_id: UUID) -> IdentityRead:
    """Who the patient is; the look is audited. Raises NotFoundError."""
    patient = _one(session, caller, patient_id)
    _note(session, caller, "patient.read_identity", patient)
    return _identity(patient)


def identify(
    session: Session, caller: Caller, patient_id: UUID, new: Identity, based_on: int
) -> IdentityRead:
    """Replace name and record number.

    Raises NotFoundError, PatientNotInUseError, PreconditionFailedError, PossibleDuplicateError,
    TellingPseudonymError.
    """
    patient = to_change(session, caller, patient_id)
    _expect(session, patient, based_on)
    values = {"name": new.name, "mrn": new.mrn}
    changed = [name for name, value in values.items() if getattr(patient, name) != value]
    if changed:
        if not new.although_similar:
            resemblance.refuse_duplicates(
                session, caller, new.name, new.mrn, patient.birth_year, besides=patient.id
            )
        resemblance.refuse_telling(patient.pseudonym, new.name, new.mrn)
        resemblance.identify(session, patient, new.name, new.mrn)
        _edited(session, caller, patient, changed)
        resemblance.index(session, patient)
    return _identity(patient)


def contact(session: Session, caller: Caller, patient_id: UUID) -> ContactRead:
    """How to reach the patient, and notes; the look is audited. Raises NotFoundError."""
    patient = _one(session, caller, patient_id)
    _note(session, caller, "patient.read_contact", patient)
    return _contact(patient)


def edit_contact(
    session: Session, caller: Caller, patient_id: UUID, new: Contact, based_on: int
) -> ContactRead:
    """Replace contact and notes.

    Raises NotFoundError, PatientNotInUseError, PreconditionFailedError.
    """
    patient = to_change(session, caller, patient_id)
    _expect(session, patient, based_on)
    _edited(session, caller, patient, apply(patient, new.model_dump()))
    return _contact(patient)


def set_teams(
    session: Session, caller: Caller, patient_id: UUID, team_ids: Collection[UUID]
) -> PatientRead:
    """Replace the care teams; the patient may be handed to a team the caller is not in.

    Raises NotFoundError, PatientNotInUseError, TeamNeededError.
    """
    patient = to_change(session, caller, patient_id)
    wanted = set(team_ids)
    present = {team.id for team in repository.teams_of(session, patient.id)}
    if repository.usable_teams(session, wanted - present) != wanted - present:
        raise TeamNeededError
    repository.take_out_of_teams(session, patient.id, present - wanted)
    _put_in_teams(session, patient, wanted - present)
    _note(
        session,
        caller,
        "patient.set_teams",
        patient,
        added=sorted(map(str, wanted - present)),
        removed=sorted(map(str, present - wanted)),
    )
    return read(session, caller, patient)


def void(session: Session, caller: Caller, patient_id: UUID, reason: str) -> PatientRead:
    """Take the record out of use; it and all that is in it stays and can be brought back.

    Raises NotFoundError, PatientNotInUseError.
    """
    patient = to_change(session, caller, patient_id)
    voiding.void(session, caller, patient, reason)
    consents.stop_jobs(session, patient.id, "The record was taken out of use.")
    _note(session, caller, "patient.void", patient)
    return read(session, caller, patient)


def unvoid(session: Session, caller: Caller, patient_id: UUID) -> PatientRead:
    """Bring a void record back; raises NotFoundError, NotVoidError."""
    patient = repository.one_of_any_state(session, caller, patient_id)
    if patient is None:
        raise NotFoundError
    voiding.unvoid(session, patient)
    _note(session, caller, "patient.unvoid", patient)
    return read(session, caller, patient)


def history(session: Session, caller: Caller, patient_id: UUID, paging: Paging) -> Page[Change]:
    """What was changed about the patient, by whom, the newest first; raises NotFoundError.

    What was done to records that were merged into this one is part of it.
    """
    records = resemblance.family(session, _one(session, caller, patient_id))
    ids = [record.id for record in records]
    rows, total = repository.history(session, ids, paging.limit, paging.offset)
    return paging.page([Change.of(row) for row in rows], total)


def to_change(session: Session, caller: Caller, patient_id: UUID) -> Patient:
    """The record, held until the end; raises NotFoundError, PatientNotInUseError.

    Services of what belongs to patients call it before they add something.
    """
    patient = repository.one_to_change(session, caller, patient_id)
    if patient is not None:
        return patient
    seen = repository.one(session, caller, patient_id)
    if seen is not None and state_of(seen) is not PatientState.ACTIVE:
        raise PatientNotInUseError(extra={"merged_into_id": _text(seen.merged_into_id)})
    raise NotFoundError


def state_of(patient: Patient) -> PatientState:
    """Where the record stands."""
    if patient.merged_into_id is not None:
        return PatientState.MERGED
    return PatientState.ACTIVE if patient.voided_at is None else PatientState.VOID


def read(session: Session, caller: Caller, patient: Patient) -> PatientRead:
    """The record as it is told."""
    return PatientRead(
        id=patient.id,
        pseudonym=patient.pseudonym,
        birth_year=patient.birth_year,
        sex=patient.sex,
        state=state_of(patient),
        merged_into_id=patient.merged_into_id,
        voided_at=patient.voided_at,
        void_reason=patient.void_reason,
        teams=[
            TeamRead(id=team.id, name=team.name)
            for team in repository.teams_of(session, patient.id)
        ],
        care_consent=_care_consents(session, caller, [patient.id]).get(patient.id),
        last_visit=_last_visit(
            repository.last_visits(session, caller, [patient.id]).get(patient.id)
        ),
        created_at=patient.created_at,
        created_by_id=patient.created_by_id,
        version=patient.version,
    )


def _one(session: Session, caller: Caller, patient_id: UUID) -> Patient:
    patient = repository.one(session, caller, patient_id)
    if patient is None:
        raise NotFoundError
    return patient


def _identity(patient: Patient) -> IdentityRead:
    return IdentityRead(
        id=patient.id,
        pseudonym=patient.pseudonym,
        name=patient.name,
        mrn=patient.mrn,
        version=patient.version,
    )


def _contact(patient: Patient) -> ContactRead:
    return ContactRead(
        id=patient.id, contact=patient.contact, notes=patient.notes, version=patient.version
    )


def _last_visit(visit: Visit | None) -> LastVisit | None:
    if visit is None:
        return None
    return LastVisit(id=visit.id, visited_on=visit.visited_on, signed=visit.signed_at is not None)


def _care_consents(
    session: Session, caller: Caller, patient_ids: Collection[UUID]
) -> dict[UUID, ConsentStanding]:
    if not caller.may(Permission.CONSENT_READ):
        return {}
    missing = dict.fromkeys(patient_ids, ConsentStanding.MISSING)
    return missing | repository.care_consents(session, caller, patient_ids)


def _expect(session: Session, patient: Patient, based_on: int) -> None:
    def changed() -> list[str]:
        since = (Change.of(entry).detail for entry in repository.edits(session, patient.id))
        return [
            name
            for detail in since
            if detail.get("version", 0) > based_on
            for name in detail.get("fields", [])
        ]

    expect(patient.version, based_on, changed)


def _edited(session: Session, caller: Caller, patient: Patient, fields: list[str]) -> None:
    if fields:
        _flush(session)
        _note(session, caller, "patient.edit", patient, fields=sorted(fields))


def _flush(session: Session) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        # Somebody took the pseudonym between the check and now.
        raise PseudonymTakenError from error


def _check_birth_year(session: Session, birth_year: int | None) -> None:
    if birth_year is not None and birth_year > now(session).year:
        raise InvalidError("The year of birth is in the future.")


def _teams_for(session: Session, caller: Caller, asked: Collection[UUID]) -> set[UUID]:
    """The care teams of a new patient; clinicians choose among their own."""
    anywhere = Reach.ALL in caller.reach
    team_ids = set(asked)
    if not team_ids and len(caller.team_ids) == 1:
        team_ids = set(caller.team_ids)
    allowed = team_ids if anywhere else team_ids & caller.team_ids
    if not team_ids or repository.usable_teams(session, allowed) != team_ids:
        raise TeamNeededError
    return team_ids


def _put_in_teams(session: Session, patient: Patient, team_ids: Iterable[UUID]) -> None:
    repository.put_in_teams(
        session,
        [
            PatientTeam(patient_id=patient.id, team_id=team_id, created_at=now(session))
            for team_id in team_ids
        ],
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _note(
    session: Session, caller: Caller, action: str, patient: Patient, **detail: object
) -> None:
    audit.record(
        session,
        caller,
        action,
        "patient",
        patient.id,
        patient_id=patient.id,
        detail={"version": patient.version, **detail},
    )
