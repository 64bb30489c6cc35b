"""Routes of uploads: the tus 1.0 protocol, and how an upload stands as JSON.

Bytes come in without a transaction and without a thread of their own: `Receiving` opens short ones.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response, status
from fastapi.routing import APIRoute

from backend.access import Caller, Permission
from backend.consents.errors import ConsentMissingError
from backend.dependencies import Reading, requires
from backend.kit.errors import (
    NotAllowedError,
    NotFoundError,
    ServiceError,
    StorageFullError,
    declares,
)
from backend.kit.storage.errors import StorageUnavailableError
from backend.recordings.errors import RecordingCompleteError, ViewTakenError
from backend.uploads import service
from backend.uploads.errors import (
    ChecksumMismatchError,
    FileRefusedError,
    OffsetConflictError,
    TusVersionError,
    UnsupportedMediaError,
    UploadBusyError,
    UploadDoneError,
    UploadGoneError,
    UploadHeaderError,
    UploadTooLargeError,
)
from backend.uploads.receiving import Receiving
from backend.uploads.schemas import Announcement, ChunkChecksum, UploadStatus
from backend.visits.errors import VisitSignedError
from backend.voiding import VoidError

VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"
_ABILITIES = {
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,expiration,checksum,termination",
    "Tus-Checksum-Algorithm": "sha256,sha1",
}


class TusRoute(APIRoute):
    """Answers of the protocol, refusals too, carry its version and are kept by nobody."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the headers added."""
        handle = super().get_route_handler()
        headers = {"Tus-Resumable": VERSION}

        async def speaking_tus(request: Request) -> Response:
            try:
                response = await handle(request)
            except ServiceError as error:
                error.headers = {**headers, **error.headers}
                raise
            response.headers.update(headers)
            return response

        return speaking_tus


router = APIRouter(tags=["uploads"])
_tus = APIRouter(route_class=TusRoute)

Sender = Annotated[Caller, Depends(requires(Permission.VISIT_WRITE))]
Reader = Annotated[Caller, Depends(requires(Permission.VISIT_READ))]


def receiving_of(request: Request) -> Receiving:
    """Where this application takes files in."""
    receiving: Receiving = request.app.state.receiving
    return receiving


def _same_protocol(
    tus_resumable: Annotated[str, Header(json_schema_extra={"enum": [VERSION]})] = VERSION,
) -> None:
    if tus_resumable != VERSION:
        raise TusVersionError(headers={"Tus-Version": VERSION})


def _tells(status_code: int, description: str) -> dict[int | str, dict[str, Any]]:
    return {status_code: {"description": description}}


Door = Annotated[Receiving, Depends(receiving_of)]
SameProtocol = Depends(_same_protocol)
Bytes = Annotated[int, Header(ge=0, le=2**53)]

_ONE: tuple[type[ServiceError], ...] = (
    NotAllowedError,
    NotFoundError,
    TusVersionError,
    UploadGoneError,
    StorageUnavailableError,
)
# What can stand against a file when its last byte is here.
_FINISH: tuple[type[ServiceError], ...] = (
    FileRefusedError,
    ChecksumMismatchError,
    ConsentMissingError,
    RecordingCompleteError,
    ViewTakenError,
    VisitSignedError,
    VoidError,
    StorageFullError,
)


@_tus.options("/uploads", status_code=status.HTTP_204_NO_CONTENT)
def tell_abilities(_caller: Sender, door: Door, response: Response) -> None:
    """What this server can do of tus 1.0."""
    response.headers.update(_ABILITIES)
    response.headers["Tus-Max-Size"] = str(door.most_bytes)


@_tus.post(
    "/uploads",
    status_code=status.HTTP_201_CREATED,
    response_class=Response,
    dependencies=[SameProtocol],
    responses=_tells(201, "Send the bytes to `Location`.")
    | declares(
        NotAllowedError,
        NotFoundError,
        TusVersionError,
        UploadHeaderError,
        UploadTooLargeError,
        FileRefusedError,
        ConsentMissingError,
        RecordingCompleteError,
        ViewTakenError,
        VisitSignedError,
        VoidError,
        StorageFullError,
        StorageUnavailableError,
    ),
)
def announce_upload(
    request: Request,
    caller: Sender,
    door: Door,
    upload_length: Bytes,
    upload_metadata: Annotated[str, Header(max_length=8192)] = "",
) -> Response:
    """Announce a file; nothing is sent without consent to care and room for it.

    Keys of `Upload-Metadata`: `kind` (view, calibration, consent), `recording_id`, `view`,
    `patient_id`, `sha256`.
    """
    upload = door.announce(caller, Announcement.from_header(upload_metadata), upload_length)
    location = request.app.url_path_for("send_part", upload_id=str(upload.id))
    return Response(
        status_code=status.HTTP_201_CREATED, headers={"Location": location, **_expires(upload)}
    )


@_tus.head(
    "/uploads/{upload_id}",
    response_class=Response,
    dependencies=[SameProtocol],
    responses=_tells(200, "`Upload-Offset` tells where to go on.") | declares(*_ONE, *_FINISH),
)
def ask_offset(caller: Sender, door: Door, upload_id: UUID) -> Response:
    """Where an upload stands."""
    upload = door.standing(caller, upload_id)
    headers = {
        "Upload-Offset": str(upload.received_bytes),
        "Upload-Length": str(upload.declared_bytes),
        "Cache-Control": "no-store",
    }
    return Response(headers=headers | _expires(upload))


@_tus.patch(
    "/uploads/{upload_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    dependencies=[SameProtocol],
    responses=_tells(204, "`Upload-Offset` tells how much has arrived.")
    | declares(
        *_ONE,
        *_FINISH,
        UploadHeaderError,
        UploadBusyError,
        UploadDoneError,
        OffsetConflictError,
        UploadTooLargeError,
        UnsupportedMediaError,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def send_part(
    request: Request,
    caller: Sender,
    door: Door,
    upload_id: UUID,
    upload_offset: Bytes,
    upload_checksum: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Send the bytes that follow; with the last ones the file is checked and let in, or refused."""
    if request.headers.get("content-type") != CHUNK_TYPE:
        raise UnsupportedMediaError
    checksum = ChunkChecksum.from_header(upload_checksum) if upload_checksum else None
    arrived = await door.receive(caller, upload_id, upload_offset, checksum, request.stream())
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers={"Upload-Offset": str(arrived)})


@_tus.delete(
    "/uploads/{upload_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[SameProtocol],
    responses=declares(*_ONE, UploadBusyError, UploadDoneError),
)
def abandon_upload(caller: Sender, door: Door, upload_id: UUID) -> None:
    """Give an upload up; what had arrived is removed."""
    door.abandon(caller, upload_id)


@router.get("/uploads/{upload_id}", responses=declares(NotAllowedError, NotFoundError))
def read_upload(session: Reading, caller: Reader, upload_id: UUID) -> UploadStatus:
    """How an upload stands or ended, with the reason when it was refused."""
    return UploadStatus.of(service.get(session, caller, upload_id))


@router.get(
    "/recordings/{recording_id}/uploads", responses=declares(NotAllowedError, NotFoundError)
)
def list_uploads(session: Reading, caller: Reader, recording_id: UUID) -> list[UploadStatus]:
    """All uploads for a recording, the newest first."""
    return [UploadStatus.of(row) for row in service.of_recording(session, caller, recording_id)]


router.include_router(_tus)


def _expires(upload: UploadStatus) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}
