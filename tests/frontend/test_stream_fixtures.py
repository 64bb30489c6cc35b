"""The streams that the page's decoder is tested with are what the codec writes."""

from __future__ import annotations

import runpy
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "frontend/src/viewer/fixtures"


def test_fixtures_are_current() -> None:
    made = runpy.run_path(str(FIXTURES / "make_streams.py"))
    for name, data in made["streams"]().items():
        assert (FIXTURES / name).read_bytes() == data
        text = (FIXTURES / name).with_suffix(".json").read_text(encoding="utf-8")
        assert text == made["values"](data)
