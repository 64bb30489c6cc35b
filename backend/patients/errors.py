"""Errors about patients' records."""

from __future__ import annotations

from backend.kit.errors import ConflictError, InvalidError


class PossibleDuplicateError(ConflictError):
    """409: there is a record that looks like the same person; `duplicates` names those in reach."""

    code = "possible_duplicate"
    title = "Perhaps the same person"
    default_message = "There is a record that looks like the same person."
    default_next_step = (
        "Open that record; or, when it is somebody else, repeat with although_similar."
    )


class PseudonymTakenError(ConflictError):
    """409: another record has this pseudonym."""

    code = "pseudonym_taken"
    default_message = "Another record has this pseudonym already."
    default_next_step = "Choose another one, or leave it empty to have one drawn."


class TellingPseudonymError(InvalidError):
    """422: the pseudonym tells the name or the record number."""

    code = "telling_pseudonym"
    default_message = "The pseudonym tells the patient's name or record number."
    default_next_step = "Choose one that says nothing, or leave it empty to have one drawn."


class TeamNeededError(InvalidError):
    """422: it has to be said which care team the patient belongs to."""

    code = "team_needed"
    default_message = "It is not clear which care team the patient belongs to."
    default_next_step = "Name a care team that is in use; clinicians name one of their own."


class PatientNotInUseError(ConflictError):
    """409: the record is void or merged into another, so nothing may change in it."""

    code = "patient_not_in_use"
    default_message = "This record is void, or merged into another one."
    default_next_step = "Take that back first, or go to the record that was kept."


class MergeRefusedError(ConflictError):
    """409: these two records can't be made one now, or no longer be parted."""

    code = "merge_refused"
    default_message = "These two records cannot be merged."
    default_next_step = "Check which records are meant."
