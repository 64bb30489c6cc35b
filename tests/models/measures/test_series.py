"""The curves of takes whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from constructed_faces import make_take, mirrored_take, plateau, with_noise

from models.measures import measure_take
from models.measures.series import TakeSeries, take_series


def smile(topology, left=8.0, right=4.0):
    return make_take(
        topology,
        "full_smile",
        [
            ("commissure_left", (left, 0, 0), lambda t: plateau(t, 1.0)),
            ("commissure_right", (-right, 0, 0), lambda t: plateau(t, 1.0)),
        ],
    )


def series_of(take, topology, **options):
    measures = measure_take(take, topology, affected_side=None, **options)
    return take_series(take, measures, topology), measures


def curve(series, measure, side, region=None):
    (found,) = [
        c
        for c in series.curves
        if (c.measure, c.side) == (measure, side) and region in (None, c.region)
    ]
    return found


def test_the_curve_of_an_excursion_peaks_where_the_row_says(topology):
    series, measures = series_of(smile(topology), topology)
    for side in ("left", "right"):
        values = np.array(curve(series, "commissure_excursion", side).values)
        peak = series.repetitions[0].peak_frame
        assert values[peak] == pytest.approx(measures.value("commissure_excursion", side), abs=0.01)
        assert values[0] == pytest.approx(0.0, abs=1e-6)
    assert series.time_s[series.repetitions[0].peak_frame] == pytest.approx(
        series.repetitions[0].peak_s
    )


def test_regions_move_and_become_asymmetric_where_the_movement_is(topology):
    series, _ = series_of(smile(topology, left=8.0, right=0.0), topology)
    peak = series.repetitions[0].peak_frame
    assert curve(series, "region_displacement_raw", "left", "upper_lip").values[peak] > 0.5
    assert curve(series, "region_displacement_raw", "right", "upper_lip").values[peak] == 0.0
    assert curve(series, "asymmetry_rms_raw", "both", "upper_lip").values[peak] > 0.5
    assert curve(series, "asymmetry_rms_raw", "both", "brow").values[peak] < 0.01


def test_a_mirrored_take_swaps_the_sides(topology):
    take = with_noise(smile(topology), np.random.default_rng(3), fixed_mm=0.1, frame_mm=0.1)
    series, _ = series_of(take, topology)
    mirrored, _ = series_of(mirrored_take(take, topology), topology)
    swap = {"left": "right", "right": "left", "both": "both"}
    for one in series.curves:
        other = curve(mirrored, one.measure, swap[one.side], one.region)
        np.testing.assert_allclose(one.values, other.values, atol=0.02)
        np.testing.assert_allclose(one.sd, other.sd, atol=0.02)
    assert len(curve(series, "commissure_excursion", "left").sd) == len(series.time_s)


def test_excluded_frames_have_no_value_and_the_file_survives_a_round_trip(topology):
    take = smile(topology)
    valid = take.valid.copy()
    valid[10:13] = False
    series, _ = series_of(replace(take, valid=valid), topology)
    assert {len(c.values) for c in series.curves} == {len(take.time_s)}
    assert all(c.values[10:13] == (None, None, None) for c in series.curves)
    assert TakeSeries.model_validate_json(series.model_dump_json()) == series


def test_without_rest_there_are_no_excursions(topology):
    series, measures = series_of(make_take(topology, "full_smile", [], seconds=0.03), topology)
    assert measures.rest_mm is None
    assert {c.measure for c in series.curves} == {"lid_gap", "asymmetry_rms_raw"}
    assert series.repetitions == ()
