"""Two takes of one movement laid over each other by phase: time map and difference of motion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.analyses.conversions import at_once
from backend.analyses.reading import STREAM_MEDIA_TYPE, file_of, look, read_file, stream_of
from backend.comparisons.errors import NotOneMovementError, NotOnePatientError
from backend.comparisons.schemas import AnchorRead, PhaseMapRead
from backend.comparisons.service import refuse_other_models
from backend.db.models import Analysis, AnalysisFile, FileRole
from backend.kit.ranges import Content
from backend.kit.storage.blobs import Storage
from models.measures.comparison import Anchor, Course, field_difference, phase_map
from models.measures.series import TakeSeries
from models.stream import encode_scalars

DIFFERENCE = "displacement_difference"
# A change of how the difference is computed or encoded changes the tags.
_EDITION = 1


def phases(
    session: Session, caller: Caller, storage: Storage, before_id: UUID, after_id: UUID
) -> PhaseMapRead:
    """How time is laid over; raises NotFoundError, InvalidError, ModelVersionsDifferError."""
    before, after = _two(session, caller, before_id, after_id)
    anchors = _anchors(session, caller, storage, before, after)
    return PhaseMapRead(
        before_id=before.id,
        after_id=after.id,
        anchors=[
            AnchorRead(
                phase=anchor.phase,
                repetition=anchor.repetition,
                before_s=anchor.before_s,
                after_s=anchor.after_s,
            )
            for anchor in anchors
        ],
    )


def displacement_difference(
    session: Session, caller: Caller, storage: Storage, before_id: UUID, after_id: UUID
) -> Content:
    """A scalar stream on the first take's time line: how much further each vertex moves later.

    Displacement from rest at the same phase, after minus before, in mm. Raises NotFoundError,
    InvalidError, ModelVersionsDifferError, DamagedObjectError.
    """
    before, after = _two(session, caller, before_id, after_id)
    files = [
        file_of(session, caller, analysis.id, FileRole.DISPLACEMENT)[1]
        for analysis in (before, after)
    ]
    for analysis in (before, after):
        look(session, caller, analysis, FileRole.DISPLACEMENT)
    anchors = _anchors(session, caller, storage, before, after)
    with at_once:
        encoded = _difference(session, storage, files, anchors, before.topology)
    tag = f"{DIFFERENCE}-{_EDITION}-{files[0].sha256}-{files[1].sha256}"

    def read(start: int, end: int) -> Iterator[bytes]:
        return iter((encoded[start:end],))

    return Content(len(encoded), tag, STREAM_MEDIA_TYPE, read)


def _difference(
    session: Session,
    storage: Storage,
    files: list[AnalysisFile],
    anchors: tuple[Anchor, ...],
    topology_id: str,
) -> bytes:
    with ExitStack() as opened:
        one, other = (opened.enter_context(stream_of(session, storage, file)) for file in files)
        before_s, after_s = np.array(one.header.time_s), np.array(other.header.time_s)
        values = field_difference(one.all(), before_s, other.all(), after_s, anchors)
    return encode_scalars(
        values,
        before_s,
        name=DIFFERENCE,
        unit="mm",
        topology_id=topology_id,
        hashes={"before": files[0].sha256, "after": files[1].sha256},
    )


def _two(
    session: Session, caller: Caller, before_id: UUID, after_id: UUID
) -> tuple[Analysis, Analysis]:
    before, _ = file_of(session, caller, before_id, FileRole.SERIES)
    after, _ = file_of(session, caller, after_id, FileRole.SERIES)
    if before.patient_id != after.patient_id:
        raise NotOnePatientError
    if before.movement != after.movement:
        raise NotOneMovementError
    refuse_other_models([(before, after)])
    return before, after


def _anchors(
    session: Session, caller: Caller, storage: Storage, before: Analysis, after: Analysis
) -> tuple[Anchor, ...]:
    courses = []
    for analysis in (before, after):
        _, file = file_of(session, caller, analysis.id, FileRole.SERIES)
        series = TakeSeries.model_validate_json(read_file(session, storage, file))
        courses.append(Course(series.time_s[0], series.time_s[-1], series.repetitions))
    return phase_map(courses[0], courses[1])
