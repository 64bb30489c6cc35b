"""What is done with consents, and the check that refuses what the patient did not agree to."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.blobs import service as blobs
from backend.consents import repository
from backend.consents.errors import (
    AttachmentThereError,
    ConsentMissingError,
    ConsentWithdrawnError,
    UnusableAttachmentError,
)
from backend.consents.schemas import ConsentRead, ConsentRecord
from backend.db.models import Blob, Consent, JobState, Purpose
from backend.db.session import now
from backend.jobs import service as jobs
from backend.kit.errors import InvalidError, NotFoundError
from backend.kit.pagination import Page, Paging

# The clinic's day may have begun already where it still is yesterday in UTC.
_AHEAD = timedelta(days=1)


def stands(session: Session, patient_id: UUID, purpose: Purpose) -> bool:
    """Whether the patient agrees to the purpose now."""
    return repository.stands(session, patient_id, purpose)


def require(session: Session, patient_id: UUID, purpose: Purpose) -> None:
    """Raise ConsentMissingError (409) unless a consent of the patient to `purpose` stands."""
    if not repository.stands(session, patient_id, purpose):
        raise ConsentMissingError.to(purpose)


def of_patient(
    session: Session, caller: Caller, patient_id: UUID, paging: Paging
) -> Page[ConsentRead]:
    """All consents of a patient, the newest first; raises NotFoundError."""
    if not repository.patient_exists(session, caller, patient_id):
        raise NotFoundError
    rows, total = repository.page(session, caller, patient_id, paging.limit, paging.offset)
    return paging.page([read(row) for row in rows], total)


def record(
    session: Session, caller: Caller, patient_id: UUID, signed: ConsentRecord
) -> ConsentRead:
    """Keep a signed consent; raises NotFoundError, InvalidError, UnusableAttachmentError."""
    patient = repository.patient_to_record(session, caller, patient_id)
    if patient is None:
        raise NotFoundError
    if signed.signed_on > (now(session) + _AHEAD).date():
        raise InvalidError("The day of the signature is in the future.")
    consent = Consent(
        patient_id=patient.id,
        purpose=signed.purpose,
        signed_on=signed.signed_on,
        created_at=now(session),
        created_by_id=caller.user_id,
    )
    session.add(consent)
    consent.signatory = signed.signatory
    if signed.attachment_upload_id is not None:
        consent.attachment_blob_id = _scan(session, patient.id, signed.attachment_upload_id)
    session.flush()
    _note(session, caller, "consent.record", consent)
    return read(consent)


def withdraw(session: Session, caller: Caller, consent_id: UUID, reason: str | None) -> ConsentRead:
    """Take back what the patient agreed to: every consent to this purpose ends.

    Without consent to care, jobs of the patient are cancelled; the rights that show faces and
    results find nothing any more. Raises NotFoundError, ConsentWithdrawnError.
    """
    consent = repository.one_to_change(session, caller, consent_id)
    if consent is None:
        raise NotFoundError
    if consent.withdrawn_at is not None:
        raise ConsentWithdrawnError
    for standing in repository.standing(session, caller, consent):
        standing.withdrawn_at = now(session)
        standing.withdrawn_by_id = caller.user_id
        standing.withdrawal_reason = reason
    session.flush()
    if consent.purpose is Purpose.CARE:
        stop_jobs(session, consent.patient_id, "The patient withdrew the consent to care.")
    _note(session, caller, "consent.withdraw", consent)
    return read(consent)


def attach(session: Session, caller: Caller, consent_id: UUID, upload_id: UUID) -> ConsentRead:
    """Add the scan of the signed paper, once.

    Raises NotFoundError, AttachmentThereError, UnusableAttachmentError.
    """
    consent = repository.one_to_change(session, caller, consent_id)
    if consent is None:
        raise NotFoundError
    if consent.attachment_blob_id is not None:
        raise AttachmentThereError
    consent.attachment_blob_id = _scan(session, consent.patient_id, upload_id)
    session.flush()
    _note(session, caller, "consent.attach", consent)
    return read(consent)


def attachment(session: Session, caller: Caller, consent_id: UUID) -> Blob:
    """The scan of a consent, for showing; the look is audited. Raises NotFoundError."""
    consent = repository.one(session, caller, consent_id)
    if consent is None or consent.attachment_blob_id is None:
        raise NotFoundError
    _note(session, caller, "consent.read_attachment", consent)
    return blobs.get(session, consent.attachment_blob_id)


def stop_jobs(session: Session, patient_id: UUID, reason: str) -> None:
    """End all work on the patient's recordings; what a worker has begun is never published."""
    for job in repository.jobs_under_way(session, patient_id):
        jobs.end(session, job, JobState.CANCELLED, code="stopped", reason=reason)


def read(consent: Consent) -> ConsentRead:
    """The row as it is told."""
    return ConsentRead(
        id=consent.id,
        patient_id=consent.patient_id,
        purpose=consent.purpose,
        stands=consent.withdrawn_at is None,
        signed_on=consent.signed_on,
        signatory=consent.signatory,
        has_attachment=consent.attachment_blob_id is not None,
        withdrawn_at=consent.withdrawn_at,
        withdrawn_by_id=consent.withdrawn_by_id,
        withdrawal_reason=consent.withdrawal_reason,
        created_at=consent.created_at,
        created_by_id=consent.created_by_id,
    )


def _scan(session: Session, patient_id: UUID, upload_id: UUID) -> UUID:
    blob_id = repository.scan_of(session, patient_id, upload_id)
    if blob_id is None:
        raise UnusableAttachmentError
    return blob_id


def _note(session: Session, caller: Caller, action: str, consent: Consent) -> None:
    audit.record(
        session,
        caller,
        action,
        "consent",
        consent.id,
        patient_id=consent.patient_id,
        detail={"purpose": consent.purpose.value},
    )
