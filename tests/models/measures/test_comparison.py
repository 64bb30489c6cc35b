"""Changes between two takes: verdicts, phases and fields."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import UnusableInputError
from models.measures.comparison import (
    Course,
    Estimate,
    change,
    field_difference,
    phase_map,
    time_after,
)
from models.measures.reference import read_reference_lines
from models.measures.series import PhaseSpan

SMILE_ERROR = read_reference_lines().error_of("commissure_excursion", "full_smile", "mm")


def sure(value, half=0.3):
    return Estimate(value, value - half, value + half)


def repetition(number, onset, peak, offset):
    return PhaseSpan(
        number=number,
        onset_frame=round(onset * 30),
        peak_frame=round(peak * 30),
        offset_frame=round(offset * 30),
        onset_s=onset,
        peak_s=peak,
        offset_s=offset,
    )


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (sure(6.0), sure(8.0), "yes"),
        (sure(8.0), sure(6.0), "yes"),
        (sure(6.0), sure(7.0), "no"),
        (sure(6.0, 2.0), sure(8.0, 2.0), "unknown"),
        (sure(6.0, 2.0), sure(7.0, 2.0), "no"),
        (Estimate(None), sure(7.0), "unknown"),
        (Estimate(6.0), sure(9.0), "unknown"),
    ],
)
def test_a_change_is_larger_than_the_error_only_when_both_say_so(before, after, verdict):
    found = change(before, after, SMILE_ERROR)
    assert found.verdict == verdict
    assert bool(found.reason) == (verdict == "unknown")


def test_nothing_is_said_without_a_known_error():
    found = change(sure(1.0), sure(100.0), None)
    assert found.verdict == "unknown"
    assert (found.difference, found.ci_lo, found.ci_hi) == pytest.approx(
        (99.0, 99 - 0.3 * 2**0.5, 99 + 0.3 * 2**0.5)
    )


def test_an_interval_that_ends_at_zero_does_not_look_narrower():
    """A length of 0.2 +- 1 mm is stored as 0 to 1.2 mm."""
    cut = change(Estimate(0.2, 0.0, 1.2), sure(2.0, 0.0), SMILE_ERROR)
    assert (cut.ci_lo, cut.ci_hi) == pytest.approx((0.8, 2.8))


values = st.floats(-50, 50)
halves = st.floats(0.01, 5)


@given(values, halves, values, halves)
def test_swapping_the_visits_turns_the_sign_and_nothing_else(a, half_a, b, half_b):
    there = change(sure(a, half_a), sure(b, half_b), SMILE_ERROR)
    back = change(sure(b, half_b), sure(a, half_a), SMILE_ERROR)
    assert back.difference == -there.difference
    assert (back.ci_lo, back.ci_hi) == pytest.approx((-there.ci_hi, -there.ci_lo))
    assert back.verdict == there.verdict


def test_the_error_belongs_to_the_measure_and_the_movement():
    lines = read_reference_lines()
    smile = lines.error_of("commissure_excursion", "gentle_smile", "mm")
    assert (smile.mdc95, smile.source) == (1.5, "literature, healthy")
    assert lines.error_of("commissure_height_rest", "pucker", "mm").mdc95 == 0.8
    assert lines.error_of("commissure_excursion", "pucker", "mm") is None
    assert lines.error_of("synkinesis", "full_smile", "mm") is None
    assert lines.perception_of("lid_gap_min", "mm").threshold == 2.0
    assert lines.perception_of("onset_lag", "s") is None


def test_a_wrong_file_of_reference_lines_names_its_fault(tmp_path):
    path = tmp_path / "lines.json"
    path.write_text('{"measurement_error": [], "perception": [{"measures": []}]}')
    with pytest.raises(UnusableInputError, match=r"perception\.0"):
        read_reference_lines(path)


def test_phases_meet_and_time_runs_evenly_between_them():
    before = Course(0.0, 10.0, [repetition(1, 2, 3, 4), repetition(2, 6, 7, 8)])
    after = Course(0.0, 6.0, [repetition(1, 1, 1.5, 3)])
    anchors = phase_map(before, after)
    assert [a.phase for a in anchors] == ["start", "onset", "peak", "offset", "end"]
    times = time_after(anchors, np.array([0.0, 1.0, 2.0, 3.0, 4.0, 10.0]))
    np.testing.assert_allclose(times, [0.0, 0.5, 1.0, 1.5, 3.0, 6.0])


moments = st.lists(st.floats(0, 10, allow_nan=False), min_size=3, max_size=9).map(sorted)


def course(times):
    spans = [times[i : i + 3] for i in range(0, len(times) - 2, 3)]
    return Course(0.0, 10.0, [repetition(n, *span) for n, span in enumerate(spans, 1)])


@given(moments, moments)
def test_time_never_stands_still_or_runs_backwards(one, other):
    anchors = phase_map(course(one), course(other))
    assert (np.diff([a.before_s for a in anchors]) > 0).all()
    assert (np.diff([a.after_s for a in anchors]) > 0).all()
    back = phase_map(course(other), course(one))
    assert [(a.after_s, a.before_s) for a in back] == [(a.before_s, a.after_s) for a in anchors]


def test_the_same_movement_at_another_pace_differs_by_its_amplitude_alone():
    slow_s, fast_s = np.arange(241) / 30, np.arange(121) / 30
    slow = np.interp(slow_s, [2, 4, 6], [0, 1, 0])
    fast = np.interp(fast_s, [1, 2, 3], [0, 3, 0])
    anchors = phase_map(
        Course(0.0, 8.0, [repetition(1, 2, 4, 6)]), Course(0.0, 4.0, [repetition(1, 1, 2, 3)])
    )
    field = field_difference(
        np.outer(slow, [1, 2]).astype(np.float32),
        slow_s,
        np.outer(fast, [1, 2]).astype(np.float32),
        fast_s,
        anchors,
    )
    np.testing.assert_allclose(field, np.outer(2 * slow, [1, 2]), atol=1e-5)


def test_no_value_stays_no_value():
    before = np.zeros((3, 1), np.float32)
    after = np.array([[1.0], [np.nan], [3.0]], np.float32)
    time_s = np.arange(3.0)
    anchors = phase_map(Course(0.0, 2.0, []), Course(0.0, 2.0, []))
    field = field_difference(before, time_s, after, time_s, anchors)
    np.testing.assert_array_equal(field[:, 0], [1.0, np.nan, 3.0])
