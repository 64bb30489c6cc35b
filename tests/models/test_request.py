"""The small files that go with a recording: what is read, and what a person is told otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.errors import UnusableInputError
from models.request import (
    TakeSpan,
    known_distance,
    known_movement,
    read_corrections,
    read_takes,
)


def write(folder: Path, content: Any) -> Path:
    path = folder / "file.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_takes_come_back_in_time_order(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        [
            {"movement": "pucker", "start_s": 30, "end_s": 40},
            {"movement": "full_smile", "start_s": 3.0, "end_s": 21.5},
        ],
    )
    assert read_takes(path) == (TakeSpan("full_smile", 3.0, 21.5), TakeSpan("pucker", 30.0, 40.0))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "not valid"),
        ([], "names no take"),
        ([{"movement": "grin", "start_s": 0, "end_s": 1}], "no movement 'grin'"),
        ([{"movement": "rest", "start_s": 2, "end_s": 1}], "entry 1: end_s must be after start_s"),
        ([{"movement": "rest", "start_s": -1, "end_s": 1}], "entry 1 -> start_s"),
        ([{"movement": "rest", "start_s": 0}], "entry 1 -> end_s"),
        ('[{"movement": "rest", "start_s": 0, "end_s": NaN}]', "entry 1 -> end_s"),
        ([{"movement": "rest", "start_s": 0, "end_s": 1, "side": "left"}], "entry 1 -> side"),
        (
            [
                {"movement": "rest", "start_s": 0, "end_s": 5},
                {"movement": "pucker", "start_s": 4, "end_s": 9},
            ],
            "begins before rest ends",
        ),
    ],
)
def test_a_wrong_takes_file_says_where(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(UnusableInputError, match=said) as caught:
        read_takes(write(tmp_path, content))
    assert caught.value.next_step


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"absent\.json cannot be read"):
        read_takes(tmp_path / "absent.json")


def test_corrections_carry_frames_reasons_and_points(tmp_path: Path) -> None:
    corrections = read_corrections(
        write(
            tmp_path,
            {
                "excluded_frames": [
                    {"first": 4, "last": 6, "reason": "cough"},
                    {"first": 9, "last": 9},
                ],
                "rest_frames": [12],
                "landmarks": [{"view": "center", "frame": 57, "points": {"61": [512.5, 740.0]}}],
            },
        )
    )
    assert corrections.exclusions() == {
        4: "cough",
        5: "cough",
        6: "cough",
        9: "excluded by the reviewer",
    }
    assert corrections.rest_frames == (12,)
    assert corrections.landmarks[0].points == {61: (512.5, 740.0)}


@pytest.mark.parametrize(
    "content",
    [
        {"excluded_frames": [{"first": 6, "last": 4}]},
        {"excluded_frames": [{"first": 0, "last": 10**12}]},
        {"landmarks": [{"view": "front", "frame": 1, "points": {}}]},
        {"landmarks": [{"view": "left", "frame": 1, "points": {"478": [1, 2]}}]},
        {"rest": 3},
    ],
)
def test_wrong_corrections_are_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(UnusableInputError):
        read_corrections(write(tmp_path, content))


def test_names_and_sizes_are_checked() -> None:
    assert known_movement("rest") == "rest"
    assert known_distance("outer_canthi", 92.0) == ("outer_canthi", 92.0)
    with pytest.raises(UnusableInputError, match="Choose one of"):
        known_distance("nose", 30.0)
    with pytest.raises(UnusableInputError, match="millimetres between"):
        known_distance("outer_canthi", 9.2)
