"""The subject file survives its round trip, and a foreign one is refused plainly."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import UnusableInputError
from models.reconstruction import Subject
from models.subject import read_subject, write_subject


def test_round_trip(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    subject = Subject(
        identity=draw.normal(size=100),
        static_offset_mm=np.round(draw.normal(size=(50, 3)), 4),
        scale=1.0137,
        scale_sigma=0.012,
        scale_source="iris",
        plane=np.array([1.0, 0.01, 0.0, -0.2]),
        eye_radius_mm=(12.0, 12.1),
        head_model={"name": "open-head", "sha256": "ab" * 32},
    )
    path = tmp_path / "subject.json"
    write_subject(subject, path)
    again = read_subject(path)
    np.testing.assert_array_equal(again.identity, subject.identity)
    np.testing.assert_array_equal(again.static_offset_mm, subject.static_offset_mm)
    np.testing.assert_array_equal(again.plane, subject.plane)
    assert (again.scale, again.scale_sigma, again.scale_source) == (1.0137, 0.012, "iris")
    assert again.eye_radius_mm == (12.0, 12.1)
    assert again.head_model == subject.head_model


@pytest.mark.parametrize("content", ["", "{}", '{"schema_version": 1}', "[1]"])
def test_a_foreign_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "subject.json"
    path.write_text(content)
    with pytest.raises(UnusableInputError, match="subject file"):
        read_subject(path)
