"""Errors about reviews and signatures."""

from __future__ import annotations

from backend.kit.errors import ConflictError, InvalidError


class NothingToReviewError(ConflictError):
    """409: the take has no analysis, or is excluded, so there is nothing to correct."""

    code = "nothing_to_review"
    default_message = "This take has no analysis that counts."
    default_next_step = "Wait for its analysis, or include the take again."


class ReviewOutdatedError(ConflictError):
    """409: the take was analysed or corrected again since; `version_number` is the newest."""

    code = "review_outdated"
    default_message = "The take was corrected or analysed again in the meantime."
    default_next_step = "Look at the newest analysis and make the corrections there."


class CorrectionError(InvalidError):
    """422: the corrections do not fit the take."""

    code = "correction"
    default_message = "The corrections do not fit this take."
    default_next_step = "Correct frames and views of the take itself."


class ReviewDecidedError(ConflictError):
    """409: the proposal is no longer open."""

    code = "review_decided"
    default_message = "This proposal was decided or withdrawn already."
    default_next_step = "Nothing needs to be done."


class NotReadyToSignError(ConflictError):
    """409: something stands against signing; `obstacles` says what."""

    code = "not_ready_to_sign"
    title = "Not ready to be signed"
    default_message = "Something in this visit is not finished."
    default_next_step = "Finish, exclude or take out what is named, then sign."


class ResultsChangedError(ConflictError):
    """409: the newest analyses are not those that were looked at."""

    code = "results_changed"
    default_message = "There are other results than those you looked at."
    default_next_step = "Look at the newest results, then sign those."


class NotSignedError(ConflictError):
    """409: the visit is not signed, so it is open already."""

    code = "not_signed"
    default_message = "This visit is not signed."
    default_next_step = "Change what is needed; no reason has to be given."


class EnteredInErrorError(ConflictError):
    """409: the visit was declared an error, for good."""

    code = "entered_in_error"
    default_message = "This visit was marked as entered in error."
    default_next_step = "Make a new visit."
