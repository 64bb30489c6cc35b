"""Routes of consents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, status
from fastapi.responses import Response

from backend.access import Caller, Permission
from backend.blobs import service as blobs
from backend.consents import service
from backend.consents.errors import (
    AttachmentThereError,
    ConsentWithdrawnError,
    UnusableAttachmentError,
)
from backend.consents.schemas import Attachment, ConsentRead, ConsentRecord, Withdrawal
from backend.dependencies import Reading, StorageInUse, Transaction, requires
from backend.kit.errors import InvalidError, NotAllowedError, NotFoundError, declares
from backend.kit.pagination import Page, PageRequest
from backend.kit.ranges import Content, RangeNotSatisfiableError, answer, binary
from backend.kit.storage.errors import (
    DamagedObjectError,
    MissingObjectError,
    StorageUnavailableError,
)

router = APIRouter(tags=["consents"])


@router.get("/patients/{patient_id}/consents", responses=declares(NotAllowedError, NotFoundError))
def list_consents(
    session: Reading,
    caller: Annotated[Caller, Depends(requires(Permission.CONSENT_READ))],
    patient_id: UUID,
    paging: PageRequest,
) -> Page[ConsentRead]:
    """All consents of a patient, also those withdrawn, the newest first."""
    return service.of_patient(session, caller, patient_id, paging)


@router.post(
    "/patients/{patient_id}/consents",
    status_code=status.HTTP_201_CREATED,
    responses=declares(NotAllowedError, NotFoundError, InvalidError, UnusableAttachmentError),
)
def record_consent(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.CONSENT_RECORD))],
    patient_id: UUID,
    signed: ConsentRecord,
) -> ConsentRead:
    """Keep a signed consent to one purpose."""
    return service.record(session, caller, patient_id, signed)


@router.post(
    "/consents/{consent_id}/withdraw",
    responses=declares(NotAllowedError, NotFoundError, ConsentWithdrawnError),
)
def withdraw_consent(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.CONSENT_RECORD))],
    consent_id: UUID,
    withdrawal: Withdrawal,
) -> ConsentRead:
    """Take a consent back, as easily as it was given; what needed it is hidden and stops."""
    return service.withdraw(session, caller, consent_id, withdrawal.reason)


@router.put(
    "/consents/{consent_id}/attachment",
    responses=declares(
        NotAllowedError, NotFoundError, AttachmentThereError, UnusableAttachmentError
    ),
)
def attach_scan(
    session: Transaction,
    caller: Annotated[Caller, Depends(requires(Permission.CONSENT_WRITE))],
    consent_id: UUID,
    attachment: Attachment,
) -> ConsentRead:
    """Add the scan of the signed paper, once."""
    return service.attach(session, caller, consent_id, attachment.upload_id)


@router.get(
    "/consents/{consent_id}/attachment",
    response_class=Response,
    responses=binary("*/*")
    | declares(
        NotAllowedError,
        NotFoundError,
        RangeNotSatisfiableError,
        MissingObjectError,
        DamagedObjectError,
        StorageUnavailableError,
    ),
)
def get_scan(
    request: Request,
    session: Transaction,
    storage: StorageInUse,
    caller: Annotated[Caller, Depends(requires(Permission.CONSENT_READ))],
    consent_id: UUID,
) -> Response:
    """The scan of the signed paper; the look is audited."""
    blob = service.attachment(session, caller, consent_id)
    place = blobs.ref(blob)

    def read(start: int, end: int) -> Iterator[bytes]:
        return storage.stream(place, start, end)

    return answer(request, Content(blob.size_bytes, blob.digest.hex(), blob.media_type, read))
