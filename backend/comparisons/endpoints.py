"""Addresses of comparisons of two visits and of trends over all visits."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, status
from fastapi.responses import Response

from backend.access import Caller, Permission
from backend.analyses.endpoints import STORED, Measures, Movements, Regions, Sides
from backend.analyses.errors import NotMeasuredError, RecordingIncompleteError
from backend.analyses.reading import STREAM_MEDIA_TYPE
from backend.analyses.schemas import Word
from backend.comparisons import movements, service, trends
from backend.comparisons.errors import (
    ModelVersionsDifferError,
    NotOneMovementError,
    NotOnePatientError,
)
from backend.comparisons.repository import MeasureName
from backend.comparisons.schemas import (
    ChangeRead,
    ChangeSort,
    ComparisonRead,
    PhaseMapRead,
    RerunRead,
    RerunRequest,
    TrendKey,
    TrendRead,
)
from backend.comparisons.service import ReferenceLinesError
from backend.consents.errors import ConsentMissingError
from backend.db.models import RowSide
from backend.dependencies import (
    Reading,
    SettingsInForce,
    StorageInUse,
    Transaction,
    requires,
)
from backend.kit.errors import InvalidError, NotAllowedError, NotFoundError, declares
from backend.kit.pagination import Page, PageRequest
from backend.kit.ranges import RangeNotSatisfiableError, answer, binary
from backend.takes.errors import TakeReplacedError
from backend.visits.errors import VisitSignedError
from backend.voiding import VoidError

router = APIRouter(tags=["comparisons"])

Compares = Annotated[Caller, Depends(requires(Permission.COMPARE))]
Starts = Annotated[Caller, Depends(requires(Permission.ANALYSIS_START))]

_PAIR = (NotAllowedError, NotFoundError, InvalidError, NotOnePatientError)
_TAKES = (*STORED, InvalidError, NotOnePatientError, NotOneMovementError, ModelVersionsDifferError)


@router.get("/comparisons", responses=declares(*_PAIR))
def read_comparison(
    session: Reading, caller: Compares, before: UUID, after: UUID
) -> ComparisonRead:
    """What there is to compare in two visits, movement by movement, and why not."""
    return service.compare(session, caller, before, after)


@router.get(
    "/comparisons/changes",
    responses=declares(*_PAIR, ModelVersionsDifferError, ReferenceLinesError),
)
def list_changes(
    session: Reading,
    caller: Compares,
    settings: SettingsInForce,
    paging: PageRequest,
    before: UUID,
    after: UUID,
    movement: Movements = [],  # noqa: B006 - FastAPI copies it
    measure: Measures = [],  # noqa: B006
    region: Regions = [],  # noqa: B006
    side: Sides = [],  # noqa: B006
    sort: ChangeSort = ChangeSort.MOVEMENT,
) -> Page[ChangeRead]:
    """The change of each measure with its interval, and whether it passes the error."""
    return service.changes(
        session,
        caller,
        before,
        after,
        paging,
        service.reference_lines(settings.reference_lines),
        movements=movement,
        measures=measure,
        regions=region,
        sides=side,
        sort=sort,
    )


@router.post(
    "/comparisons/rerun",
    status_code=status.HTTP_202_ACCEPTED,
    responses=declares(
        *_PAIR,
        ConsentMissingError,
        VoidError,
        VisitSignedError,
        TakeReplacedError,
        NotMeasuredError,
        RecordingIncompleteError,
    ),
)
def rerun_comparison(session: Transaction, caller: Starts, wanted: RerunRequest) -> RerunRead:
    """Repeat the analyses that come from different models, so that they can be compared."""
    jobs = service.rerun(session, caller, wanted.before, wanted.after, wanted.movements)
    return RerunRead(job_ids=jobs)


@router.get("/comparisons/phases", responses=declares(*_TAKES))
def read_phase_map(
    session: Reading, caller: Compares, storage: StorageInUse, before: UUID, after: UUID
) -> PhaseMapRead:
    """How the time of one analysis (`before`) is laid over that of another by phase."""
    return movements.phases(session, caller, storage, before, after)


@router.get(
    "/comparisons/displacement",
    response_class=Response,
    responses=binary(STREAM_MEDIA_TYPE) | declares(*_TAKES, RangeNotSatisfiableError),
)
def read_displacement_difference(
    request: Request,
    session: Transaction,
    caller: Compares,
    storage: StorageInUse,
    before: UUID,
    after: UUID,
) -> Response:
    """How much further each vertex moves in analysis `after` than in `before`, as a stream."""
    found = movements.displacement_difference(session, caller, storage, before, after)
    return answer(request, found)


@router.get(
    "/patients/{patient_id}/trends/keys", responses=declares(NotAllowedError, NotFoundError)
)
def list_trend_keys(
    session: Reading, caller: Compares, patient_id: UUID, paging: PageRequest
) -> Page[TrendKey]:
    """The measures that have a trend."""
    return trends.trend_keys(session, caller, patient_id, paging)


@router.get(
    "/patients/{patient_id}/trends",
    responses=declares(NotAllowedError, NotFoundError, ReferenceLinesError),
)
def read_trend(
    session: Reading,
    caller: Compares,
    settings: SettingsInForce,
    patient_id: UUID,
    movement: Word,
    measure: Word,
    side: RowSide,
    region: Word,
) -> TrendRead:
    """A measure over all visits, with reference lines and what happened in between."""
    return trends.trend(
        session,
        caller,
        patient_id,
        MeasureName(movement, measure, side, region),
        service.reference_lines(settings.reference_lines),
    )
