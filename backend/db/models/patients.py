"""Tables of patients: identity, consents, episodes of illness and what happened in them, visits."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, Created, Identified, OfPatient, Versioned, Voidable
from backend.db.types import Sealed


class Sex(StrEnum):
    """As in FHIR's administrative gender."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class AffectedSide(StrEnum):
    """The patient's own side; `both` has no healthy side to compare with."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    NONE = "none"


class Purpose(StrEnum):
    """What a consent is given for."""

    CARE = "care"
    RESEARCH = "research"
    TEACHING = "teaching"
    MODEL_TRAINING = "model_training"


class EventKind(StrEnum):
    """What happened in an episode; shown on the time line."""

    SURGERY = "surgery"
    INJECTION = "injection"
    THERAPY = "therapy"
    MEDICATION = "medication"
    OTHER = "other"


class Patient(Identified, Versioned, Created, Voidable, Base):
    """A person in care. What identifies is sealed; look-up goes by keyed hashes.

    `pseudonym` is what the interface shows. `birth_year` alone is kept of the birthday. A patient
    merged into another has `merged_into_id` and owns nothing any more; see `PatientMerge`.
    `last_visit_on` follows the visits (`backend.patients.repository.note_last_visit`), since
    finding it for all patients of a list takes longer than the list.
    """

    __tablename__ = "patients"

    pseudonym: Mapped[str] = mapped_column(String(32), unique=True)
    name_sealed: Mapped[bytes | None]
    mrn_sealed: Mapped[bytes | None]
    mrn_hash: Mapped[bytes | None] = mapped_column(index=True)
    contact_sealed: Mapped[bytes | None]
    notes_sealed: Mapped[bytes | None]
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    sex: Mapped[Sex]
    last_visit_on: Mapped[date | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"), index=True)

    name = Sealed("name_sealed")
    mrn = Sealed("mrn_sealed")
    contact = Sealed("contact_sealed")
    notes = Sealed("notes_sealed")


class PatientSearchToken(Base):
    """Keyed hash of the beginning of a word of the name, for the search while typing."""

    __tablename__ = "patient_search_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(
        ForeignKey("patients.id"), primary_key=True, index=True
    )


class PatientMerge(Identified, Base):
    """Two records of one person made one; `moved` (table -> ids) lets it be undone."""

    __tablename__ = "patient_merges"

    kept_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    merged_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    moved: Mapped[dict[str, Any]]
    reason_sealed: Mapped[bytes | None]
    merged_at: Mapped[datetime]
    merged_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))

    reason = Sealed("reason_sealed")


class Consent(Identified, Created, OfPatient, Base):
    """A consent to one purpose; it stands until withdrawn. A new one is a new row.

    `signed_on` is the date on the paper; `attachment_blob_id` its scan; `signatory` who signed,
    when it was not the patient.
    """

    __tablename__ = "consents"
    __table_args__ = (Index(None, "patient_id", "purpose"),)

    purpose: Mapped[Purpose]
    signed_on: Mapped[date]
    signatory_sealed: Mapped[bytes | None]
    attachment_blob_id: Mapped[UUID | None] = mapped_column(ForeignKey("blobs.id"), index=True)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    withdrawal_reason_sealed: Mapped[bytes | None]

    signatory = Sealed("signatory_sealed")
    withdrawal_reason = Sealed("withdrawal_reason_sealed")


class Episode(Identified, Versioned, Created, Voidable, OfPatient, Base):
    """One illness of the face: which side, from what, since when."""

    __tablename__ = "episodes"

    affected_side: Mapped[AffectedSide]
    cause: Mapped[str]
    onset_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    notes_sealed: Mapped[bytes | None]

    notes = Sealed("notes_sealed")


class EpisodeEvent(Identified, Versioned, Created, Voidable, OfPatient, Base):
    """Something that happened in an episode: an operation, an injection, the start of therapy."""

    __tablename__ = "episode_events"

    episode_id: Mapped[UUID] = mapped_column(ForeignKey("episodes.id"), index=True)
    kind: Mapped[EventKind]
    happened_on: Mapped[date]
    title: Mapped[str]
    details_sealed: Mapped[bytes | None]

    details = Sealed("details_sealed")


class ProtocolVersion(Created, Base):
    """The movement protocol as an administrator left it; the highest number is in force."""

    __tablename__ = "protocol_versions"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]]
    comment: Mapped[str]


class Visit(Identified, Versioned, Created, Voidable, OfPatient, Base):
    """One appointment with its recordings. `visited_on` is the day where the clinic is.

    `started_at` is the instant. `signed_at` tells that the newest sign-off stands.
    """

    __tablename__ = "visits"
    __table_args__ = (Index(None, "patient_id", "visited_on"),)

    episode_id: Mapped[UUID | None] = mapped_column(ForeignKey("episodes.id"), index=True)
    visited_on: Mapped[date]
    started_at: Mapped[datetime]
    title: Mapped[str]
    notes_sealed: Mapped[bytes | None]
    protocol_number: Mapped[int | None] = mapped_column(ForeignKey("protocol_versions.number"))
    signed_at: Mapped[datetime | None]

    notes = Sealed("notes_sealed")
