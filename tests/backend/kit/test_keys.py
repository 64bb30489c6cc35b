"""Sealed values open where they belong and nowhere else; key files are never overwritten."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.keys import (
    KeyFileError,
    LocalKeyFile,
    SealBrokenError,
    keyed_hash,
    seal,
    unseal,
)

KEYS = LocalKeyFile.generate()


@given(st.binary(max_size=200), st.text(max_size=40))
def test_a_sealed_value_opens_in_its_own_context(plaintext: bytes, context: str) -> None:
    assert unseal(KEYS, seal(KEYS, plaintext, context), context) == plaintext


@given(st.binary(max_size=40), st.data())
def test_any_changed_byte_is_found(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEYS, plaintext, "patients/name/1"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBrokenError):
        unseal(KEYS, bytes(sealed), "patients/name/1")


@pytest.mark.parametrize("length", [0, 1, 2, 3, 20, 75])
def test_a_cut_value_is_found(length: int) -> None:
    with pytest.raises(SealBrokenError):
        unseal(KEYS, seal(KEYS, b"name", "a")[:length], "a")


def test_a_value_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(SealBrokenError):
        unseal(KEYS, seal(KEYS, b"name", "patients/name/1"), "patients/name/2")


def test_equal_plaintexts_are_sealed_differently() -> None:
    assert seal(KEYS, b"name", "a") != seal(KEYS, b"name", "a")


def test_another_sites_key_opens_nothing() -> None:
    with pytest.raises(SealBrokenError):
        unseal(LocalKeyFile.generate(), seal(KEYS, b"name", "a"), "a")


def test_a_keyed_hash_depends_on_site_purpose_and_value() -> None:
    reference = keyed_hash(KEYS, "mrn", "4711")
    assert reference == keyed_hash(KEYS, "mrn", b"4711")
    assert len(reference) == 32
    others = {
        keyed_hash(KEYS, "mrn", "4712"),
        keyed_hash(KEYS, "name", "4711"),
        keyed_hash(LocalKeyFile.generate(), "mrn", "4711"),
    }
    assert reference not in others


def test_a_key_file_is_read_again_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = LocalKeyFile.create(path)
    sealed = seal(made, b"name", "a")
    assert unseal(LocalKeyFile.read(path), sealed, "a") == b"name"
    assert LocalKeyFile.read(path).secret("mrn") == made.secret("mrn")
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        LocalKeyFile.create(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    LocalKeyFile.create(path)
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="other users"):
        LocalKeyFile.read(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"wrapping_keys": [], "root_secret": ""}'])
def test_a_damaged_key_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="damaged"):
        LocalKeyFile.read(path)
