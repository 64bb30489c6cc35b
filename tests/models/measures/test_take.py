"""Measures of constructed takes whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from constructed_faces import make_take, mirrored_take, plateau, with_noise

from models.errors import UnusableInputError
from models.measures import SymmetryPlane, fit_symmetry_plane, measure_take
from models.measures.catalogue import movement_keys, position_keys
from models.movements import MOVEMENTS

SMILE = np.array([0.5, np.sqrt(0.75), 0.0])


def smile(topology, left=8.0, right=8.0, *, start=1.0, lag=0.0, **options):
    mirror = np.array([-1.0, 1.0, 1.0])
    return make_take(
        topology,
        options.pop("movement", "full_smile"),
        [
            ("commissure_left", left * SMILE, lambda t: plateau(t, start)),
            ("commissure_right", right * SMILE * mirror, lambda t: plateau(t, start + lag)),
        ],
        **options,
    )


def rows_of(measures, measure, side, repetition=None):
    return [
        r for r in measures.rows if (r.measure, r.side, r.repetition) == (measure, side, repetition)
    ]


def test_commissure_excursion_and_its_components(topology):
    measures = measure_take(smile(topology, 8.0, 2.0), topology, affected_side="right")
    assert measures.value("commissure_excursion", "left") == pytest.approx(8.0, abs=0.01)
    assert measures.value("commissure_excursion", "affected") == pytest.approx(2.0, abs=0.01)
    for side, length in (("left", 8.0), ("right", 2.0)):
        assert measures.value("commissure_excursion_lateral", side) == pytest.approx(
            length * 0.5, abs=0.01
        )
        assert measures.value("commissure_excursion_vertical", side) == pytest.approx(
            length * 0.866, abs=0.01
        )
    assert measures.value("displacement_ratio", "affected") == pytest.approx(0.25, abs=1e-3)
    assert measures.value("asymmetry_index", "both") == pytest.approx(0.75, abs=1e-3)
    assert measures.value("direction_similarity", "both") == pytest.approx(1.0, abs=1e-4)
    assert measures.value("movement_similarity_index", "both") == pytest.approx(0.25, abs=1e-3)


def test_times_of_the_rise(topology):
    measures = measure_take(smile(topology, lag=0.1, fps=60), topology, affected_side=None)
    # A raised cosine passes 10 % and 90 % at 0.2048 and 0.7952 of its way.
    assert measures.value("rise_time", "left") == pytest.approx(0.3 * 0.5903, rel=0.05)
    assert measures.value("onset_lag", "both") == pytest.approx(-0.1, abs=0.01)
    assert measures.value("trajectory_lag", "both") == pytest.approx(-0.1, abs=0.01)
    assert measures.value("peak_velocity", "left") == pytest.approx(8 / 0.3 * np.pi / 2, rel=0.1)


def test_a_symmetric_face_at_rest_reads_no_asymmetry(topology):
    measures = measure_take(
        make_take(topology, "rest", [], seconds=1), topology, affected_side="none"
    )
    for row in measures.rows:
        if "deviation" in row.measure or "asymmetry" in row.measure or row.measure == "fai_rest":
            assert row.value == pytest.approx(0.0, abs=1e-4), row
    assert np.abs(measures.asymmetry_mm).max() < 1e-3
    assert measures.activated is None
    assert measures.value("mrd1_rest", "left") == pytest.approx(6.0, abs=1e-3)
    assert measures.value("fissure_height_rest", "right") == pytest.approx(9.99, abs=0.01)


@pytest.mark.parametrize("movement", [m for m in MOVEMENTS if m != "rest"])
def test_mirror_swaps_every_number(topology, movement):
    """A mirrored take with the affected side swapped gives the swapped numbers."""
    rng = np.random.default_rng(5)
    moves = {
        "brow_raise": ("brow_mid", (0, 6, 0)),
        "gentle_closure": ("exocanthion", (0, 1, 0)),
        "tight_closure": ("exocanthion", (0, 1, 0)),
        "nose_wrinkle": ("ala", (0, 4, 0)),
        "pucker": ("commissure", (-5, 0, 3)),
        "lower_teeth": ("lower_lip_lateral", (0, -6, 0)),
    }
    point, vector = moves.get(movement, ("commissure", (4, 7, 1)))
    left = np.asarray(vector, float)
    take = make_take(
        topology,
        movement,
        [
            (f"{point}_left", left, lambda t: plateau(t, 1.0)),
            (f"{point}_right", 0.4 * left * (-1, 1, 1), lambda t: plateau(t, 1.05, rise=0.4)),
            ("ala_right", np.array([-0.5, 1.5, 0.2]),
             lambda t: plateau(t, 1.1)),
        ],
    )  # fmt: skip
    take = with_noise(take, rng, fixed_mm=0.2, frame_mm=0.05, draws=12)
    if MOVEMENTS[movement].target_measure == "lid_gap_min":
        closing = 8 * plateau(take.time_s, 1.0)[:, None] * np.array([1.0, 0.4])
        take = replace(take, lid_gap_mm=(take.lid_gap_mm - closing).astype(np.float32))
    here = measure_take(take, topology, affected_side="right")
    there = measure_take(mirrored_take(take, topology), topology, affected_side="left")
    assert here.repetitions == there.repetitions
    assert len(here.repetitions) == 1
    swap = {"left": "right", "right": "left"}
    odd = ("deviation", "onset_lag", "trajectory_lag")
    mirrored = {
        (r.repetition, swap.get(r.side, r.side), r.region, r.measure): r for r in there.rows
    }
    assert len(mirrored) == len(here.rows)
    for row in here.rows:
        other = mirrored[row.repetition, row.side, row.region, row.measure]
        if row.value is None:
            assert other.value is None
            continue
        sign = -1.0 if any(word in row.measure for word in odd) else 1.0
        assert other.value * sign == pytest.approx(row.value, abs=1e-6), row
        if row.ci_hi is not None:
            width = row.ci_hi - row.ci_lo
            assert other.ci_hi - other.ci_lo == pytest.approx(width, abs=1e-6), row
    field = here.asymmetry_mm + here.asymmetry_mm[:, topology.mirror]
    assert np.abs(field).max() < 1e-4
    assert np.allclose(here.asymmetry_mm, there.asymmetry_mm[:, topology.mirror], atol=1e-4)


def test_three_repetitions_and_their_spread(topology):
    def course(t):
        return plateau(t, 1) + 0.9 * plateau(t, 4) + 1.1 * plateau(t, 7)

    take = make_take(
        topology,
        "full_smile",
        [("commissure_left", 10 * SMILE, course), ("commissure_right", (-3, 2, 0), course)],
        seconds=10,
    )
    measures = measure_take(take, topology, affected_side="right")
    assert [r.number for r in measures.repetitions] == [1, 2, 3]
    values = [rows_of(measures, "commissure_excursion", "left", n)[0].value for n in (1, 2, 3)]
    assert values == pytest.approx([10, 9, 11], abs=0.02)
    assert measures.value("commissure_excursion", "left") == pytest.approx(10.0, abs=0.02)
    assert measures.value("commissure_excursion_repetition_sd", "left") == pytest.approx(
        1.0, abs=0.02
    )


def test_a_spasm_is_no_repetition_and_no_peak(topology):
    def course(t):
        spasm = np.where((t > 4.2) & (t < 4.35), 1.5, 0.0)
        twitch = np.where((t > 1.8) & (t < 1.9), 0.5, 0.0)
        return plateau(t, 1) + spasm + twitch

    take = make_take(topology, "full_smile", [("commissure_left", 8 * SMILE, course)], seconds=6)
    measures = measure_take(take, topology, affected_side="right")
    assert len(measures.repetitions) == 1
    assert measures.value("commissure_excursion", "left") == pytest.approx(8.0, abs=0.05)


def test_movement_of_one_side_only(topology):
    measures = measure_take(smile(topology, 0.0, 7.0), topology, affected_side="left")
    assert measures.activated
    assert measures.value("commissure_excursion", "healthy") == pytest.approx(7.0, abs=0.01)
    assert measures.value("commissure_excursion", "affected") == pytest.approx(0.0, abs=0.01)
    assert measures.value("displacement_ratio", "affected") == pytest.approx(0.0, abs=1e-3)
    (row,) = rows_of(measures, "direction_similarity", "both")
    assert row.value is None
    assert "left side moved 0.0 mm" in row.reason


def test_ratio_is_undefined_when_the_healthy_side_does_not_move(topology):
    take = with_noise(
        smile(topology, 8.0, 0.2), np.random.default_rng(1), fixed_mm=0.2, frame_mm=0.1
    )
    measures = measure_take(take, topology, affected_side="left")
    (row,) = rows_of(measures, "displacement_ratio", "affected")
    assert row.value is None
    assert "activation gate" in row.reason
    assert measures.value("commissure_excursion", "affected") == pytest.approx(8.0, abs=0.6)


def test_no_movement_is_undetermined_not_zero(topology):
    take = with_noise(
        smile(topology, 0.0, 0.0), np.random.default_rng(2), fixed_mm=0.3, frame_mm=0.1
    )
    measures = measure_take(take, topology, affected_side="left")
    assert measures.activated is False
    assert measures.has_rest
    (row,) = rows_of(measures, "commissure_excursion", "left")
    assert (row.value, row.ci_lo, row.ci_hi) == (None, None, None)
    assert "No movement" in row.reason
    assert rows_of(measures, "commissure_lateral_rest", "left")[0].value is not None


def test_without_rest_excursions_are_undetermined(topology):
    def restless(t):
        return 0.5 + 0.5 * np.sin(2 * np.pi * 1.2 * t)

    take = make_take(topology, "full_smile", [("commissure_left", 8 * SMILE, restless)])
    measures = measure_take(take, topology, affected_side=None)
    assert not measures.has_rest
    (row,) = rows_of(measures, "commissure_excursion", "left")
    assert row.value is None
    assert "rest" in row.reason
    assert np.isnan(measures.displacement_mm).all()


def test_take_that_begins_with_the_movement(topology):
    take = smile(topology, start=-1.0)
    measures = measure_take(take, topology, affected_side=None)
    assert measures.value("commissure_excursion", "left") == pytest.approx(8.0, abs=0.02)
    (row,) = rows_of(measures, "rise_time", "left")
    assert row.value is None
    assert "way from rest" in row.reason


def test_rest_frame_chosen_by_a_person(topology):
    """The lower lip is pulled down before the true rest: the chosen frame decides."""

    def course(t):
        return plateau(t, 2.5) - 0.5 * plateau(t, -1.0, hold=1.7, fall=0.2)

    moves = [("commissure_left", 8 * SMILE, course), ("commissure_right", 8 * SMILE, course)]
    take = make_take(topology, "full_smile", moves)
    automatic = measure_take(take, topology, affected_side=None)
    chosen = measure_take(replace(take, rest_frame=60), topology, affected_side=None)
    assert automatic.value("commissure_excursion", "left") == pytest.approx(12.0, abs=0.1)
    (row,) = rows_of(chosen, "commissure_excursion", "left", chosen.repetitions[-1].number)
    assert row.value == pytest.approx(8.0, abs=0.1)


def test_excluded_frames(topology):
    take = smile(topology)
    valid = np.ones(len(take.time_s), bool)
    valid[33:80] = False
    measures = measure_take(replace(take, valid=valid), topology, affected_side="left")
    (row,) = rows_of(measures, "commissure_excursion", "left")
    assert row.value is None
    assert row.reason
    nothing = measure_take(
        replace(take, valid=np.zeros_like(valid)), topology, affected_side="left"
    )
    assert all(row.value is None and "excluded" in row.reason for row in nothing.rows)


def test_still_image(topology):
    take = smile(topology, start=-1.0)
    first = replace(
        take,
        vertices_mm=take.vertices_mm[:1],
        time_s=take.time_s[:1],
        valid=take.valid[:1],
        lid_gap_mm=take.lid_gap_mm[:1],
        uncertainty=replace(
            take.uncertainty,
            sigma_mm=take.uncertainty.sigma_mm[:1],
            coefficients=take.uncertainty.coefficients[:, :1],
            lid_gap_mm=take.uncertainty.lid_gap_mm[:, :1],
        ),
    )
    measures = measure_take(first, topology, affected_side="left")
    assert measures.value("commissure_lateral_peak", "left") == pytest.approx(29.0, abs=0.01)
    (row,) = rows_of(measures, "commissure_excursion", "left")
    assert row.value is None
    assert "still" in row.reason
    rest = measure_take(replace(first, movement="rest"), topology, affected_side="left")
    assert rest.value("commissure_lateral_rest", "left") == pytest.approx(29.0, abs=0.01)


def closure(topology, left_gap, right_gap, movement="gentle_closure"):
    take = make_take(topology, movement, [])
    course = plateau(take.time_s, 1.0)
    rest = take.lid_gap_mm[0]
    gap = rest - course[:, None] * (rest - np.array([left_gap, right_gap]))
    vertices = take.vertices_mm.copy()
    for index, side in enumerate(("left", "right")):
        upper, lower = topology.loops[f"lid_upper_{side}"], topology.loops[f"lid_lower_{side}"]
        aperture = take.vertices_mm[:, upper] - take.vertices_mm[:, lower]
        share = 1 - gap[:, index] / rest[index]
        vertices[:, upper] -= share[:, None, None] * aperture
    return replace(take, lid_gap_mm=gap.astype(np.float32), vertices_mm=vertices)


def test_lagophthalmos(topology):
    measures = measure_take(closure(topology, 4.0, 0.2), topology, affected_side="left")
    assert measures.value("lid_gap_min", "affected") == pytest.approx(4.0, abs=0.05)
    assert measures.value("lid_gap_min", "healthy") == pytest.approx(0.2, abs=0.05)
    assert measures.value("lid_closed", "affected") == 0.0
    assert measures.value("lid_closed", "healthy") == 1.0
    assert all(row.qc == "ok" for row in rows_of(measures, "lid_gap_min", "left"))
    doubtful = closure(topology, 4.0, 0.2)
    doubtful = replace(doubtful, vertices_mm=make_take(topology, "rest", []).vertices_mm)
    (row,) = rows_of(measure_take(doubtful, topology, affected_side=None), "lid_gap_min", "left")
    assert row.qc == "warning"
    assert "mesh differ" in row.reason


def test_lid_gap_of_eyes_that_never_close(topology):
    measures = measure_take(closure(topology, 10.0, 10.0), topology, affected_side=None)
    assert measures.activated is False
    (row,) = rows_of(measures, "lid_gap_min", "left")
    assert row.value == pytest.approx(10.0, abs=0.1)
    assert row.qc == "warning"


def test_blink_leaves_no_trace_in_rest(topology):
    take = closure(topology, 0.0, 0.0, movement="full_smile")
    course = plateau(take.time_s, 3.2, rise=0.08, hold=0.05, fall=0.1)
    blinking = make_take(topology, "full_smile", [("commissure_left", 8 * SMILE,
                                                  lambda t: plateau(t, 1.0))])  # fmt: skip
    rest = blinking.lid_gap_mm[0]
    blinking = replace(blinking, lid_gap_mm=(rest * (1 - course[:, None])).astype(np.float32))
    measures = measure_take(blinking, topology, affected_side=None)
    assert measures.value("fissure_height_rest", "left") == pytest.approx(rest[0], abs=0.01)


def test_synkinesis_counts_the_affected_side_only_and_not_the_target(topology):
    take = smile(topology, 8.0, 8.0)
    course = plateau(take.time_s, 1.1)
    squeezed = make_take(
        topology,
        "full_smile",
        [
            ("commissure_left", 8 * SMILE, lambda t: plateau(t, 1.0)),
            ("commissure_right", 8 * SMILE * (-1, 1, 1), lambda t: plateau(t, 1.0)),
            ("brow_mid_left", (0, 4, 0), lambda t: plateau(t, 1.1)),
        ],
    )
    gap = squeezed.lid_gap_mm[0] * (1 - course[:, None] * np.array([0.5, 0.2]))
    squeezed = replace(squeezed, lid_gap_mm=gap.astype(np.float32))
    measures = measure_take(squeezed, topology, affected_side="left")
    values = {(r.region, r.measure): r.value for r in measures.synkinesis}
    assert values["brow", "synkinesis"] > 0.3
    assert values["brow", "synkinesis_percent"] == pytest.approx(
        100 * values["brow", "synkinesis"] / 8, rel=0.01
    )
    assert values["cheek", "synkinesis"] == pytest.approx(0, abs=0.01)
    assert {region for region, _ in values} == {"brow", "periocular", "nose", "cheek"}
    assert measures.value("ocular_synkinesis", "affected") == pytest.approx(30.0, abs=0.5)
    other = measure_take(squeezed, topology, affected_side="right")
    assert other.value("synkinesis", "affected", "brow") == 0.0


def test_noise_does_not_lengthen_excursions(topology):
    """The mean over many noisy takes is the truth, for large, small and no movement."""
    rng = np.random.default_rng(11)
    take = smile(topology, 8.0, 2.0)
    left, right, raw = [], [], []
    for _ in range(60):
        noisy = with_noise(take, rng, fixed_mm=0.1, frame_mm=0.3, draws=30, modes=30)
        measures = measure_take(noisy, topology, affected_side="right")
        left.append(measures.value("commissure_excursion", "left"))
        right.append(measures.value("commissure_excursion", "right"))
        raw.append(measures.value("asymmetry_rms_raw_rest", "both", "brow"))
    assert np.mean(left) == pytest.approx(8.0, abs=0.1)
    assert np.mean(right) == pytest.approx(2.0, abs=0.12)


def test_noise_floor_is_root_six_sigma(topology):
    rng = np.random.default_rng(3)
    take = make_take(topology, "rest", [], seconds=0.5)
    noisy = with_noise(take, rng, fixed_mm=0.3, frame_mm=0.0, draws=60, modes=400)
    plane = SymmetryPlane(np.array([1.0, 0, 0]), 0.0)
    measures = measure_take(noisy, topology, affected_side=None, plane=plane)
    assert measures.value("asymmetry_noise_floor_rest", "both", "face") == pytest.approx(
        np.sqrt(6) * 0.3, rel=0.08
    )
    assert measures.value("asymmetry_rms_raw_rest", "both", "face") == pytest.approx(
        np.sqrt(6) * 0.3, rel=0.15
    )
    assert measures.value("asymmetry_rms_rest", "both", "face") < 0.35


def test_intervals_cover_the_truth(topology):
    rng = np.random.default_rng(7)
    take = smile(topology, 8.0, 3.0)
    truth = measure_take(take, topology, affected_side="right")
    wanted = ("commissure_excursion", "commissure_lateral_peak", "asymmetry_index",
              "commissure_height_deviation_peak", "displacement_ratio", "rise_time",
              "fissure_height_rest", "peak_velocity")  # fmt: skip
    expected = {
        (r.measure, r.side): r.value
        for r in truth.rows
        if r.repetition is None and r.measure in wanted
    }
    inside = dict.fromkeys(expected, 0)
    n = 60
    for _ in range(n):
        noisy = with_noise(take, rng, fixed_mm=0.4, frame_mm=0.15, draws=40, modes=20)
        for row in measure_take(noisy, topology, affected_side="right").rows:
            key = (row.measure, row.side)
            if row.repetition is None and key in inside and row.value is not None:
                inside[key] += row.ci_lo <= expected[key] <= row.ci_hi
    share = sum(inside.values()) / (n * len(inside))
    assert 0.90 <= share <= 0.99, {k: v / n for k, v in inside.items()}
    assert min(inside.values()) / n > 0.8, inside


def test_unknown_movement_and_foreign_mesh(topology):
    take = smile(topology)
    with pytest.raises(UnusableInputError, match="brow_raise"):
        measure_take(replace(take, movement="wink"), topology, affected_side=None)
    with pytest.raises(UnusableInputError, match="head model"):
        measure_take(
            replace(take, vertices_mm=take.vertices_mm[:, :-1]), topology, affected_side=None
        )


def test_rows_are_complete_and_unique(topology):
    measures = measure_take(smile(topology), topology, affected_side="left")
    keys = [(r.repetition, r.side, r.region, r.measure) for r in measures.rows]
    assert len(keys) == len(set(keys))
    expected = position_keys("peak") + movement_keys(MOVEMENTS["full_smile"], "left")
    for repetition in (None, 1):
        here = {(r.side, r.region, r.measure) for r in measures.rows if r.repetition == repetition}
        assert {(k.side, k.region, k.measure) for k in expected} <= here


def test_the_plane_of_the_visit_is_used(topology):
    take = smile(topology)
    plane = SymmetryPlane(np.array([1.0, 0, 0]), 2.0)
    measures = measure_take(take, topology, affected_side=None, plane=plane)
    assert measures.plane is plane
    assert measures.value("philtrum_deviation_rest", "midline") == pytest.approx(-2.0, abs=1e-3)
    fitted = fit_symmetry_plane(topology.template_mm, topology)
    assert fitted.offset_mm == pytest.approx(0, abs=1e-9)
