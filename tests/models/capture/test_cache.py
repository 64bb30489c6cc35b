"""A recording that was read once is read again from its kept observations, without its files."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest
import skimage.data
from PIL import Image

from models.capture.cache import remembering
from models.errors import UnusableInputError


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "center.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


def equal(a, b):
    if is_dataclass(a):
        return all(equal(getattr(a, field.name), getattr(b, field.name)) for field in fields(a))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
    return a == b


def test_what_is_read_back_is_what_was_seen_and_the_file_is_not_needed(photograph, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    with remembering(folder)([photograph]) as readers:
        (look,), (seen,) = readers.look(), readers.observe()
    photograph.unlink()
    with remembering(folder)([photograph]) as readers:
        (look_again,), (seen_again,) = readers.look(), readers.observe()
    assert equal(look, look_again)
    assert equal(seen, seen_again)
    assert seen.seen.all()
    assert np.array_equal(seen.crops.read(), seen_again.crops.read())


def test_a_kept_first_look_saves_only_the_look(photograph, tmp_path):
    with remembering(tmp_path)([photograph]) as readers:
        (look,) = readers.look()
    with remembering(tmp_path)([photograph]) as readers:
        (look_again,), (seen,) = readers.look(), readers.observe()
    assert equal(look, look_again)
    assert seen.crops is not None
    photograph.unlink()
    with remembering(tmp_path)([photograph]) as readers:
        assert equal(seen, readers.observe()[0])


def test_what_another_version_kept_is_refused(photograph, tmp_path, monkeypatch):
    with remembering(tmp_path)([photograph]) as readers:
        readers.look()
        readers.observe()
    monkeypatch.setattr("models.capture.cache.SCHEMA_VERSION", 99)
    with (
        remembering(tmp_path)([photograph]) as readers,
        pytest.raises(UnusableInputError, match="another version"),
    ):
        readers.observe()
