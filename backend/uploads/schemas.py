"""What is said about uploads: the announcement of one, and how one stands."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic import model_validator as validator

from backend.db.models import Upload, UploadKind, UploadState, View
from backend.uploads.errors import UploadHeaderError

_MAX_METADATA = 4096
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", to_lower=True)]


class Announcement(BaseModel):
    """What an upload is going to be, from `Upload-Metadata`; other keys (a file name) are dropped.

    A view or a calibration belongs to a recording, the scan of a consent to a patient. `sha256`
    is the hash of the whole file in hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: UploadKind = UploadKind.VIEW
    recording_id: UUID | None = None
    view: View | None = None
    patient_id: UUID | None = None
    sha256: Sha256 | None = None

    @validator(mode="after")
    def _says_where_it_belongs(self) -> Self:
        if self.kind is UploadKind.CONSENT:
            if self.patient_id is None:
                raise ValueError("the scan of a consent needs patient_id")
        elif self.recording_id is None:
            raise ValueError(f"a {self.kind} needs recording_id")
        if (self.kind is UploadKind.VIEW) != (self.view is not None):
            raise ValueError("view goes with the kind view, and only with it")
        return self

    @classmethod
    def from_header(cls, text: str) -> Announcement:
        """Read the tus header: `key base64,key base64`; raises UploadHeaderError."""
        if len(text) > _MAX_METADATA:
            raise UploadHeaderError("The header Upload-Metadata is too long.")
        values: dict[str, str] = {}
        try:
            for entry in filter(None, text.split(",")):
                key, _, encoded = entry.strip().partition(" ")
                values[key] = base64.b64decode(encoded, validate=True).decode()
            return cls.model_validate(values)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in fault["loc"])
            raise UploadHeaderError(
                f"The header Upload-Metadata is not valid: {place} {fault['msg']}."
            ) from error
        except (binascii.Error, UnicodeDecodeError) as error:
            raise UploadHeaderError("The header Upload-Metadata is not base64.") from error


@dataclass(frozen=True)
class ChunkChecksum:
    """What the bytes of one request must hash to."""

    algorithm: str
    digest: bytes

    @classmethod
    def from_header(cls, text: str) -> ChunkChecksum:
        """Read `sha256 base64` or `sha1 base64`; raises UploadHeaderError."""
        match = re.fullmatch(r"(sha1|sha256) ([A-Za-z0-9+/]{1,64}={0,2})", text.strip())
        if match is None:
            raise UploadHeaderError("The header Upload-Checksum is not valid.")
        try:
            return cls(match[1], base64.b64decode(match[2], validate=True))
        except binascii.Error as error:
            raise UploadHeaderError("The header Upload-Checksum is not base64.") from error


class UploadStatus(BaseModel):
    """How an upload stands. `reason` and `next_step` are set when it was refused."""

    id: UUID
    kind: UploadKind
    recording_id: UUID | None
    view: View | None
    state: UploadState
    declared_bytes: Annotated[int, Field(ge=0)]
    received_bytes: Annotated[int, Field(ge=0)]
    reason: str | None
    next_step: str | None
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, upload: Upload) -> UploadStatus:
        """The row as it is told."""
        return cls.model_validate(upload, from_attributes=True)
