"""Why an upload is refused."""

from __future__ import annotations

from backend.kit.errors import (
    BadRequestError,
    ConflictError,
    InvalidError,
    PreconditionFailedError,
    ServiceError,
    TooLargeError,
)


class FileRefusedError(InvalidError):
    """422: the file arrived whole and is not one that may be used."""

    code = "file_refused"
    title = "File refused"
    default_message = "The file can't be used."
    default_next_step = "Export or record it again as MP4 (H.264) and try once more."


class ChecksumMismatchError(ServiceError):
    """460 (tus): what arrived is not what was announced."""

    status = 460
    code = "checksum_mismatch"
    title = "Damaged on the way"
    default_message = "The file was damaged on its way."
    default_next_step = "Send it again."


class OffsetConflictError(ConflictError):
    """409 (tus): the sent bytes do not follow those that are here; `Upload-Offset` says where."""

    code = "offset_conflict"
    title = "Not where the upload stands"
    default_message = "The bytes do not follow those that have arrived."
    default_next_step = "Ask where the upload stands and go on from there."


class UploadDoneError(ConflictError):
    """409: the file has arrived and was accepted."""

    code = "upload_done"
    title = "Upload done"
    default_message = "The file has arrived and was accepted already."
    default_next_step = "Remove the view from its recording if it is the wrong one."


class UploadBusyError(ServiceError):
    """423: another connection is writing to this upload."""

    status = 423
    code = "upload_busy"
    title = "Upload in use"
    default_message = "Another connection is sending this file."
    default_next_step = "Wait until it is done, or try again in a few seconds."


class UploadGoneError(ServiceError):
    """410: the upload was cancelled, refused or has expired."""

    status = 410
    code = "upload_gone"
    title = "Upload no longer there"
    default_message = "This upload was cancelled, refused or took too long."
    default_next_step = "Start it again."


class UploadTooLargeError(TooLargeError):
    """413: larger than a file may be, or than what was announced."""

    code = "upload_too_large"
    default_message = "The file is larger than what is accepted."
    default_next_step = "Cut or export it smaller."


class TusVersionError(PreconditionFailedError):
    """412 (tus): another version of the upload protocol."""

    code = "tus_version"
    title = "Another upload protocol"
    default_message = "The upload protocol must be tus 1.0.0."
    default_next_step = "Send the header Tus-Resumable: 1.0.0."


class UploadHeaderError(BadRequestError):
    """400: a header of the upload protocol is missing or malformed."""

    code = "upload_header"
    default_message = "A header of the upload is missing or malformed."
    default_next_step = "Use a tus 1.0 client."


class UnsupportedMediaError(ServiceError):
    """415 (tus): chunks have the type `application/offset+octet-stream`."""

    status = 415
    code = "unsupported_media"
    title = "Another kind of body"
    default_message = "Chunks have the type application/offset+octet-stream."
    default_next_step = "Use a tus 1.0 client."
