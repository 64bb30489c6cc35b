"""Errors about merging records."""

from __future__ import annotations

from backend.kit.errors import ConflictError


class SameRecordError(ConflictError):
    """409: a record can't be merged with itself."""

    code = "same_record"
    default_message = "A record cannot be merged with itself."
    default_next_step = "Choose the other record of this person."


class WorkUnderWayError(ConflictError):
    """409: jobs of one of the records wait or run; they would publish into the wrong one."""

    code = "work_under_way"
    default_message = "Work on one of these records is still under way."
    default_next_step = "Wait for it to end, or cancel it, then try again."


class MergeUndoneError(ConflictError):
    """409: the merge was undone, or a later one stands upon it."""

    code = "merge_undone"
    default_message = "This merge was undone already, or the kept record was merged again since."
    default_next_step = "Undo the later merge first."
