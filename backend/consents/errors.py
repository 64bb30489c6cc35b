"""Errors about consents."""

from __future__ import annotations

from backend.db.models import Purpose
from backend.kit.errors import ConflictError, InvalidError

_OF_PURPOSE = {
    Purpose.CARE: "recording and measuring",
    Purpose.RESEARCH: "research",
    Purpose.TEACHING: "teaching and publication",
    Purpose.MODEL_TRAINING: "the training of models",
}


class ConsentMissingError(ConflictError):
    """409: the patient did not agree to this purpose, or no longer does; `purpose` names it."""

    code = "consent_missing"
    title = "No consent"
    default_message = "The patient has not agreed to this."
    default_next_step = "Record the signed consent on the patient's page first."

    @classmethod
    def to(cls, purpose: Purpose) -> ConsentMissingError:
        """The refusal for one purpose."""
        return cls(
            f"There is no consent of the patient to {_OF_PURPOSE[purpose]} that stands.",
            extra={"purpose": purpose.value},
        )


class ConsentWithdrawnError(ConflictError):
    """409: this consent was withdrawn already."""

    code = "consent_withdrawn"
    default_message = "This consent was withdrawn already."
    default_next_step = "Record a new consent when the patient agrees again."


class UnusableAttachmentError(InvalidError):
    """422: the upload is not an accepted scan of a consent of this patient."""

    code = "unusable_attachment"
    default_message = "This upload is not a checked scan of a consent of this patient."
    default_next_step = "Upload the scan with the kind consent, and wait until it is accepted."


class AttachmentThereError(ConflictError):
    """409: the scan is evidence, so it is not exchanged."""

    code = "attachment_there"
    default_message = "This consent has a scan already, which cannot be exchanged."
    default_next_step = "Withdraw this consent and record the right one."
