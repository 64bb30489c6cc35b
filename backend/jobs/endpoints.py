"""Routes of jobs: look, cancel, retry, follow; previews of corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from backend.access import Caller, Permission
from backend.blobs import service as blobs
from backend.db.models import JobKind, JobState
from backend.dependencies import Reading, StorageInUse, Transaction, requires
from backend.jobs import previews, repository, service
from backend.jobs.errors import JobEndedError, JobRunsError, PreviewNotReadyError
from backend.jobs.events import (
    MEDIA_TYPE,
    POLL_S,
    POLL_SOON_S,
    CallerFeed,
    EventStreams,
    JobFeed,
    Look,
)
from backend.jobs.kinds import SOMEBODY_WAITS
from backend.jobs.previews import Part
from backend.jobs.schemas import JobRead, PreviewRequest
from backend.kit.errors import InvalidError, NotAllowedError, NotFoundError, declares
from backend.kit.pagination import Page, PageRequest
from backend.kit.storage.errors import MissingObjectError

router = APIRouter(prefix="/jobs", tags=["jobs"])

Watcher = Annotated[Caller, Depends(requires(Permission.JOB_READ))]
Controller = Annotated[Caller, Depends(requires(Permission.ANALYSIS_CONTROL))]
Reviewer = Annotated[Caller, Depends(requires(Permission.REVIEW_READ))]
LastEvent = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**63 - 1)]

_EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


@router.get("", responses=declares(NotAllowedError))
def list_jobs(
    session: Reading,
    caller: Watcher,
    page: PageRequest,
    kind: Annotated[Sequence[JobKind], Query()] = (),
    state: Annotated[Sequence[JobState], Query()] = (),
    patient_id: UUID | None = None,
    visit_id: UUID | None = None,
    take_id: UUID | None = None,
) -> Page[JobRead]:
    """The jobs that the caller may see, the newest first."""
    jobs, total = repository.listed(
        session,
        caller,
        kinds=kind,
        states=state,
        patient_id=patient_id,
        visit_id=visit_id,
        take_id=take_id,
        limit=page.limit,
        offset=page.offset,
    )
    return page.page([JobRead.of(job) for job in jobs], total)


@router.get(
    "/events",
    responses={**_EVENT_STREAM, **declares(NotAllowedError)},
    response_class=StreamingResponse,
)
def follow_all(request: Request, caller: Watcher, last_event_id: LastEvent = None) -> Response:
    """What happens to all jobs that the caller may see, as server-sent events.

    `Last-Event-ID` replays what was missed. An event may come twice; job id and number tell.
    """
    return _streamed(request, CallerFeed(caller, last_event_id))


@router.post(
    "/previews",
    status_code=status.HTTP_202_ACCEPTED,
    responses=declares(NotAllowedError, NotFoundError, InvalidError),
)
def ask_for_preview(session: Transaction, caller: Reviewer, asked: PreviewRequest) -> JobRead:
    """Fit one frame of an analysis again with these landmarks; nothing is kept."""
    return JobRead.of(previews.ask(session, caller, asked))


@router.get("/{job_id}", responses=declares(NotAllowedError, NotFoundError))
def get_job(session: Reading, caller: Watcher, job_id: UUID) -> JobRead:
    """One job."""
    return JobRead.of(service.get(session, caller, job_id))


@router.get(
    "/{job_id}/events",
    responses={
        **_EVENT_STREAM,
        204: {"description": "The job has ended and nothing was missed"},
        **declares(NotAllowedError, NotFoundError),
    },
    response_class=StreamingResponse,
)
def follow(
    request: Request,
    session: Reading,
    caller: Watcher,
    job_id: UUID,
    last_event_id: LastEvent = None,
) -> Response:
    """What happens to a job as server-sent events, until its end."""
    job = service.get(session, caller, job_id)
    after = last_event_id or 0
    if job.state not in repository.ALIVE and not repository.events_of(
        session, caller, job_id, after
    ):
        # Tells a browser not to come back.
        return Response(status_code=status.HTTP_204_NO_CONTENT)
    waits = job.priority >= SOMEBODY_WAITS
    return _streamed(request, JobFeed(caller, job_id, after), POLL_SOON_S if waits else POLL_S)


@router.post("/{job_id}/cancel", responses=declares(NotAllowedError, NotFoundError, JobEndedError))
def cancel_job(session: Transaction, caller: Controller, job_id: UUID) -> JobRead:
    """Cancel a job: a waiting one at once, a running one within seconds."""
    return JobRead.of(service.cancel(session, caller, job_id))


@router.post("/{job_id}/retry", responses=declares(NotAllowedError, NotFoundError, JobRunsError))
def retry_job(session: Transaction, caller: Controller, job_id: UUID) -> JobRead:
    """Queue a job again that failed, was put aside or was cancelled."""
    return JobRead.of(service.retry(session, caller, job_id))


@router.get(
    "/{job_id}/preview/{part}",
    responses={
        200: {"content": {"application/octet-stream": {}, "application/json": {}}},
        **declares(NotAllowedError, NotFoundError, PreviewNotReadyError, MissingObjectError),
    },
    response_class=Response,
)
def get_preview(
    session: Transaction, storage: StorageInUse, caller: Reviewer, job_id: UUID, part: Part
) -> Response:
    """The mesh (a mesh stream of the frame at rest and the corrected one) or the landmarks of a
    finished preview."""
    blob = previews.result(session, caller, job_id, part)
    return Response(storage.read(blobs.ref(blob)), media_type=blob.media_type)


def _streamed(request: Request, look: Look, poll_s: float = POLL_S) -> StreamingResponse:
    streams: EventStreams = request.app.state.event_streams
    return StreamingResponse(
        streams.stream(look, poll_s),
        media_type=MEDIA_TYPE,
        # A proxy that gathers lines would keep them from the browser.
        headers={"X-Accel-Buffering": "no"},
    )
