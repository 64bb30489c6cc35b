"""Queries of patients' records; merging has its own in `merging`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from backend.access import Caller, Permission, Reach
from backend.db.models import (
    AuditEntry,
    Consent,
    Patient,
    PatientSearchToken,
    PatientTeam,
    Purpose,
    Team,
    Visit,
)
from backend.db.session import keys_of
from backend.patients.names import mrn_hash, pseudonym_hash, sought_hashes
from backend.patients.schemas import ConsentStanding, PatientQuery, PatientSort, PatientState
from backend.scope import readable, standing_consent, unscoped, writable

# What the audit log's actions have in them that tell of looking or taking away, not of changing.
_LOOKS = ("face.", "measures.", "export.", ".read", ".look_up")
_NARROWS = "it narrows a statement that is scoped to the caller"


def one(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """The record, None when the caller may not see it under the present right."""
    return session.scalar(readable(caller, Patient).where(Patient.id == patient_id))


def one_to_change(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """The record, held until the end; None when the caller may not change it, or it is void."""
    return session.scalar(
        writable(caller, Patient).where(Patient.id == patient_id).with_for_update()
    )


def one_of_any_state(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """The record, held until the end, also when it is void or merged."""
    return session.scalar(
        readable(caller, Patient).where(Patient.id == patient_id).with_for_update()
    )


def listed(
    session: Session, caller: Caller, query: PatientQuery, limit: int, offset: int
) -> tuple[Sequence[Patient], int]:
    """The page of the list and how many patients there are on all pages."""
    patients = readable(caller, Patient).where(*_conditions(session, caller, query))
    total = session.scalar(patients.with_only_columns(func.count(), maintain_column_froms=True))
    rows = session.scalars(_sorted(caller, patients, query.sort).limit(limit).offset(offset)).all()
    return rows, int(total or 0)


def note_last_visit(session: Session, patient_id: UUID) -> None:
    """Keep the day of the patient's newest visit; whoever changes visits calls it afterwards.

    The record's version stays: nobody changed what it says of the patient.
    """
    days = unscoped(Visit, because="it keeps what the visits say, for everybody").where(
        Visit.patient_id == patient_id, Visit.voided_at.is_(None)
    )
    newest = days.with_only_columns(func.max(Visit.visited_on)).scalar_subquery()
    session.execute(
        update(Patient)
        .where(Patient.id == patient_id)
        .values(last_visit_on=newest)
        .execution_options(synchronize_session=False)
    )


def several(session: Session, caller: Caller, patient_ids: Collection[UUID]) -> Sequence[Patient]:
    """Those of the records that the caller may see, by pseudonym."""
    return session.scalars(
        readable(caller, Patient).where(Patient.id.in_(patient_ids)).order_by(Patient.pseudonym)
    ).all()


def last_visits(
    session: Session, caller: Caller, patient_ids: Collection[UUID]
) -> dict[UUID, Visit]:
    """Patient -> newest visit that the caller may see."""
    newest_first = (
        func.row_number()
        .over(
            partition_by=Visit.patient_id,
            order_by=(Visit.visited_on.desc(), Visit.started_at.desc(), Visit.id.desc()),
        )
        .label("place")
    )
    visits = readable(caller.acting(Permission.VISIT_READ), Visit).where(
        Visit.voided_at.is_(None), Visit.patient_id.in_(patient_ids)
    )
    ranked = visits.with_only_columns(Visit.id, newest_first).subquery()
    newest = select(ranked.c.id).where(ranked.c.place == 1)
    found = session.scalars(visits.where(Visit.id.in_(newest)))
    return {visit.patient_id: visit for visit in found}


def care_consents(
    session: Session, caller: Caller, patient_ids: Collection[UUID]
) -> dict[UUID, ConsentStanding]:
    """Patient -> how the consent to care stands; those missing have none."""
    stands = func.max(case((Consent.withdrawn_at.is_(None), 1), else_=0))
    rows = session.execute(
        readable(caller.acting(Permission.CONSENT_READ), Consent)
        .where(Consent.patient_id.in_(patient_ids), Consent.purpose == Purpose.CARE)
        .with_only_columns(Consent.patient_id, stands)
        .group_by(Consent.patient_id)
    )
    return {
        patient_id: ConsentStanding.GRANTED if granted else ConsentStanding.WITHDRAWN
        for patient_id, granted in rows
    }


def teams_of(session: Session, patient_id: UUID) -> Sequence[Team]:
    """The care teams of a patient whom the caller may see, by name."""
    return session.scalars(
        unscoped(Team, because="the patient was reached by the caller's rights")
        .join(PatientTeam, PatientTeam.team_id == Team.id)
        .where(PatientTeam.patient_id == patient_id)
        .order_by(Team.name)
    ).all()


def usable_teams(session: Session, team_ids: Collection[UUID]) -> set[UUID]:
    """Those of the teams that exist and are not archived."""
    teams = unscoped(Team, because="teams are checked against the caller by the service")
    return set(
        session.scalars(
            teams.where(Team.id.in_(team_ids), Team.archived_at.is_(None)).with_only_columns(
                Team.id
            )
        )
    )


def pseudonym_exists(session: Session, pseudonym: str, besides: UUID | None = None) -> bool:
    """Whether another record of the site has this pseudonym, in whatever case it is written."""
    taken = unscoped(Patient, because="pseudonyms are unique on the whole site").where(
        func.lower(Patient.pseudonym) == pseudonym.lower(), _besides(besides)
    )
    return bool(session.scalar(select(taken.exists())))


def same_mrn(
    session: Session, caller: Caller, hashed: bytes, besides: UUID | None
) -> tuple[list[Patient], bool]:
    """The records of this number in the caller's reach, and whether there are others."""
    same = and_(Patient.mrn_hash == hashed, Patient.merged_into_id.is_(None), _besides(besides))
    seen = list(session.scalars(_visible(caller).where(same)))
    others = unscoped(Patient, because="that a number is in use is told, not by whom").where(
        same, Patient.id.not_in([patient.id for patient in seen])
    )
    return seen, bool(session.scalar(select(others.exists())))


