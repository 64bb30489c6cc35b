"""Why two results can't be compared."""

from __future__ import annotations

from collections.abc import Iterable

from backend.kit.errors import ConflictError, InvalidError


class ModelVersionsDifferError(ConflictError):
    """409: the numbers come from different models, so their difference would mean nothing.

    `movements` names those concerned; repeating their analyses makes them comparable.
    """

    code = "model_versions_differ"
    title = "Different models"
    default_message = "The two visits were analysed with different models."
    default_next_step = "Repeat the analyses of both visits with the present model."

    @classmethod
    def of(cls, movements: Iterable[str]) -> ModelVersionsDifferError:
        """The refusal for these movements."""
        return cls(extra={"movements": sorted(movements)})


class NotOnePatientError(InvalidError):
    """422: only visits of one patient are compared."""

    code = "not_one_patient"
    default_message = "The two visits are not of the same patient."
    default_next_step = "Choose two visits of one patient."


class NotOneMovementError(InvalidError):
    """422: only takes of one movement are compared."""

    code = "not_one_movement"
    default_message = "The two analyses are not of the same movement."
    default_next_step = "Choose two analyses of one movement."
