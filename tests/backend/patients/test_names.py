"""Names are found however they are typed, and pseudonyms say nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.patients.names import (
    ALPHABET,
    draw_pseudonym,
    name_tokens,
    normalised_mrn,
    prefixes,
    sought,
)


def test_case_accents_and_punctuation_do_not_matter() -> None:
    assert name_tokens("Müller-Lüdenscheidt, José") == ("jose", "ludenscheidt", "muller")
    assert name_tokens("JOSÉ muller  ludenscheidt") == name_tokens("Müller-Lüdenscheidt, José")
    assert name_tokens("Groß") == name_tokens("GROSS")


def test_record_numbers_are_compared_without_spaces_and_dashes() -> None:
    assert normalised_mrn(" ab-12 34 ") == normalised_mrn("AB1234") == "AB1234"


@given(st.text(max_size=60))
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    tokens = name_tokens(name)
    assert name_tokens(" ".join(tokens)) == tokens


@given(st.text(min_size=1, max_size=60), st.data())
def test_every_beginning_of_two_letters_is_found(name: str, data: st.DataObject) -> None:
    for token in name_tokens(name):
        length = data.draw(st.integers(min(2, len(token)), len(token)))
        assert sought(token[:length]) in prefixes(token)


def test_pseudonyms_are_readable_and_differ() -> None:
    drawn = {draw_pseudonym() for _ in range(200)}
    assert len(drawn) == 200
    assert all(set(name.removeprefix("P-")) <= set(ALPHABET) for name in drawn)
