"""What is said about recordings and their views."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from backend.db.models import Recording, RecordingFileRole, RecordingState, RecordingView, View
from backend.kit.clock import Instant
from models.errors import UnusableInputError
from models.request import known_distance

Views = Annotated[
    list[View], Field(min_length=1, max_length=3, json_schema_extra={"uniqueItems": True})
]
Device = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
CameraDistanceMm = Annotated[float, Field(ge=100, le=10_000, allow_inf_nan=False)]
IrisMm = Annotated[float, Field(ge=8, le=15, allow_inf_nan=False)]
OffsetS = Annotated[float, Field(ge=-600, le=600, allow_inf_nan=False)]


class Circumstances(BaseModel):
    """How a recording was made and what is known of it; enters its later analyses.

    `iris_mm` is the patient's iris width, `known_distances_mm` are by the names of
    `models.request.KNOWN_DISTANCES`, `offsets_s` are seconds to add to a view's clock.
    """

    model_config = ConfigDict(extra="forbid")

    recorded_at: Instant | None = None
    device: Device = ""
    camera_distance_mm: CameraDistanceMm | None = None
    iris_mm: IrisMm | None = None
    known_distances_mm: dict[str, float] = Field(default_factory=dict)
    offsets_s: dict[View, OffsetS] = Field(default_factory=dict)

    @field_validator("known_distances_mm")
    @classmethod
    def _believable(cls, distances_mm: dict[str, float]) -> dict[str, float]:
        for name, distance_mm in distances_mm.items():
            try:
                known_distance(name, distance_mm)
            except UnusableInputError as error:
                raise ValueError(error.message) from error
        return distances_mm


class NewRecording(Circumstances):
    """A recording to be filled; `declared_views` are the ones that will be uploaded."""

    declared_views: Views

    @field_validator("declared_views")
    @classmethod
    def _once_each(cls, views: list[View]) -> list[View]:
        if len(set(views)) < len(views):
            raise ValueError("each view can be declared once")
        return sorted(views, key=list(View).index)


class RecordingChange(Circumstances):
    """What may be changed later; what is not sent stays."""


class ViewRead(BaseModel):
    """One file of a recording and what is ready to be shown of it."""

    view: View
    width: int
    height: int
    fps: float | None
    duration_s: float | None
    frames: int | None
    container: str
    codec: str
    created_at: datetime
    has_video: bool
    has_thumbnail: bool

    @classmethod
    def of(cls, row: RecordingView, ready: set[tuple[RecordingFileRole, View | None]]) -> Self:
        """The row as it is told; `ready`: the derived files there are."""
        return cls(
            view=row.view,
            width=row.width,
            height=row.height,
            fps=row.fps,
            duration_s=row.duration_s,
            frames=row.frames,
            container=row.container,
            codec=row.codec,
            created_at=row.created_at,
            has_video=(RecordingFileRole.PROXY, row.view) in ready,
            has_thumbnail=(RecordingFileRole.THUMBNAIL, row.view) in ready,
        )


class RecordingRead(BaseModel):
    """A recording as it stands."""

    id: UUID
    visit_id: UUID
    version: int
    state: RecordingState
    declared_views: list[View]
    missing_views: list[View]
    views: list[ViewRead]
    recorded_at: datetime | None
    device: str
    camera_distance_mm: float | None
    iris_mm: float | None
    known_distances_mm: dict[str, float]
    offsets_s: dict[View, float]
    has_calibration: bool
    created_at: datetime
    completed_at: datetime | None
    voided_at: datetime | None

    @classmethod
    def of(cls, row: Recording) -> Self:
        """The row, loaded with its views and files, as it is told."""
        ready = {(file.role, file.view) for file in row.files}
        present = [view.view for view in row.views]
        return cls(
            id=row.id,
            visit_id=row.visit_id,
            version=row.version,
            state=row.state,
            declared_views=[View(view) for view in row.declared_views],
            missing_views=missing(row.declared_views, present),
            views=[ViewRead.of(view, ready) for view in in_order(row.views)],
            recorded_at=row.recorded_at,
            device=row.device,
            camera_distance_mm=row.camera_distance_mm,
            iris_mm=row.iris_mm,
            known_distances_mm=row.known_distances_mm,
            offsets_s={View(view): offset_s for view, offset_s in row.offsets_s.items()},
            has_calibration=row.calibration_blob_id is not None,
            created_at=row.created_at,
            completed_at=row.completed_at,
            voided_at=row.voided_at,
        )


def in_order(views: Iterable[RecordingView]) -> list[RecordingView]:
    """Left, centre, right."""
    return sorted(views, key=lambda row: list(View).index(row.view))


def missing(declared: Iterable[str], present: Iterable[View]) -> list[View]:
    """The declared views that have not arrived."""
    there = set(present)
    return [View(view) for view in declared if View(view) not in there]
