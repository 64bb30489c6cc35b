"""What administrators are told of the site; nothing of any patient."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.db.models import JobKind, JobState


class StoredClass(StrEnum):
    """What stored files are for."""

    VIDEOS = "videos"
    BROWSER_VIDEOS = "browser_videos"
    OBSERVATIONS = "observations"
    OVERLAYS = "overlays"
    MESHES = "meshes"
    OTHER_RESULTS = "other_results"
    SUBJECTS = "subjects"
    CONSENTS = "consents"
    CALIBRATIONS = "calibrations"
    EXPORTS = "exports"


class ClassUse(BaseModel):
    """Files of one class and the room they take, encrypted. A file may be in two classes."""

    name: StoredClass
    files: int
    stored_bytes: int


class StorageRead(BaseModel):
    """How much room is taken and left.

    free_bytes: None where the storage can't tell. quota_bytes: None without a quota. Files that
    nothing refers to any more are among the total until the next sweep.
    """

    classes: list[ClassUse]
    files: int
    stored_bytes: int
    arriving_bytes: int
    free_bytes: int | None
    quota_bytes: int | None
    reserve_bytes: int


class QueueCount(BaseModel):
    """Jobs of one kind in one state; `oldest_at`: since when the first of them is due."""

    queue: str
    kind: JobKind
    state: JobState
    jobs: int
    oldest_at: datetime


class RunningJob(BaseModel):
    """A job that is being worked on."""

    id: UUID
    kind: JobKind
    queue: str
    worker: str | None
    attempt: int
    stage: str | None
    progress: float
    eta_s: float | None
    started_at: datetime | None


class WorkerRead(BaseModel):
    """A worker process; not alive when it stopped or was silent for too long."""

    name: str
    queues: list[str]
    alive: bool
    started_at: datetime
    last_seen_at: datetime
    stopped_at: datetime | None


class QueueRead(BaseModel):
    """What waits, runs or was put aside, and who works. Doorbells wait for the broker."""

    counts: list[QueueCount]
    running: list[RunningJob]
    workers: list[WorkerRead]
    doorbells: int


class ModelUse(BaseModel):
    """A model with its code, and how many results come from it; `counting`: still the newest."""

    model_config = ConfigDict(protected_namespaces=())

    name: str
    version: str
    code_version: str
    analyses: int
    counting: int
    first_at: datetime
    last_at: datetime


class DataClass(StrEnum):
    """What a retention rule is about."""

    VIDEOS = "videos"
    BROWSER_VIDEOS = "browser_videos"
    OBSERVATIONS = "observations"
    OVERLAYS = "overlays"
    MESHES = "meshes"
    MEASURES = "measures"


class RetentionRead(BaseModel):
    """How long a class of data is to be kept; `keep_days` None is for ever.

    enforced: whether the program removes by this rule. It does not yet: rules are written down
    for the site's own procedure.
    """

    data_class: DataClass
    keep_days: int | None
    version: int
    updated_at: datetime | None
    updated_by_id: UUID | None
    enforced: bool = False


class RetentionChange(BaseModel):
    """A new rule."""

    model_config = ConfigDict(extra="forbid")

    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None
