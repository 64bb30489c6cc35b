"""Tables of what comes in: stored blobs, uploads, recordings with their views, takes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.db.base import (
    Base,
    Created,
    Identified,
    OfPatient,
    Versioned,
    Voidable,
    one_of_each,
)
from backend.db.types import Sealed


class View(StrEnum):
    """A camera, by the side of the patient it stands on."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Verdict(StrEnum):
    """Quality control's word on a take."""

    OK = "ok"
    WARNING = "warning"
    REJECTED = "rejected"


class UploadKind(StrEnum):
    """What an upload is going to be."""

    VIEW = "view"
    CONSENT = "consent"
    CALIBRATION = "calibration"


class UploadState(StrEnum):
    """Where an upload stands; from `received` on all bytes are here, in quarantine."""

    OPEN = "open"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABANDONED = "abandoned"


class RecordingState(StrEnum):
    """`waiting` for views; `complete`, also when a person said to use what is there."""

    WAITING = "waiting"
    COMPLETE = "complete"


class RecordingFileRole(StrEnum):
    """What a derived file of a recording is."""

    PROXY = "proxy"
    THUMBNAIL = "thumbnail"
    LOOK = "look"
    OBSERVATION = "observation"
    CROPS = "crops"


class Blob(Identified, Base):
    """An encrypted object in the storage, immutable.

    `digest` is the keyed hash of the plaintext, per patient; `object_name` is where it lies;
    `context` is what its key is bound to (it survives a merge of patients). `patient_id` is None
    for what is no patient's or of many (a bulk export). A blob is in use while any column with a
    foreign key to this table points to it (`backend.db.references.blob_references`); the
    database refuses to remove it before.
    """

    __tablename__ = "blobs"
    __table_args__ = (UniqueConstraint("patient_id", "digest"),)

    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"), index=True)
    digest: Mapped[bytes]
    object_name: Mapped[str] = mapped_column(unique=True)
    context: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(index=True)


class Recording(Identified, Versioned, Created, Voidable, OfPatient, Base):
    """One to three views taken at the same time; one or more takes lie in it.

    `declared_views` are those expected. `known_distances_mm`, `iris_mm`, `offsets_s` (by view) and
    the calibration go into the reconstruction. `camera_distance_mm` and `device` describe.
    """

    __tablename__ = "recordings"

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    declared_views: Mapped[list[str]]
    state: Mapped[RecordingState]
    completed_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime | None]
    device: Mapped[str]
    camera_distance_mm: Mapped[float | None]
    iris_mm: Mapped[float | None]
    known_distances_mm: Mapped[dict[str, Any]]
    offsets_s: Mapped[dict[str, Any]]
    calibration_blob_id: Mapped[UUID | None] = mapped_column(ForeignKey("blobs.id"), index=True)

    views: Mapped[list[RecordingView]] = relationship(lazy="raise", viewonly=True)
    files: Mapped[list[RecordingFile]] = relationship(lazy="raise", viewonly=True)


class Upload(Identified, Created, OfPatient, Base):
    """A file on its way in (tus); the row is there before the first byte.

    `received_bytes` follows the partial file. `checksum` is the declared SHA-256 of the whole, in
    hex. `reason` tells a person why it was refused.
    """

    __tablename__ = "uploads"
    __table_args__ = (CheckConstraint("received_bytes <= declared_bytes", name="received"),)

    kind: Mapped[UploadKind]
    recording_id: Mapped[UUID | None] = mapped_column(ForeignKey("recordings.id"), index=True)
    view: Mapped[View | None]
    state: Mapped[UploadState] = mapped_column(index=True)
    declared_bytes: Mapped[int] = mapped_column(BigInteger)
    received_bytes: Mapped[int] = mapped_column(BigInteger)
    checksum: Mapped[str | None] = mapped_column(String(64))
    media_type: Mapped[str | None] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(String(1000))
    next_step: Mapped[str | None] = mapped_column(String(1000))
    blob_id: Mapped[UUID | None] = mapped_column(ForeignKey("blobs.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    completed_at: Mapped[datetime | None]


class RecordingView(Identified, OfPatient, Base):
    """One accepted video or still of a recording, with what the probe found."""

    __tablename__ = "recording_views"
    __table_args__ = (UniqueConstraint("recording_id", "view"),)

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id"), index=True)
    view: Mapped[View]
    upload_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    container: Mapped[str] = mapped_column(String(64))
    codec: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    fps: Mapped[float | None]
    duration_s: Mapped[float | None]
    frames: Mapped[int | None]
    created_at: Mapped[datetime]


class RecordingFile(Identified, OfPatient, Base):
    """Something made from a recording that can be made again: proxies, thumbnails, caches.

    `view` is None for what belongs to all. `details` tells how it was made (a cache's versions).
    """

    __tablename__ = "recording_files"
    __table_args__ = one_of_each("recording_id", "role", "view")

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id"), index=True)
    role: Mapped[RecordingFileRole]
    view: Mapped[View | None]
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id"), index=True)
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Take(Identified, Versioned, Created, Voidable, OfPatient, Base):
    """One movement in a recording; its repetitions are found by the analysis, as rows below.

    `start_s` and `end_s` are None for the whole recording. `number` counts the takes of a visit.
    `replaced_by_id`: it was recorded again. `excluded_*`: kept, but not measured. `first_verdict`
    and `first_qc` are the early word of quality control, before any analysis.
    """

    __tablename__ = "takes"
    __table_args__ = (
        UniqueConstraint("visit_id", "number"),
        CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name="span"),
    )

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    recording_id: Mapped[UUID | None] = mapped_column(ForeignKey("recordings.id"), index=True)
    number: Mapped[int]
    movement: Mapped[str] = mapped_column(String(64))
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    replaced_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("takes.id"), index=True)
    excluded_at: Mapped[datetime | None]
    excluded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    exclusion_reason_sealed: Mapped[bytes | None]
    first_verdict: Mapped[Verdict | None]
    first_qc: Mapped[dict[str, Any] | None]

    exclusion_reason = Sealed("exclusion_reason_sealed")
    recording: Mapped[Recording | None] = relationship(lazy="raise", viewonly=True)
