"""No take, however short or broken, makes the measures fail or invent a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from constructed_faces import build, make_take, plateau, with_noise
from hypothesis import given, settings
from hypothesis import strategies as st

from models.measures import measure_take
from models.measures.segmentation import over_gaps, repetitions, rest_frames, rise_s
from models.movements import MOVEMENTS

FACE = build()


@given(
    movement=st.sampled_from(sorted(MOVEMENTS)),
    n_frames=st.integers(1, 24),
    fps=st.sampled_from([15.0, 30.0, 60.0]),
    seed=st.integers(0, 10_000),
    share_valid=st.sampled_from([0.0, 0.3, 0.8, 1.0]),
    side=st.sampled_from(["left", "right", "none", None]),
    rest_frame=st.sampled_from([None, 0]),
)
@settings(max_examples=60, deadline=None)
def test_any_take_is_measured_or_undetermined(
    movement, n_frames, fps, seed, share_valid, side, rest_frame
):
    rng = np.random.default_rng(seed)
    take = make_take(
        FACE,
        movement,
        [("commissure_left", (4, 7, 0), lambda t: plateau(t, 0.2, rise=0.05, hold=0.2))],
        seconds=n_frames / fps,
        fps=fps,
    )
    take = with_noise(take, rng, fixed_mm=0.2, frame_mm=0.2, draws=int(rng.integers(0, 6)))
    valid = rng.random(n_frames) < share_valid
    vertices, gaps = take.vertices_mm.copy(), take.lid_gap_mm.copy()
    vertices[~valid], gaps[~valid] = np.nan, np.nan
    take = replace(take, valid=valid, vertices_mm=vertices, lid_gap_mm=gaps, rest_frame=rest_frame)
    measures = measure_take(take, FACE, affected_side=side)
    for row in measures.rows:
        if row.value is None:
            assert row.reason
        else:
            assert np.isfinite(row.value), row
            assert (row.ci_lo is None) == (row.ci_hi is None)
            if row.ci_lo is not None:
                assert row.ci_lo <= row.value <= row.ci_hi, row


def test_garbage_in_excluded_frames_changes_nothing():
    take = make_take(
        FACE,
        "full_smile",
        [
            ("commissure_left", (4, 7, 0), lambda t: plateau(t, 1)),
            ("commissure_right", (-4, 7, 0), lambda t: plateau(t, 1)),
        ],
    )
    valid = np.ones(len(take.time_s), bool)
    valid[[40, 41, 55, 90]] = False
    vertices, gaps = take.vertices_mm.copy(), take.lid_gap_mm.copy()
    vertices[~valid] += 40.0
    gaps[~valid] = 30.0
    clean = measure_take(replace(take, valid=valid), FACE, affected_side="left")
    dirty = measure_take(
        replace(take, valid=valid, vertices_mm=vertices, lid_gap_mm=gaps),
        FACE,
        affected_side="left",
    )
    assert clean.rows == dirty.rows


@given(st.integers(0, 1000), st.floats(0.0, 1.0))
@settings(max_examples=30, deadline=None)
def test_rests_and_repetitions_of_a_random_protocol(seed, noise):
    """1 to 4 repetitions of random size and length in noise are all found, and nothing else."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 5))
    starts = 1.5 + np.cumsum(rng.uniform(3.2, 4.5, count)) - 3.0
    holds = rng.uniform(0.8, 1.6, count)
    time_s = np.arange(int((starts[-1] + 5) * 30)) / 30
    true = sum(
        rng.uniform(6, 9) * plateau(time_s, start, hold=hold)
        for start, hold in zip(starts, holds, strict=True)
    )
    trace = true + noise * 0.4 * rng.normal(size=len(time_s))
    valid = np.ones(len(time_s), bool)
    rest = rest_frames(trace, valid, time_s)
    assert len(rest) > 30
    assert np.abs(true[rest]).max() < 3.0
    assert np.abs(np.median(true[rest])) < 0.2
    found = repetitions(np.abs(trace), valid, time_s, rest, 0.1)
    assert len(found) == count
    for repetition, start, hold in zip(found, starts, holds, strict=True):
        assert repetition.onset_s == pytest.approx(start + 0.07, abs=0.15)
        assert start + 0.2 < repetition.peak_s < start + 0.3 + hold + 0.1
        assert repetition.starts_at_rest
        assert repetition.ends_at_rest


@pytest.mark.parametrize("fps", [15, 30, 60, 120])
def test_rise_time_does_not_depend_on_the_frame_rate(fps):
    time_s = np.arange(4 * fps) / fps
    trace = 8 * np.clip((time_s - 1.013) / 0.5, 0, 1)
    low, high = rise_s(trace, time_s, 8.0, 0, len(time_s) - 1)
    assert high - low == pytest.approx(0.4, abs=0.002)
    assert low == pytest.approx(1.063, abs=0.002)
    assert rise_s(trace[2 * fps :], time_s[2 * fps :], 8.0, 0, fps) is None


def test_gaps_are_bridged_linearly_along_any_axis():
    time_s = np.array([0.0, 1.0, 2.0, 4.0, 5.0])
    valid = np.array([False, True, False, True, False])
    values = np.array([9.0, 1.0, np.nan, 4.0, np.inf])
    assert np.allclose(over_gaps(values, valid, time_s), [1, 1, 2, 4, 4])
    stacked = np.stack([values, 2 * values], axis=1)
    assert np.allclose(over_gaps(stacked, valid, time_s, axis=0)[:, 1], [2, 2, 4, 8, 8])