def same_words(
    session: Session, caller: Caller, name: str, birth_year: int, besides: UUID | None
) -> Sequence[Patient]:
    """Records in the caller's reach of this birth year that have all words of the name."""
    return session.scalars(
        _visible(caller).where(
            Patient.birth_year == birth_year,
            Patient.merged_into_id.is_(None),
            _besides(besides),
            _has_words(session, name),
        )
    ).all()


def put_in_teams(session: Session, rows: Iterable[PatientTeam]) -> None:
    """Add the patient to care teams."""
    session.add_all(rows)
    session.flush()


def take_out_of_teams(session: Session, patient_id: UUID, team_ids: Collection[UUID]) -> None:
    """Remove the patient from care teams."""
    for row in session.scalars(
        unscoped(PatientTeam, because="the patient was reached by the caller's rights").where(
            PatientTeam.patient_id == patient_id, PatientTeam.team_id.in_(team_ids)
        )
    ):
        session.delete(row)
    session.flush()


def merged_into(session: Session, patient_id: UUID) -> Sequence[Patient]:
    """The records that ended in this one directly."""
    return session.scalars(
        unscoped(Patient, because="a record is found by what was merged into it").where(
            Patient.merged_into_id == patient_id
        )
    ).all()


def index(session: Session, patient_id: UUID, hashes: Collection[bytes]) -> None:
    """Let the record be found by these hashes and no others."""
    present = {
        row.token_hash: row
        for row in session.scalars(
            unscoped(PatientSearchToken, because="the record was reached before").where(
                PatientSearchToken.patient_id == patient_id
            )
        )
    }
    for hashed in present.keys() - hashes:
        session.delete(present[hashed])
    session.add_all(
        PatientSearchToken(patient_id=patient_id, token_hash=hashed)
        for hashed in sorted(set(hashes) - present.keys())
    )
    session.flush()


