"""What goes into a published analysis and what the API tells of one; no queries, no files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from backend.db.models import AnalysisState, FileRole, RowSide, Verdict, View
from models.capture.verdict import QCReport
from models.measures.table import MeasureRow

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
# The id of a movement, measure or region; anything else is no name of ours.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]

_VERDICTS = {
    "ok": Verdict.OK,
    "usable_with_warning": Verdict.WARNING,
    "rejected": Verdict.REJECTED,
}


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class _Record(BaseModel):
    """A part of `reconstruction.json`; what pages don't show is left out of it."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ViewSummary(_Record):
    """One camera of the recording."""

    width: int
    height: int
    fps: float
    n_frames: int
    yaw_deg: float | None
    label: str | None
    side: str
    sync_offset_s: float
    sync_method: str
    sync_confidence: float


class ScaleSummary(_Record):
    """What made the head metric; `relative_sigma` is its 1 SD."""

    factor: float
    relative_sigma: float
    source: str


class RepetitionSummary(_Record):
    """When one repetition happened, in seconds of the recording's clock."""

    onset_s: float
    peak_s: float
    offset_s: float


class TakeSummary(_Record):
    """What was found in the take; frames are those of the recording's clock."""

    movement: str
    first_frame: int
    last_frame: int
    has_rest: bool
    activated: bool | None
    repetitions: tuple[RepetitionSummary, ...]


class ReconstructionSummary(_Record):
    """The small part of `reconstruction.json` that pages show: `model_validate` takes it whole."""

    reference_view: View
    affected_side: str | None
    calibrated: bool
    views: dict[View, ViewSummary]
    scale: ScaleSummary
    reprojection_share: dict[View, float | None]
    rest_frame: int
    excluded_frames: dict[str, str]
    takes: tuple[TakeSummary, ...]
    timings_s: dict[str, float] = Field(default_factory=dict)


class NewFile(_Frozen):
    """A stored file of a new analysis; the row of its blob is there already."""

    role: FileRole
    view: View | None = None
    blob_id: UUID
    media_type: str
    size_bytes: int
    sha256: Sha256


class NewMeasure(_Frozen):
    """One number of a new analysis, as a row of `measures.csv`."""

    movement: str
    repetition: int | None
    side: RowSide
    region: str
    measure: str
    value: Number | None
    unit: str
    ci_lo: Number | None
    ci_hi: Number | None
    qc: Verdict
    reason: Annotated[str, Field(max_length=500)]
    model: str

    @model_validator(mode="after")
    def _never_silent(self) -> Self:
        if self.value is None and not self.reason:
            raise ValueError("an undetermined measure needs a reason")
        return self

    @classmethod
    def of_row(cls, row: MeasureRow) -> NewMeasure:
        """A row as the pipeline computes it."""
        return cls(
            movement=row.movement,
            repetition=row.repetition,
            side=RowSide(row.side),
            region=row.region,
            measure=row.measure,
            value=row.value,
            unit=row.unit,
            ci_lo=row.ci_lo,
            ci_hi=row.ci_hi,
            qc=Verdict(row.qc),
            reason=row.reason,
            model=row.model,
        )


class NewAnalysis(_Frozen):
    """Everything that a worker publishes of one take at once.

    request: what decided it (corrections, subject file, scale, settings). inputs: view -> SHA-256.
    weights: data file of the model -> SHA-256. The streams among the files share one time line.
    """

    movement: str
    review_id: UUID | None = None
    subject_file_id: UUID | None = None
    request: dict[str, Any]
    inputs: dict[View, Sha256]
    code_version: str
    model_name: str
    model_version: str
    weights: dict[str, Sha256]
    topology: Sha256
    qc: QCReport
    summary: ReconstructionSummary
    frames: Annotated[int, Field(gt=0)]
    fps: float | None
    files: tuple[NewFile, ...]
    measures: tuple[NewMeasure, ...]

    @property
    def verdict(self) -> Verdict:
        """Quality control's word."""
        return _VERDICTS[self.qc.verdict]


class FileRead(BaseModel):
    """A file of an analysis and the address to read it at."""

    role: FileRole
    view: View | None
    media_type: str
    size_bytes: int
    sha256: str
    href: str


class ModelRead(BaseModel):
    """Which model and code made an analysis."""

    model_config = ConfigDict(protected_namespaces=())

    name: str
    version: str
    code_version: str
    weights: dict[str, str]


class AnalysisBrief(BaseModel):
    """An analysis in a list, of whom by pseudonym. No `published_at` for pseudonymous readers.

    `day` counts from the patient's first visit. Of a take's versions the latest counts.
    """

    id: UUID
    patient_id: UUID
    pseudonym: str
    visit_id: UUID
    take_id: UUID
    take_number: int
    day: int
    movement: str
    version: int
    latest: bool
    state: AnalysisState
    verdict: Verdict
    model: str
    frames: int
    fps: float | None
    published_at: datetime | None


class AnalysisRead(AnalysisBrief):
    """One analysis with its quality control, what made it, and its files."""

    qc: QCReport
    summary: ReconstructionSummary
    provenance: ModelRead
    inputs: dict[View, str]
    review_id: UUID | None
    subject_file_id: UUID | None
    topology_id: str
    topology_href: str
    files: list[FileRead]


class MeasureRead(BaseModel):
    """One number; without a value it is undetermined and `reason` says why.

    `repetition` None is the whole movement. Sides are the patient's.
    """

    id: int
    analysis_id: UUID
    visit_id: UUID
    take_id: UUID
    movement: str
    repetition: int | None
    side: RowSide
    region: str
    measure: str
    value: float | None
    unit: str
    ci_lo: float | None
    ci_hi: float | None
    qc: Verdict
    reason: str
    model: str


class ChunkRead(BaseModel):
    """One chunk of a stream: `first_frame` and number of frames, its bytes at `href`."""

    first_frame: int
    frames: int
    length: int
    sha256: str
    href: str


class StreamRead(BaseModel):
    """The header of a mesh stream (`docs/mesh-stream.md`) with an address for each chunk."""

    kind: str
    name: str
    unit: str
    frames: int
    vertices: int
    components: int
    step: float
    origin: list[float]
    time_s: list[float]
    topology_id: str
    sha256: str
    href: str
    chunks: list[ChunkRead]
