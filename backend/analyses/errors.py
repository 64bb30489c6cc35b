"""Why an analysis can't be started."""

from __future__ import annotations

from backend.kit.errors import ConflictError


class NotMeasuredError(ConflictError):
    """409: the take was excluded, or there are no measures of its movement."""

    code = "take_not_measured"
    title = "Not measured"
    default_message = "This take is not to be measured any more."
    default_next_step = "Include it again, or choose a movement that is measured."


class RecordingIncompleteError(ConflictError):
    """409: there is nothing to analyse yet."""

    code = "recording_incomplete"
    title = "Recording not complete"
    default_message = "The recording of this take is not complete."
    default_next_step = "Upload the missing views, or say that what is there will do."
