"""What the API says and hears about patients; what identifies them is apart from the rest."""

from __future__ import annotations

import json
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.db.models import AuditEntry, Sex

# It stands in file names and addresses, so it is plain ASCII without separators.
Pseudonym = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{1,31}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Mrn = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"[^\W_]")
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
BirthYear = Annotated[int, Field(ge=1880, le=2200)]

PatientSort = Literal[
    "pseudonym", "-pseudonym", "last_visit", "-last_visit", "created_at", "-created_at"
]


class PatientState(StrEnum):
    """Where the record stands."""

    ACTIVE = "active"
    VOID = "void"
    MERGED = "merged"


class ConsentStanding(StrEnum):
    """Whether a purpose is agreed to."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    MISSING = "missing"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PatientCreate(_Body):
    """A new patient. Without a pseudonym one is drawn; without teams it goes to the only own one.

    `although_similar` says that the caller knows of the records that look like the same person.
    """

    pseudonym: Pseudonym | None = None
    name: Name | None = None
    mrn: Mrn | None = None
    birth_year: BirthYear | None = None
    sex: Sex = Sex.UNKNOWN
    contact: Text | None = None
    notes: Text | None = None
    team_ids: Annotated[frozenset[UUID], Field(max_length=20)] = frozenset()
    although_similar: bool = False


class Description(_Body):
    """What describes a patient, complete: it replaces what was there."""

    pseudonym: Pseudonym
    birth_year: BirthYear | None
    sex: Sex


class Identity(_Body):
    """What identifies a patient, complete: it replaces what was there."""

    name: Name | None
    mrn: Mrn | None
    although_similar: bool = False


class Contact(_Body):
    """Contact and notes, complete: they replace what was there."""

    contact: Text | None
    notes: Text | None


class Teams(_Body):
    """The care teams of a patient, complete: they replace those there were."""

    team_ids: Annotated[frozenset[UUID], Field(min_length=1, max_length=20)]


class LastVisit(BaseModel):
    """The newest visit."""

    id: UUID
    visited_on: date
    signed: bool


class PatientFilter(_Body):
    """Which patients are listed."""

    state: PatientState = PatientState.ACTIVE
    care_consent: ConsentStanding | None = None
    team_id: UUID | None = None
    sort: PatientSort = "-last_visit"


class PatientQuery(PatientFilter):
    """Which patients are looked for.

    `q` is what was typed: the beginning of a pseudonym, the beginnings of words of the name, or a
    whole record number. It may identify somebody, so it never stands in an address.
    """

    q: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


class PatientSummary(BaseModel):
    """A line of the list; whom it is about is asked for apart."""

    id: UUID
    pseudonym: str
    birth_year: int | None
    sex: Sex
    state: PatientState
    care_consent: ConsentStanding | None
    last_visit: LastVisit | None
    created_at: datetime
    version: int


class TeamRead(BaseModel):
    """A care team of the patient."""

    id: UUID
    name: str


class PatientRead(BaseModel):
    """A patient's record without what identifies."""

    id: UUID
    pseudonym: str
    birth_year: int | None
    sex: Sex
    state: PatientState
    merged_into_id: UUID | None
    voided_at: datetime | None
    void_reason: str | None
    teams: list[TeamRead]
    care_consent: ConsentStanding | None
    last_visit: LastVisit | None
    created_at: datetime
    created_by_id: UUID | None
    version: int


class IdentityRead(BaseModel):
    """Who the patient is; every reading is in the audit log."""

    id: UUID
    pseudonym: str
    name: str | None
    mrn: str | None
    version: int


class ContactRead(BaseModel):
    """How to reach the patient, and notes."""

    id: UUID
    contact: str | None
    notes: str | None
    version: int


class Change(BaseModel):
    """One entry of a record's history."""

    at: datetime
    actor_id: UUID | None
    action: str
    object_type: str
    object_id: str | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, entry: AuditEntry) -> Change:
        """The entry of the audit log as it is told."""
        return cls(
            at=entry.at,
            actor_id=entry.actor_id,
            action=entry.action,
            object_type=entry.object_type,
            object_id=entry.object_id,
            detail=json.loads(entry.detail),
        )
