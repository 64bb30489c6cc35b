"""The CSV is the one that the clinical page prescribes."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from constructed_faces import make_take, plateau

from models.measures import MeasureRow, csv_text, measure_take, stamped
from models.measures.catalogue import movement_keys, position_keys, position_name
from models.movements import MOVEMENTS, NOTICE

HEADER = (
    "pseudonym,visit,take,movement,repetition,side,region,measure,value,unit,ci_lo,ci_hi,qc,"
    "reason,model,notice"
)


def row(**changes):
    values = {
        "pseudonym": "", "visit": "", "take": "", "movement": "rest", "repetition": None,
        "side": "left", "region": "brow", "measure": "brow_height_rest", "value": 21.5,
        "unit": "mm", "ci_lo": 21.0, "ci_hi": 22.0, "qc": "ok", "reason": "", "model": "",
    }  # fmt: skip
    return MeasureRow(**(values | changes))


def test_header_is_exact():
    assert csv_text([]) == HEADER + "\n"


def test_undetermined_is_empty_with_a_reason():
    text = csv_text([row(value=None, ci_lo=None, ci_hi=None, reason='no "rest", sorry')])
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["value"], line["ci_lo"], line["ci_hi"]) == ("", "", "")
    assert line["reason"] == 'no "rest", sorry'
    assert line["notice"] == NOTICE
    with pytest.raises(ValueError, match="reason"):
        row(value=None)


def test_numbers_are_plain_and_never_minus_zero():
    text = csv_text([row(value=-0.00001, ci_lo=-1234567.89, ci_hi=1e-9, repetition=2)])
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["value"], line["ci_lo"], line["ci_hi"]) == ("0.0000", "-1234567.8900", "0.0000")
    assert line["repetition"] == "2"


def test_stamp_keeps_the_stricter_verdict():
    rows = stamped(
        [row(), row(qc="warning"), row(qc="rejected")],
        pseudonym="P-7",
        model="head 1",
        qc="warning",
    )
    assert [r.qc for r in rows] == ["warning", "warning", "rejected"]
    assert {(r.pseudonym, r.model) for r in rows} == {("P-7", "head 1")}


def test_units_are_ucum_and_sides_known(topology):
    take = make_take(
        topology, "full_smile", [("commissure_left", (4, 6, 0), lambda t: plateau(t, 1))]
    )
    for r in measure_take(take, topology, affected_side="right").rows:
        assert r.unit in {"mm", "deg", "mm/s", "s", "%", "1"}
        assert r.side in {"left", "right", "midline", "both", "affected", "healthy"}


def test_every_measure_is_documented():
    page = Path(__file__).parents[3] / "docs" / "measures.md"
    documented = set(re.findall(r"`([a-z0-9_]+)`", page.read_text(encoding="utf-8")))
    positions = position_keys("rest") + position_keys("peak")
    keys = list(positions)
    for movement in MOVEMENTS.values():
        if movement.target_measure:
            keys += movement_keys(movement, "left")
    ids = {position_name(k.measure) if k in positions else k.measure for k in keys}
    assert ids - documented == set()
