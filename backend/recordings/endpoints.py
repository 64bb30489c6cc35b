"""Routes of recordings; their files come through uploads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, status
from fastapi.responses import Response

from backend.access import Caller, Permission
from backend.blobs import service as blobs
from backend.consents.errors import ConsentMissingError
from backend.db.models import RecordingFileRole, View
from backend.dependencies import Reading, StorageInUse, Transaction, requires
from backend.kit import revisions
from backend.kit.errors import (
    NotAllowedError,
    NotFoundError,
    PreconditionFailedError,
    ServiceError,
    declares,
)
from backend.kit.ranges import Content, RangeNotSatisfiableError, answer, binary
from backend.kit.revisions import BasedOn, PreconditionRequiredError
from backend.kit.storage.blobs import Storage
from backend.kit.storage.errors import (
    DamagedObjectError,
    MissingObjectError,
    StorageUnavailableError,
)
from backend.recordings import service
from backend.recordings.errors import (
    NoViewsError,
    RecordingCompleteError,
    RecordingInUseError,
    VideoNotReadyError,
)
from backend.recordings.schemas import NewRecording, RecordingChange, RecordingRead
from backend.visits.errors import VisitSignedError
from backend.voiding import BecauseOf, NotVoidError, VoidError

router = APIRouter(tags=["recordings"])

Reader = Annotated[Caller, Depends(requires(Permission.VISIT_READ))]
Writer = Annotated[Caller, Depends(requires(Permission.VISIT_WRITE))]
Remover = Annotated[Caller, Depends(requires(Permission.VISIT_VOID))]
Faces = Annotated[Caller, Depends(requires(Permission.FACE_READ))]

_ONE = declares(NotAllowedError, NotFoundError)
_CHANGE: tuple[type[ServiceError], ...] = (
    NotAllowedError,
    NotFoundError,
    VisitSignedError,
    VoidError,
)
_FILE = declares(
    NotAllowedError,
    NotFoundError,
    VideoNotReadyError,
    RangeNotSatisfiableError,
    MissingObjectError,
    DamagedObjectError,
    StorageUnavailableError,
)


@router.post(
    "/visits/{visit_id}/recordings",
    status_code=status.HTTP_201_CREATED,
    responses=declares(*_CHANGE, ConsentMissingError),
)
def create_recording(
    session: Transaction, caller: Writer, visit_id: UUID, new: NewRecording, response: Response
) -> RecordingRead:
    """Announce a recording and the views that will be uploaded for it."""
    return _told(response, RecordingRead.of(service.create(session, caller, visit_id, new)))


@router.get("/visits/{visit_id}/recordings", responses=_ONE)
def list_recordings(session: Reading, caller: Reader, visit_id: UUID) -> list[RecordingRead]:
    """The recordings of a visit, in the order they were made."""
    return [RecordingRead.of(row) for row in service.of_visit(session, caller, visit_id)]


@router.get("/recordings/{recording_id}", responses=_ONE)
def read_recording(
    session: Reading, caller: Reader, recording_id: UUID, response: Response
) -> RecordingRead:
    """One recording: what has arrived, what is missing, what can be shown."""
    return _told(response, RecordingRead.of(service.get(session, caller, recording_id)))


@router.patch(
    "/recordings/{recording_id}",
    responses=declares(*_CHANGE, PreconditionFailedError, PreconditionRequiredError),
)
def change_recording(
    session: Transaction,
    caller: Writer,
    recording_id: UUID,
    change: RecordingChange,
    based_on: BasedOn,
    response: Response,
) -> RecordingRead:
    """Correct how it was recorded; later analyses use it."""
    changed = service.change(session, caller, recording_id, change, based_on)
    return _told(response, RecordingRead.of(changed))


@router.post(
    "/recordings/{recording_id}/complete",
    responses=declares(*_CHANGE, NoViewsError, ConsentMissingError),
)
def use_what_is_there(
    session: Transaction, caller: Writer, recording_id: UUID, response: Response
) -> RecordingRead:
    """Go on with the views that have arrived; the work on the takes begins."""
    return _told(
        response, RecordingRead.of(service.use_what_is_there(session, caller, recording_id))
    )


@router.post("/recordings/{recording_id}/void", responses=declares(*_CHANGE, RecordingInUseError))
def void_recording(
    session: Transaction,
    caller: Remover,
    recording_id: UUID,
    because: BecauseOf,
    response: Response,
) -> RecordingRead:
    """Take a recording out of use, with a reason; no take may lie in it."""
    voided = service.take_out(session, caller, recording_id, because.reason)
    return _told(response, RecordingRead.of(voided))


@router.post("/recordings/{recording_id}/unvoid", responses=declares(*_CHANGE, NotVoidError))
def unvoid_recording(
    session: Transaction, caller: Remover, recording_id: UUID, response: Response
) -> RecordingRead:
    """Bring a recording back."""
    return _told(response, RecordingRead.of(service.bring_back(session, caller, recording_id)))


@router.delete(
    "/recordings/{recording_id}/views/{view}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(*_CHANGE, RecordingCompleteError),
)
def remove_view(session: Transaction, caller: Writer, recording_id: UUID, view: View) -> None:
    """Take a wrong file out of a recording that still waits for others."""
    service.remove_view(session, caller, recording_id, view)


@router.get(
    "/recordings/{recording_id}/views/{view}/video",
    response_class=Response,
    responses=binary("video/mp4", "image/jpeg") | _FILE,
)
def watch_view(
    request: Request,
    session: Transaction,
    caller: Faces,
    storage: StorageInUse,
    recording_id: UUID,
    view: View,
) -> Response:
    """The video (or photograph) of one camera, made for browsers, or a range of its bytes."""
    return _shown(request, session, caller, storage, recording_id, view, RecordingFileRole.PROXY)


@router.get(
    "/recordings/{recording_id}/views/{view}/thumbnail",
    response_class=Response,
    responses=binary("image/jpeg") | _FILE,
)
def see_thumbnail(
    request: Request,
    session: Transaction,
    caller: Faces,
    storage: StorageInUse,
    recording_id: UUID,
    view: View,
) -> Response:
    """A small picture of one camera's video."""
    role = RecordingFileRole.THUMBNAIL
    return _shown(request, session, caller, storage, recording_id, view, role)


def _shown(
    request: Request,
    session: Transaction,
    caller: Caller,
    storage: Storage,
    recording_id: UUID,
    view: View,
    role: RecordingFileRole,
) -> Response:
    blob = service.shown_file(session, caller, recording_id, view, role)
    ref = blobs.ref(blob)

    def read(start: int, end: int) -> Iterator[bytes]:
        return storage.stream(ref, start, end)

    return answer(request, Content(blob.size_bytes, blob.digest.hex(), blob.media_type, read))


def _told(response: Response, recording: RecordingRead) -> RecordingRead:
    revisions.tag(response, recording.version)
    return recording
