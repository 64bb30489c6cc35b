"""The statements that every query of patient data starts from, cut to what the caller may reach.

Which rights there are is in `backend.access`; what is asked beyond the scope, in the repositories.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Delete,
    Select,
    Update,
    and_,
    delete,
    exists,
    false,
    or_,
    select,
    true,
    update,
)

from backend.access import NEEDS_CARE_CONSENT, Caller, Reach
from backend.db.base import Base
from backend.db.models import Consent, Patient, PatientTeam, Purpose

Entity = TypeVar("Entity", bound=Base)


def readable(caller: Caller, entity: type[Entity]) -> Select[Entity]:
    """The rows of `entity` that the caller may see under the right of the present endpoint.

    `entity` is Patient or a table with `patient_id`; rows without a patient need `Reach.ALL`.
    Rights that need consent to care see nothing of patients who withdrew it or are void.
    """
    patient_id = _patient_id(entity)
    conditions = [_reached(caller, caller.reach, patient_id)]
    if caller.permission in NEEDS_CARE_CONSENT:
        conditions.append(standing_consent(patient_id, Purpose.CARE))
        conditions.append(_in_use(patient_id))
    return select(entity).where(and_(*conditions))


def writable(caller: Caller, entity: type[Entity]) -> Select[Entity]:
    """The rows of `entity` that the caller may change: never through break-glass, never of a
    void or merged patient."""
    patient_id = _patient_id(entity)
    reach = caller.reach - {Reach.BREAK_GLASS, Reach.RESEARCH}
    conditions = [_reached(caller, reach, patient_id), _in_use(patient_id)]
    if caller.permission in NEEDS_CARE_CONSENT:
        conditions.append(standing_consent(patient_id, Purpose.CARE))
    return select(entity).where(and_(*conditions))


def unscoped(entity: type[Entity], *, because: str) -> Select[Entity]:
    """All rows of `entity`; `because` tells the reader of the code why nobody's rights apply."""
    if not because:
        raise ValueError("an unscoped query needs a reason")
    return select(entity)


def unscoped_update(entity: type[Entity], *, because: str) -> Update[()]:
    """A change of rows of `entity` in one statement; the reason is as that of `unscoped`."""
    unscoped(entity, because=because)
    return update(entity)


def unscoped_delete(entity: type[Entity], *, because: str) -> Delete[()]:
    """A removal of rows of `entity` in one statement; the reason is as that of `unscoped`."""
    unscoped(entity, because=because)
    return delete(entity)


def standing_consent(patient_id: Any, purpose: Purpose) -> ColumnElement[bool]:
    """Condition: a consent of this patient to `purpose` stands."""
    return exists().where(
        Consent.patient_id == patient_id,
        Consent.purpose == purpose,
        Consent.withdrawn_at.is_(None),
    )


def _patient_id(entity: type[Base]) -> Any:
    return Patient.id if entity is Patient else entity.patient_id  # type: ignore[attr-defined]


def _reached(caller: Caller, reach: frozenset[Reach], patient_id: Any) -> ColumnElement[bool]:
    if Reach.ALL in reach:
        return true()
    ways: list[ColumnElement[bool]] = []
    if Reach.OWN in reach:
        own = select(PatientTeam.patient_id).where(PatientTeam.team_id.in_(caller.team_ids))
        ways.append(patient_id.in_(own))
        ways.append(patient_id.in_(caller.invited_patient_ids))
    if Reach.BREAK_GLASS in reach:
        ways.append(patient_id.in_(caller.glass_patient_ids))
    if Reach.RESEARCH in reach:
        ways.append(
            and_(standing_consent(patient_id, Purpose.RESEARCH), _in_use(patient_id)),
        )
    return or_(false(), *ways)


def _in_use(patient_id: Any) -> ColumnElement[bool]:
    kept = select(Patient.id).where(Patient.voided_at.is_(None), Patient.merged_into_id.is_(None))
    condition: ColumnElement[bool] = patient_id.in_(kept)
    return condition
