"""Errors about jobs: what a caller can't do with one now, and a worker that lost its job."""

from __future__ import annotations

from backend.kit.errors import ConflictError


class JobEndedError(ConflictError):
    """The job has ended; nothing is left to cancel."""

    code = "job_ended"
    default_message = "This job has ended already."
    default_next_step = "Nothing needs to be cancelled."


class JobRunsError(ConflictError):
    """The job is not over, or the same work is under way again, so it can't be retried."""

    code = "job_runs"
    default_message = "This work is waiting or under way already."
    default_next_step = "Wait for it to end, or cancel it first."


class PreviewNotReadyError(ConflictError):
    """The preview is not computed, or could not be."""

    code = "preview_not_ready"
    default_message = "The preview is not ready."
    default_next_step = "Follow its job; ask for a new one if that failed."


class LeaseLostError(Exception):
    """A worker no longer holds the job: it was slow or cut off, and another one has taken over.

    For workers only. Nothing may be published under this lease.
    """
