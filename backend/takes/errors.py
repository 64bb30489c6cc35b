"""Errors about takes."""

from __future__ import annotations

from backend.kit.errors import ConflictError, InvalidError


class UnknownMovementError(InvalidError):
    """422: the protocol of the visit has no such movement."""

    code = "unknown_movement"
    default_message = "The protocol of this visit has no such movement."
    default_next_step = "Choose one of the movements of the protocol."


class ForeignRecordingError(InvalidError):
    """422: the recording is not one of this visit that is in use."""

    code = "foreign_recording"
    default_message = "This is no recording of the visit that is in use."
    default_next_step = "Choose one of the visit's recordings."


class SpanError(InvalidError):
    """422: the span lies outside of the recording."""

    code = "span"
    default_message = "The take ends after the recording."
    default_next_step = "Choose start and end within the recording."


class OverlapError(ConflictError):
    """409: two takes in use would share a moment of a recording; `take_id` names the other."""

    code = "takes_overlap"
    default_message = "Another take lies in this part of the recording already."
    default_next_step = "Cut the takes so that they follow each other."


class ReplacementError(ConflictError):
    """409: the take to be recorded again is of another visit or movement, void, or replaced."""

    code = "not_replaceable"
    default_message = "This take cannot be replaced by a new one."
    default_next_step = "Choose a take of the same visit and movement that still counts."


class TakeReplacedError(ConflictError):
    """409: the take was recorded again, so it does not count any more."""

    code = "take_replaced"
    default_message = "This take was recorded again and does not count any more."
    default_next_step = "Work with the newer take."


class ExclusionError(ConflictError):
    """409: the take is excluded already, or is not."""

    code = "exclusion"
    default_message = "This take is excluded already, or counts already."
    default_next_step = "Nothing needs to be done."
