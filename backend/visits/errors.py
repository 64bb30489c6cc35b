"""Errors about visits, and the check that keeps signed ones as they were signed."""

from __future__ import annotations

from backend.db.models import Visit
from backend.kit.errors import ConflictError, InvalidError
from backend.voiding import require_in_use


class VisitSignedError(ConflictError):
    """409: the visit is signed, so nothing in it changes any more."""

    code = "visit_signed"
    title = "Signed"
    default_message = "This visit is signed; nothing in it can be changed."
    default_next_step = "A clinician can open it again with a reason (amend)."


class ForeignEpisodeError(InvalidError):
    """422: the episode is not one of this patient that is in use."""

    code = "foreign_episode"
    default_message = "This is no episode of the patient that is in use."
    default_next_step = "Choose one of the patient's episodes, or none."


class VisitTimeError(InvalidError):
    """422: day and instant of the visit contradict each other or lie in the future."""

    code = "visit_time"
    default_message = "The day and the time of the visit do not fit, or lie in the future."
    default_next_step = "Correct the day or the time."


def require_open(visit: Visit) -> None:
    """Raise VoidError or VisitSignedError unless the visit may change."""
    require_in_use(visit)
    if visit.signed_at is not None:
        raise VisitSignedError
