"""Why an export can't be made or fetched now."""

from __future__ import annotations

from backend.kit.errors import ConflictError


class ExportUnderWayError(ConflictError):
    """409: one export at a time."""

    code = "export_under_way"
    title = "Export under way"
    default_message = "An export that you asked for is still being made."
    default_next_step = "Wait until it is ready; then ask for the next one."


class ExportNotReadyError(ConflictError):
    """409: there is no file, not yet or not any more."""

    code = "export_not_ready"
    title = "Export not ready"
    default_message = "This export has no file now."
    default_next_step = "Wait until it is ready; ask for a new one when it failed or expired."


class NothingToExportError(ConflictError):
    """409: no result may go into this export."""

    code = "nothing_to_export"
    title = "Nothing to export"
    default_message = "There is no result that may be exported."
    default_next_step = "Check consents, and that analyses were published."


class ConsentChangedError(ConflictError):
    """409: a patient in the export may no longer be in it."""

    code = "consent_changed"
    title = "Consent withdrawn since"
    default_message = "A patient in this export has withdrawn consent, or may not be seen any more."
    default_next_step = "Ask for a new export."