def history(
    session: Session, patient_ids: Collection[UUID], limit: int, offset: int
) -> tuple[Sequence[AuditEntry], int]:
    """What was changed about these records, the newest first, and how many changes there are."""
    changes = unscoped(AuditEntry, because="the patient was reached by the caller's rights").where(
        AuditEntry.patient_id.in_(patient_ids),
        *(~AuditEntry.action.contains(look, autoescape=True) for look in _LOOKS),
    )
    total = session.scalar(changes.with_only_columns(func.count(), maintain_column_froms=True))
    newest = changes.order_by(AuditEntry.sequence.desc()).limit(limit).offset(offset)
    return session.scalars(newest).all(), int(total or 0)


def edits(session: Session, patient_id: UUID) -> Sequence[AuditEntry]:
    """The changes of the record itself."""
    return session.scalars(
        unscoped(AuditEntry, because="the patient was reached by the caller's rights").where(
            AuditEntry.patient_id == patient_id,
            AuditEntry.object_type == "patient",
            AuditEntry.object_id == str(patient_id),
        )
    ).all()


def _visible(caller: Caller) -> Select[Patient]:
    return readable(caller.acting(Permission.PATIENT_READ), Patient)


def _besides(patient_id: UUID | None) -> ColumnElement[bool]:
    return Patient.id != patient_id


def _conditions(session: Session, caller: Caller, query: PatientQuery) -> list[ColumnElement[bool]]:
    conditions = [_in_state(query.state)]
    if query.q:
        conditions.append(_matches(session, caller, query.q))
    if query.team_id is not None:
        in_team = unscoped(PatientTeam, because=_NARROWS).where(
            PatientTeam.patient_id == Patient.id, PatientTeam.team_id == query.team_id
        )
        conditions.append(in_team.exists())
    if query.care_consent is not None:
        stands = standing_consent(Patient.id, Purpose.CARE)
        given = (
            unscoped(Consent, because=_NARROWS)
            .where(Consent.patient_id == Patient.id, Consent.purpose == Purpose.CARE)
            .exists()
        )
        conditions.append(
            {
                ConsentStanding.GRANTED: stands,
                ConsentStanding.WITHDRAWN: and_(~stands, given),
                ConsentStanding.MISSING: ~given,
            }[query.care_consent]
        )
    return conditions


def _in_state(state: PatientState) -> ColumnElement[bool]:
    merged = Patient.merged_into_id.is_not(None)
    void = Patient.voided_at.is_not(None)
    return {
        PatientState.ACTIVE: and_(~merged, ~void),
        PatientState.VOID: and_(~merged, void),
        PatientState.MERGED: merged,
    }[state]


def _matches(session: Session, caller: Caller, typed: str) -> ColumnElement[bool]:
    ways = [Patient.pseudonym.istartswith(typed, autoescape=True)]
    keys = keys_of(session)
    whole = [pseudonym_hash(keys, typed)]
    if caller.may(Permission.PATIENT_IDENTITY):
        whole.append(mrn_hash(keys, typed))
        if sought_hashes(keys, typed):
            ways.append(_has_words(session, typed))
    ways.append(_indexed(PatientSearchToken.token_hash.in_(whole)))
    return or_(*ways)


def _has_words(session: Session, typed: str) -> ColumnElement[bool]:
    return and_(
        *(
            _indexed(PatientSearchToken.token_hash == hashed)
            for hashed in sought_hashes(keys_of(session), typed)
        )
    )


def _indexed(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    found = unscoped(PatientSearchToken, because=_NARROWS).where(condition)
    return Patient.id.in_(found.with_only_columns(PatientSearchToken.patient_id))


def _sorted(caller: Caller, patients: Select[Patient], sort: PatientSort) -> Select[Patient]:
    descending, key = sort.startswith("-"), sort.removeprefix("-")
    if key == "last_visit" and Reach.OWN in caller.reach_of(Permission.VISIT_READ):
        column: ColumnElement[Any] = Patient.last_visit_on.expression
    elif key == "created_at":
        column = Patient.created_at.expression
    else:
        column = Patient.pseudonym.expression
    order = (column.desc() if descending else column.asc()).nulls_last()
    return patients.order_by(order, Patient.pseudonym)
