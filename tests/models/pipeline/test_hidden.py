"""Measures of covered parts are undetermined; those of the rest stay."""

from models.capture.covering import EYES, MOUTH
from models.measures import MeasureRow
from models.measures.catalogue import RowSide
from models.pipeline.hidden import without_hidden


def row(side: RowSide, region: str) -> MeasureRow:
    return MeasureRow(
        pseudonym="",
        visit="",
        take="01",
        movement="full_smile",
        repetition=None,
        side=side,
        region=region,
        measure="some_measure",
        value=2.0,
        unit="mm",
        ci_lo=1.0,
        ci_hi=3.0,
        qc="ok",
        reason="",
        model="",
    )


def test_only_what_is_covered_loses_its_value() -> None:
    sides: tuple[RowSide, ...] = ("left", "right", "both", "affected")
    rows = [row(side, region) for side in sides for region in ("periocular", "perioral")]
    left_eye = without_hidden(rows, [EYES[0]])
    lost = {(r.side, r.region) for r in left_eye if r.value is None}
    assert lost == {(side, "periocular") for side in ("left", "both", "affected")}
    assert all((r.ci_lo is None) == (r.value is None) == bool(r.reason) for r in left_eye)
    assert {r.region for r in without_hidden(rows, [MOUTH]) if r.value is None} == {"perioral"}
    assert without_hidden(rows, []) == tuple(rows)
