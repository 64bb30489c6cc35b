"""Addresses of what administrators see and set of the site."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from backend.access import Caller, Permission
from backend.admin import service
from backend.admin.schemas import (
    DataClass,
    ModelUse,
    QueueRead,
    RetentionChange,
    RetentionRead,
    StorageRead,
)
from backend.dependencies import (
    Reading,
    SettingsInForce,
    StorageInUse,
    Transaction,
    requires,
)
from backend.kit.errors import NotAllowedError, PreconditionFailedError, declares
from backend.kit.revisions import BasedOn, PreconditionRequiredError, tag
from backend.kit.storage.errors import StorageUnavailableError

router = APIRouter(prefix="/admin", tags=["admin"])

Operates = Annotated[Caller, Depends(requires(Permission.OPERATIONS_READ))]
Retains = Annotated[Caller, Depends(requires(Permission.RETENTION_MANAGE))]


@router.get("/storage", responses=declares(NotAllowedError, StorageUnavailableError))
def read_storage_use(
    session: Reading, _caller: Operates, storage: StorageInUse, settings: SettingsInForce
) -> StorageRead:
    """How much room is taken, for what, and left."""
    return service.storage_use(session, storage, settings)


@router.get("/queue", responses=declares(NotAllowedError))
def read_queue_state(session: Reading, _caller: Operates) -> QueueRead:
    """What waits, runs or was put aside, and which workers are alive."""
    return service.queue_state(session)


@router.get("/models", responses=declares(NotAllowedError))
def list_models_in_use(session: Reading, _caller: Operates) -> list[ModelUse]:
    """From which models the published results come, the newest first."""
    return service.models_in_use(session)


@router.get("/retention", responses=declares(NotAllowedError))
def list_retention_rules(session: Reading, _caller: Retains) -> list[RetentionRead]:
    """How long each class of data is to be kept."""
    return service.retention(session)


@router.put(
    "/retention/{data_class}",
    responses=declares(NotAllowedError, PreconditionFailedError, PreconditionRequiredError),
)
def set_retention_rule(
    session: Transaction,
    caller: Retains,
    response: Response,
    data_class: DataClass,
    wanted: RetentionChange,
    based_on: BasedOn,
) -> RetentionRead:
    """Change how long a class of data is kept; `If-Match` names the version it is based on."""
    changed = service.set_retention(session, caller, data_class, wanted, based_on)
    tag(response, changed.version)
    return changed
