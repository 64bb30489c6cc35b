"""How names and record numbers are compared and hashed, and pseudonyms drawn; nothing is stored."""

from __future__ import annotations

import re
import secrets
import unicodedata

from backend.kit.keys import KeyProvider, keyed_hash

# Crockford's alphabet: nobody mixes up I, 1 and L or O and 0 when reading a pseudonym aloud.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PSEUDONYM_LENGTH = 6

# Shorter beginnings fit too many people to help, and would give their hashes away.
SHORTEST_PREFIX = 2
LONGEST_PREFIX = 12

_SEPARATOR = re.compile(r"[^\w]+|_+")


def draw_pseudonym() -> str:
    """A new random pseudonym such as `P-7K3M9Q`; it says nothing about the patient."""
    return "P-" + "".join(secrets.choice(ALPHABET) for _ in range(PSEUDONYM_LENGTH))


def normalised_mrn(mrn: str) -> str:
    """The record number without spaces and punctuation, in capitals."""
    return _SEPARATOR.sub("", unicodedata.normalize("NFKC", mrn)).upper()


def name_tokens(name: str) -> tuple[str, ...]:
    """The words of a name, folded: without case, accents and punctuation, sorted, each once."""
    # Folding may make letters that decompose again, and the other way round.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    decomposed = unicodedata.normalize("NFKD", folded.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return tuple(sorted({word for word in _SEPARATOR.split(bare) if word}))


def prefixes(token: str) -> tuple[str, ...]:
    """The beginnings of a word by which it is found; a word of one letter is found as it is."""
    shortest, longest = min(SHORTEST_PREFIX, len(token)), min(LONGEST_PREFIX, len(token))
    return tuple(token[:length] for length in range(shortest, longest + 1))


def mrn_hash(keys: KeyProvider, mrn: str) -> bytes:
    """The keyed hash by which a record number is looked up."""
    return keyed_hash(keys, "patient.mrn", normalised_mrn(mrn))


def pseudonym_hash(keys: KeyProvider, pseudonym: str) -> bytes:
    """The keyed hash by which the former pseudonym of a merged record is looked up."""
    return keyed_hash(keys, "patient.pseudonym", pseudonym.strip().upper())


def name_hashes(keys: KeyProvider, name: str) -> set[bytes]:
    """The keyed hashes of all beginnings of the words of a name."""
    return {
        keyed_hash(keys, "patient.name", prefix)
        for token in name_tokens(name)
        for prefix in prefixes(token)
    }


def sought_hashes(keys: KeyProvider, typed: str) -> list[bytes]:
    """One keyed hash for each typed word; a name is found when it has them all."""
    return [keyed_hash(keys, "patient.name", sought(token)) for token in name_tokens(typed)]


def sought(token: str) -> str:
    """The form in which a typed word is looked up: letters beyond the longest kept don't count."""
    return token[:LONGEST_PREFIX]
