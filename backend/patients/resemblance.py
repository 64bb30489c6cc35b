"""Which records look like the same person, how a record is found, and what a pseudonym may tell."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import Patient
from backend.db.session import keys_of
from backend.patients import repository
from backend.patients.errors import (
    PossibleDuplicateError,
    PseudonymTakenError,
    TellingPseudonymError,
)
from backend.patients.names import (
    draw_pseudonym,
    mrn_hash,
    name_hashes,
    name_tokens,
    normalised_mrn,
    pseudonym_hash,
)

# A word of fewer letters stands in a pseudonym by chance.
_TELLING_LETTERS = 4
_PARTS = re.compile(r"\d+|\D+")


def identify(session: Session, patient: Patient, name: str | None, mrn: str | None) -> None:
    """Set name and record number, and the hash by which the number is looked up."""
    patient.name, patient.mrn = name, mrn
    patient.mrn_hash = None if mrn is None else mrn_hash(keys_of(session), mrn)


def index(session: Session, patient: Patient) -> None:
    """Let the record be found by what identifies it, and by all that was merged into it."""
    keys = keys_of(session)
    hashes: set[bytes] = set()
    for record in family(session, patient):
        if record.name is not None:
            hashes |= name_hashes(keys, record.name)
        if record.mrn_hash is not None:
            hashes.add(record.mrn_hash)
        if record is not patient:
            hashes.add(pseudonym_hash(keys, record.pseudonym))
    repository.index(session, patient.id, hashes)


def family(session: Session, patient: Patient) -> list[Patient]:
    """The record itself and all that were merged into it, or into one that was."""
    records = [patient]
    for record in records:
        # The list grows while it is walked.
        records.extend(repository.merged_into(session, record.id))
    return records


def free_pseudonym(session: Session) -> str:
    """A drawn pseudonym that no record has."""
    while repository.pseudonym_exists(session, pseudonym := draw_pseudonym()):
        pass
    return pseudonym


def check_pseudonym(
    session: Session,
    pseudonym: str,
    name: str | None,
    mrn: str | None,
    besides: UUID | None = None,
) -> None:
    """Raise PseudonymTakenError or TellingPseudonymError for one that can't be used."""
    if repository.pseudonym_exists(session, pseudonym, besides):
        raise PseudonymTakenError
    refuse_telling(pseudonym, name, mrn)


def refuse_telling(pseudonym: str, name: str | None, mrn: str | None) -> None:
    """Raise TellingPseudonymError when it holds a word of the name or the record number.

    It stands in file names and exports, where neither may be.
    """
    bare = normalised_mrn(pseudonym)
    told = [word.upper() for word in name_tokens(name or "")]
    told += _PARTS.findall(normalised_mrn(mrn or ""))
    if any(len(word) >= _TELLING_LETTERS and word in bare for word in told):
        raise TellingPseudonymError


def refuse_duplicates(
    session: Session,
    caller: Caller,
    name: str | None,
    mrn: str | None,
    birth_year: int | None,
    besides: UUID | None = None,
) -> None:
    """Raise PossibleDuplicateError when a record has the same number, or name and birth year.

    Of records out of the caller's reach only that a number is in use is told, as break-glass does.
    """
    similar: dict[UUID, dict[str, str]] = {}
    elsewhere = False
    if mrn is not None:
        hashed = mrn_hash(keys_of(session), mrn)
        seen, elsewhere = repository.same_mrn(session, caller, hashed, besides)
        similar |= {patient.id: _similar(patient, "mrn") for patient in seen}
    if name is not None and birth_year is not None:
        words = name_tokens(name)
        for patient in repository.same_words(session, caller, name, birth_year, besides):
            if patient.name is not None and name_tokens(patient.name) == words:
                similar.setdefault(patient.id, _similar(patient, "name_and_birth_year"))
    if similar or elsewhere:
        raise PossibleDuplicateError(
            extra={"duplicates": list(similar.values()), "outside_your_teams": elsewhere}
        )


def _similar(patient: Patient, why: str) -> dict[str, str]:
    return {"id": str(patient.id), "pseudonym": patient.pseudonym, "same": why}
