"""Tables of what comes out: analyses, files and measures, subject files, reviews, signatures."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.db.base import Base, Created, Identified, OfPatient, Versioned, one_of_each
from backend.db.models.recordings import Verdict, View
from backend.db.types import CountingColumn, Sealed


class AnalysisState(StrEnum):
    """As in FHIR."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    ENTERED_IN_ERROR = "entered_in_error"


class FileRole(StrEnum):
    """What a file of an analysis is."""

    VERTICES = "vertices"
    ASYMMETRY = "asymmetry"
    DISPLACEMENT = "displacement"
    UNCERTAINTY = "uncertainty"
    ARRAYS = "arrays"
    SERIES = "series"
    MEASURES = "measures"
    RECONSTRUCTION = "reconstruction"
    QC = "qc"
    SUBJECT = "subject"
    PREVIEW = "preview"
    OVERLAY = "overlay"


class RowSide(StrEnum):
    """The side of a measure, as in the CSV."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    BOTH = "both"
    AFFECTED = "affected"
    HEALTHY = "healthy"


class ReviewState(StrEnum):
    """A therapist's review is `proposed` until a clinician decides; a clinician's is accepted."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class SignatureKind(StrEnum):
    """What a signature says."""

    SIGNED = "signed"
    AMENDED = "amended"
    ENTERED_IN_ERROR = "entered_in_error"


class SubjectFile(Identified, OfPatient, Base):
    """Identity, scale and plane of a person at one visit, fixed by its first take that passed QC.

    The newest row of a visit counts (`superseded_at` is None). The row with `fixes_scale` gives
    the patient's scale to later visits. `take_id` is the take that fixed it.
    """

    __tablename__ = "subject_files"
    __table_args__ = (UniqueConstraint("visit_id", "version_number"),)

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    take_id: Mapped[UUID] = mapped_column(ForeignKey("takes.id"), index=True)
    version_number: Mapped[int]
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id"), index=True)
    head_model: Mapped[str]
    scale: Mapped[float]
    scale_sigma: Mapped[float]
    scale_source: Mapped[str]
    fixes_scale: Mapped[bool]
    created_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class Review(Identified, Versioned, Created, OfPatient, Base):
    """Corrections of one take: excluded frames, a rest frame, landmarks put right.

    `corrections` is the content of a corrections file; they are complete, not a difference.
    `base_version` is the version of the analysis that was looked at.
    """

    __tablename__ = "reviews"

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    take_id: Mapped[UUID] = mapped_column(ForeignKey("takes.id"), index=True)
    base_version: Mapped[int]
    state: Mapped[ReviewState]
    corrections: Mapped[dict[str, Any]]
    note_sealed: Mapped[bytes | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decision_note_sealed: Mapped[bytes | None]

    note = Sealed("note_sealed")
    decision_note = Sealed("decision_note_sealed")


class Analysis(Identified, OfPatient, Base):
    """One reconstruction of a take with its measures; immutable but for `state` and signatures.

    A new one gets the next `version_number` of its take and marks the others superseded; the
    newest counts. `request` is everything that decided it (corrections, subject file, scale,
    settings) and `inputs` the SHA-256 of each view; `code_version`, the model and `weights`
    (asset -> SHA-256) make it repeatable. `job_id` with `fencing_token` is unique: a job publishes
    once. `summary` is the small part of the reconstruction that pages show.
    """

    __tablename__ = "analyses"
    __table_args__ = (
        UniqueConstraint("take_id", "version_number"),
        UniqueConstraint("job_id"),
        Index(None, "visit_id", "superseded_at"),
        Index(None, "model_name", "model_version"),
    )

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    take_id: Mapped[UUID] = mapped_column(ForeignKey("takes.id"), index=True)
    version_number: Mapped[int]
    state: Mapped[AnalysisState]
    superseded_at: Mapped[datetime | None]
    movement: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id"))
    fencing_token: Mapped[int]
    review_id: Mapped[UUID | None] = mapped_column(ForeignKey("reviews.id"), index=True)
    subject_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("subject_files.id"), index=True)
    request: Mapped[dict[str, Any]]
    request_hash: Mapped[str] = mapped_column(String(64), index=True)
    inputs: Mapped[dict[str, Any]]
    code_version: Mapped[str]
    model_name: Mapped[str]
    model_version: Mapped[str]
    weights: Mapped[dict[str, Any]]
    topology: Mapped[str]
    verdict: Mapped[Verdict]
    qc: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any]]
    frames: Mapped[int]
    fps: Mapped[float | None]
    published_at: Mapped[datetime]

    files: Mapped[list[AnalysisFile]] = relationship(lazy="raise", viewonly=True)


class AnalysisFile(Identified, OfPatient, Base):
    """A stored file of an analysis; overlays may come after it was published."""

    __tablename__ = "analysis_files"
    __table_args__ = one_of_each("analysis_id", "role", "view")

    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analyses.id"), index=True)
    role: Mapped[FileRole]
    view: Mapped[View | None]
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id"), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Measure(OfPatient, Base):
    """One number of an analysis, as in the CSV; undetermined ones have a reason, never a 0."""

    __tablename__ = "measures"
    __table_args__ = (
        Index(None, "patient_id", "measure", "movement", "side", "region"),
        Index(None, "visit_id", "measure"),
        CheckConstraint("value IS NOT NULL OR reason <> ''", name="reason"),
    )

    id: Mapped[int] = mapped_column(CountingColumn, primary_key=True)
    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analyses.id"), index=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"))
    take_id: Mapped[UUID] = mapped_column(ForeignKey("takes.id"), index=True)
    movement: Mapped[str] = mapped_column(String(64))
    repetition: Mapped[int | None]
    side: Mapped[RowSide]
    region: Mapped[str] = mapped_column(String(64))
    measure: Mapped[str] = mapped_column(String(64))
    value: Mapped[float | None]
    unit: Mapped[str] = mapped_column(String(32))
    ci_lo: Mapped[float | None]
    ci_hi: Mapped[float | None]
    qc: Mapped[Verdict]
    reason: Mapped[str] = mapped_column(String(500))
    model: Mapped[str]


class Signature(Identified, OfPatient, Base):
    """A clinician's word on a visit: signed, amended with a reason, or entered in error."""

    __tablename__ = "signatures"

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    kind: Mapped[SignatureKind]
    signed_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[datetime]
    reason_sealed: Mapped[bytes | None]

    reason = Sealed("reason_sealed")


class SignedAnalysis(Base):
    """An analysis that a signature covers."""

    __tablename__ = "signed_analyses"

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    analysis_id: Mapped[UUID] = mapped_column(
        ForeignKey("analyses.id"), primary_key=True, index=True
    )
