"""Routes of episodes and their events."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status

from backend.access import Caller, Permission
from backend.dependencies import Reading, Transaction, requires
from backend.episodes import service
from backend.episodes.schemas import EpisodeBody, EpisodeRead, EventBody, EventRead
from backend.kit.errors import (
    InvalidError,
    NotAllowedError,
    NotFoundError,
    PreconditionFailedError,
    declares,
)
from backend.kit.pagination import Page, PageRequest
from backend.kit.revisions import BasedOn, PreconditionRequiredError, tag
from backend.patients.errors import PatientNotInUseError
from backend.voiding import BecauseOf, NotVoidError, VoidError

router = APIRouter(tags=["episodes"])

Reader = Annotated[Caller, Depends(requires(Permission.EPISODE_READ))]
Writer = Annotated[Caller, Depends(requires(Permission.EPISODE_WRITE))]

_SEEN = declares(NotAllowedError, NotFoundError)
_REPLACED = declares(
    NotAllowedError,
    NotFoundError,
    InvalidError,
    VoidError,
    PreconditionFailedError,
    PreconditionRequiredError,
)
_VOIDED = declares(NotAllowedError, NotFoundError, VoidError)
_BROUGHT_BACK = declares(NotAllowedError, NotFoundError, NotVoidError)


@router.get("/patients/{patient_id}/episodes", responses=_SEEN)
def list_episodes(
    session: Reading,
    caller: Reader,
    patient_id: UUID,
    paging: PageRequest,
    include_void: bool = False,
) -> Page[EpisodeRead]:
    """The episodes of a patient, the newest first."""
    return service.of_patient(session, caller, patient_id, include_void, paging)


@router.post(
    "/patients/{patient_id}/episodes",
    status_code=status.HTTP_201_CREATED,
    responses=declares(NotAllowedError, NotFoundError, InvalidError, PatientNotInUseError),
)
def create_episode(
    session: Transaction, caller: Writer, patient_id: UUID, new: EpisodeBody, response: Response
) -> EpisodeRead:
    """A new episode."""
    episode = service.create(session, caller, patient_id, new)
    tag(response, episode.version)
    return episode


@router.get("/episodes/{episode_id}", responses=_SEEN)
def get_episode(
    session: Reading, caller: Reader, episode_id: UUID, response: Response
) -> EpisodeRead:
    """An episode."""
    episode = service.get(session, caller, episode_id)
    tag(response, episode.version)
    return episode


@router.put("/episodes/{episode_id}", responses=_REPLACED)
def replace_episode(
    session: Transaction,
    caller: Writer,
    episode_id: UUID,
    new: EpisodeBody,
    based_on: BasedOn,
    response: Response,
) -> EpisodeRead:
    """Replace what an episode says; another side sends the takes of unsigned visits to analysis."""
    episode = service.replace(session, caller, episode_id, new, based_on)
    tag(response, episode.version)
    return episode


@router.post("/episodes/{episode_id}/void", responses=_VOIDED)
def void_episode(
    session: Transaction, caller: Writer, episode_id: UUID, because: BecauseOf
) -> EpisodeRead:
    """Take an episode out of use, with a reason."""
    return service.take_out(session, caller, episode_id, because.reason)


@router.post("/episodes/{episode_id}/unvoid", responses=_BROUGHT_BACK)
def unvoid_episode(session: Transaction, caller: Writer, episode_id: UUID) -> EpisodeRead:
    """Bring an episode back."""
    return service.bring_back(session, caller, episode_id)


@router.get("/episodes/{episode_id}/events", responses=_SEEN)
def list_events(
    session: Reading,
    caller: Reader,
    episode_id: UUID,
    paging: PageRequest,
    include_void: bool = False,
) -> Page[EventRead]:
    """What happened in an episode, in the order of time."""
    return service.events(session, caller, episode_id, include_void, paging)


@router.post(
    "/episodes/{episode_id}/events",
    status_code=status.HTTP_201_CREATED,
    responses=declares(NotAllowedError, NotFoundError, VoidError),
)
def create_event(
    session: Transaction, caller: Writer, episode_id: UUID, new: EventBody, response: Response
) -> EventRead:
    """Something that happened or is planned: an operation, an injection, the start of therapy."""
    event = service.add_event(session, caller, episode_id, new)
    tag(response, event.version)
    return event


@router.put("/events/{event_id}", responses=_REPLACED)
def replace_event(
    session: Transaction,
    caller: Writer,
    event_id: UUID,
    new: EventBody,
    based_on: BasedOn,
    response: Response,
) -> EventRead:
    """Replace what an event says."""
    event = service.replace_event(session, caller, event_id, new, based_on)
    tag(response, event.version)
    return event


@router.post("/events/{event_id}/void", responses=_VOIDED)
def void_event(
    session: Transaction, caller: Writer, event_id: UUID, because: BecauseOf
) -> EventRead:
    """Take an event out of use, with a reason."""
    return service.take_out_event(session, caller, event_id, because.reason)


@router.post("/events/{event_id}/unvoid", responses=_BROUGHT_BACK)
def unvoid_event(session: Transaction, caller: Writer, event_id: UUID) -> EventRead:
    """Bring an event back."""
    return service.bring_back_event(session, caller, event_id)
