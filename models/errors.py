"""Errors that a person reads: each says what is wrong and what to do next."""


class SfpfrError(Exception):
    """Root of all errors meant for a person.

    `message` is one plain sentence; `next_step` says what to do about it and may be empty.
    """

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class UnusableInputError(SfpfrError):
    """The input cannot be used at all; nothing is written (exit code 2)."""


class HeadFileError(UnusableInputError):
    """A head-model file cannot be read, has the wrong layout, or carries foreign code."""


class VideoError(UnusableInputError):
    """A video or image cannot be read, or is outside the accepted limits."""


class CalibrationError(UnusableInputError):
    """A calibration file has wrong keys, shapes or values."""


class RejectedRecordingError(SfpfrError):
    """Quality control rejected the recording (exit code 3); `verdict` tells why."""


class StorageFullError(SfpfrError):
    """The disk is full; nothing half-written is left behind (exit code 4)."""
