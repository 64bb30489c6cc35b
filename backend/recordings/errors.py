"""Why a recording cannot be changed or shown."""

from __future__ import annotations

from backend.kit.errors import ConflictError


class RecordingCompleteError(ConflictError):
    """409: the views of this recording are settled; it is recorded again instead."""

    code = "recording_complete"
    title = "Recording complete"
    default_message = "The views of this recording are complete and can't be changed any more."
    default_next_step = "Make a new recording and let it replace the take."


class ViewTakenError(ConflictError):
    """409: this view has its file already."""

    code = "view_taken"
    title = "View already there"
    default_message = "The recording has a file for this view already."
    default_next_step = "Remove that file first, or choose another view."


class NoViewsError(ConflictError):
    """409: there is nothing to use yet."""

    code = "no_views"
    title = "No views yet"
    default_message = "No file of this recording has arrived."
    default_next_step = "Upload at least one view, best the one from the front."


class VideoNotReadyError(ConflictError):
    """409: the video for the browser is not made yet."""

    code = "video_not_ready"
    title = "Video not ready"
    default_message = "The video is still being prepared."
    default_next_step = "Try again in a minute."


class RecordingInUseError(ConflictError):
    """409: takes lie in this recording."""

    code = "recording_in_use"
    title = "Recording in use"
    default_message = "Takes lie in this recording."
    default_next_step = "Take them out of use first."
