"""Queries of consents."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import (
    Consent,
    Job,
    JobState,
    Patient,
    Purpose,
    Upload,
    UploadKind,
    UploadState,
)
from backend.scope import readable, standing_consent, unscoped, writable


def stands(session: Session, patient_id: UUID, purpose: Purpose) -> bool:
    """Whether the patient agrees to the purpose now."""
    agreeing = unscoped(Patient, because="it refuses what a patient did not agree to").where(
        Patient.id == patient_id, standing_consent(Patient.id, purpose)
    )
    return session.scalar(agreeing.with_only_columns(Patient.id)) is not None


def patient_exists(session: Session, caller: Caller, patient_id: UUID) -> bool:
    """Whether the caller may see the consents of this patient."""
    patients = readable(caller, Patient).where(Patient.id == patient_id)
    return session.scalar(patients.with_only_columns(Patient.id)) is not None


def patient_to_record(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """The patient, held until the end so that a withdrawal and a new consent follow each other."""
    return session.scalar(
        writable(caller, Patient).where(Patient.id == patient_id).with_for_update()
    )


def page(
    session: Session, caller: Caller, patient_id: UUID, limit: int, offset: int
) -> tuple[Sequence[Consent], int]:
    """Some consents of a patient, the newest first, and how many there are."""
    consents = readable(caller, Consent).where(Consent.patient_id == patient_id)
    total = session.scalar(consents.with_only_columns(func.count(), maintain_column_froms=True))
    newest = consents.order_by(Consent.created_at.desc(), Consent.id.desc())
    return session.scalars(newest.limit(limit).offset(offset)).all(), int(total or 0)


def one(session: Session, caller: Caller, consent_id: UUID) -> Consent | None:
    """A consent that the caller may see."""
    return session.scalar(readable(caller, Consent).where(Consent.id == consent_id))


def one_to_change(session: Session, caller: Caller, consent_id: UUID) -> Consent | None:
    """A consent that the caller may change, held until the end."""
    return session.scalar(
        writable(caller, Consent).where(Consent.id == consent_id).with_for_update()
    )


def standing(session: Session, caller: Caller, of: Consent) -> Sequence[Consent]:
    """All consents of the same patient to the same purpose that stand, held until the end."""
    return session.scalars(
        writable(caller, Consent)
        .where(
            Consent.patient_id == of.patient_id,
            Consent.purpose == of.purpose,
            Consent.withdrawn_at.is_(None),
        )
        .with_for_update()
    ).all()


def scan_of(session: Session, patient_id: UUID, upload_id: UUID) -> UUID | None:
    """The blob of an accepted scan of a consent of this patient."""
    return session.scalar(
        unscoped(Upload, because="the patient was reached by the caller's rights")
        .where(
            Upload.id == upload_id,
            Upload.patient_id == patient_id,
            Upload.kind == UploadKind.CONSENT,
            Upload.state == UploadState.ACCEPTED,
        )
        .with_only_columns(Upload.blob_id)
    )


def jobs_under_way(session: Session, patient_id: UUID) -> Sequence[Job]:
    """The patient's jobs that wait or run, held until the end."""
    return session.scalars(
        unscoped(Job, because="what a patient forbids ends, whoever started it")
        .where(Job.patient_id == patient_id, Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
        .with_for_update()
    ).all()
