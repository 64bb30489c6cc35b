"""Reading the stored files of analyses; each look at a face goes into the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.analyses import repository, service
from backend.analyses.schemas import ChunkRead, StreamRead
from backend.analyses.service import PathOf
from backend.analyses.streams import open_stream
from backend.audit.service import record
from backend.blobs import service as blobs
from backend.db.models import Analysis, AnalysisFile, FileRole, View
from backend.db.session import after_commit, now
from backend.kit.errors import NotFoundError
from backend.kit.ranges import Content, content_of
from backend.kit.recent import Recent
from backend.kit.storage.blobs import Storage
from backend.kit.storage.errors import DamagedObjectError
from models.measures.series import TakeSeries
from models.stream import MeshStream, MeshStreamError

STREAM_MEDIA_TYPE = "application/octet-stream"

# A player asks for many parts of one file: they are one look at a face.
_LOOK = timedelta(minutes=10)
_seen = Recent(_LOOK)


def series(session: Session, caller: Caller, storage: Storage, analysis_id: UUID) -> TakeSeries:
    """The curves of an analysis; raises NotFoundError."""
    analysis, file = file_of(session, caller, analysis_id, FileRole.SERIES)
    look(session, caller, analysis, FileRole.SERIES)
    return TakeSeries.model_validate_json(read_file(session, storage, file))


def stream_header(
    session: Session,
    caller: Caller,
    storage: Storage,
    analysis_id: UUID,
    role: FileRole,
    path: PathOf,
) -> StreamRead:
    """What a stream holds and where its chunks are; raises NotFoundError."""
    analysis, file = file_of(session, caller, analysis_id, role)
    look(session, caller, analysis, role)
    where = {"analysis_id": str(analysis.id), "stream": role.value}
    with stream_of(session, storage, file) as stream:
        header = stream.header
    return StreamRead(
        kind=header.kind,
        name=header.name,
        unit=header.unit,
        frames=header.frames,
        vertices=header.vertices,
        components=header.components,
        step=header.step,
        origin=list(header.origin),
        time_s=list(header.time_s),
        topology_id=header.topology_id,
        sha256=file.sha256,
        href=path("read_stream", **where),
        chunks=[
            ChunkRead(
                first_frame=chunk.first_frame,
                frames=chunk.frames,
                length=chunk.length,
                sha256=chunk.sha256,
                href=path("read_stream_chunk", **where, number=str(number)),
            )
            for number, chunk in enumerate(header.chunks)
        ],
    )


def stream_chunk(
    session: Session,
    caller: Caller,
    storage: Storage,
    analysis_id: UUID,
    role: FileRole,
    number: int,
) -> Content:
    """One chunk of a stream; raises NotFoundError."""
    analysis, file = file_of(session, caller, analysis_id, role)
    look(session, caller, analysis, role)
    with stream_of(session, storage, file) as stream:
        if number >= len(stream.header.chunks):
            raise NotFoundError(
                f"The stream has no chunk {number}.", "Read its header for the chunks there are."
            )
        return content_of(
            stream.packed(number), stream.header.chunks[number].sha256, STREAM_MEDIA_TYPE
        )


def content(
    session: Session,
    caller: Caller,
    storage: Storage,
    analysis_id: UUID,
    role: FileRole,
    view: View | None = None,
) -> Content:
    """A whole file of an analysis, to be read in ranges; raises NotFoundError."""
    analysis, file = file_of(session, caller, analysis_id, role, view)
    look(session, caller, analysis, role, view)
    return stored_content(session, storage, file)


def file_of(
    session: Session, caller: Caller, analysis_id: UUID, role: FileRole, view: View | None = None
) -> tuple[Analysis, AnalysisFile]:
    """An analysis and one of its files; raises NotFoundError."""
    analysis = service.placed(session, caller, analysis_id).analysis
    file = repository.file(session, caller, analysis_id, role, view)
    if file is None:
        raise NotFoundError(
            "This analysis has no such file.", "Choose one of the files that the analysis lists."
        )
    return analysis, file


def stored_content(
    session: Session, storage: Storage, file: AnalysisFile, file_name: str = ""
) -> Content:
    """A file as it lies in the storage; with `file_name` it is a download."""
    blob = blobs.ref(blobs.get(session, file.blob_id))

    def read(start: int, end: int) -> Iterator[bytes]:
        return storage.stream(blob, start, end)

    return Content(file.size_bytes, file.sha256, file.media_type, read, file_name)


def read_file(session: Session, storage: Storage, file: AnalysisFile) -> bytes:
    """The bytes of a small file; raises the storage's errors."""
    return storage.read(blobs.ref(blobs.get(session, file.blob_id)))


@contextmanager
def stream_of(session: Session, storage: Storage, file: AnalysisFile) -> Iterator[MeshStream]:
    """A stored stream, open for reading; raises DamagedObjectError."""
    with (
        damage_told(),
        open_stream(storage, blobs.ref(blobs.get(session, file.blob_id))) as stream,
    ):
        yield stream


def look(
    session: Session,
    caller: Caller,
    analysis: Analysis,
    role: FileRole,
    view: View | None = None,
) -> None:
    """Tell the audit log that the caller sees a face; once in a while for the same file."""
    key, at = (caller.user_id, analysis.id, role, view), now(session)
    if (key, at) in _seen:
        return
    record(
        session,
        caller,
        "face.read",
        "analysis",
        analysis.id,
        patient_id=analysis.patient_id,
        detail={"file": role.value, "view": None if view is None else view.value},
    )
    after_commit(session, lambda: _seen.remember(key, at))


@contextmanager
def damage_told() -> Iterator[None]:
    """Tell of a damaged stream as of any other damaged file."""
    try:
        yield
    except MeshStreamError as error:
        raise DamagedObjectError from error
