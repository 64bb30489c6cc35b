"""The table's figures on constructed sequences whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.evaluation.metrics import (
    MeasurePair,
    Reference,
    TakeScore,
    aggregate,
    on_clock,
    rest_frames,
    rise_time_s,
)
from models.head.topology import Topology, load_topology
from models.reconstruction import Array

TIME_S = np.arange(60) / 30.0


@pytest.fixture(scope="module")
def topology() -> Topology:
    return load_topology()


def ramp(start_s: float, rise_s: float) -> Array:
    """0, then up to 1 in a straight line: its 10-90 % rise time is 0.8 x `rise_s`."""
    return np.clip((TIME_S - start_s) / rise_s, 0.0, 1.0)


def smiling(topology: Topology, course: Array, width_mm: float = 8.0) -> Array:
    """The lower third of the left half goes out by `width_mm` along the course (T,)."""
    vertices = np.repeat(topology.template_mm[None].astype(np.float64), len(course), axis=0)
    mouth = topology.regions["perioral"] & (topology.side == 1)
    vertices[:, mouth, 0] += width_mm * course[:, None]
    return vertices


def reference(topology: Topology, vertices: Array) -> Reference:
    return Reference("full_smile", vertices, TIME_S, topology)


def test_the_truth_scores_perfectly_in_any_head_frame(topology: Topology) -> None:
    truth = smiling(topology, ramp(0.5, 0.5))
    turn = Rotation.from_euler("xyz", (10, -5, 3), degrees=True)
    turned = turn.apply(truth.reshape(-1, 3)).reshape(truth.shape) + np.array([5.0, -2.0, 30.0])
    score = reference(topology, truth).score(turned, TIME_S, ())
    assert score is not None
    assert score.mean_mm < 1e-6
    assert score.under_2mm == 1.0
    assert score.movement_mm is not None
    assert score.movement_mm < 1e-6
    assert score.rise_time_error is not None
    assert score.rise_time_error < 1e-6
    assert score.rest_jitter_mm is not None
    assert score.rest_jitter_mm < 1e-6


def test_a_head_of_the_wrong_size_keeps_its_size(topology: Topology) -> None:
    truth = smiling(topology, ramp(0.5, 0.5))
    score = reference(topology, truth).score(1.05 * truth, TIME_S, ())
    assert score is not None
    face = truth[0, topology.regions["face"]]
    spread = np.linalg.norm(face - face.mean(axis=0), axis=1).mean()
    assert score.mean_mm > 0.02 * spread


def test_a_frozen_face_misses_the_whole_movement(topology: Topology) -> None:
    truth = smiling(topology, ramp(0.5, 0.5), width_mm=8.0)
    score = reference(topology, truth).score(np.repeat(truth[:1], 60, axis=0), TIME_S, ())
    assert score is not None
    assert score.movement_mm == pytest.approx(8.0, abs=0.02)
    assert score.rise_time_error == 1.0


def test_a_movement_read_too_small_is_wrong_by_the_difference(topology: Topology) -> None:
    truth = smiling(topology, ramp(0.5, 0.5), width_mm=10.0)
    under_read = smiling(topology, ramp(0.5, 0.5), width_mm=8.5)
    score = reference(topology, truth).score(under_read, TIME_S, ())
    assert score is not None
    assert score.movement_mm == pytest.approx(1.5, abs=0.01)
    assert score.rise_time_error == pytest.approx(0.0, abs=1e-3)


def test_a_slower_rise_is_told_as_a_share(topology: Topology) -> None:
    truth = smiling(topology, ramp(0.5, 0.5))
    slower = smiling(topology, ramp(0.5, 0.6))
    score = reference(topology, truth).score(slower, TIME_S, ())
    assert score is not None
    assert score.rise_time_error == pytest.approx(0.2, abs=0.02)


def test_left_out_frames_are_left_out(topology: Topology) -> None:
    truth = smiling(topology, ramp(0.5, 0.5))
    holes = truth.copy()
    holes[[3, 20, 21, 40]] = np.nan
    score = reference(topology, truth).score(holes, TIME_S, ())
    assert score is not None
    assert score.mean_mm < 1e-6
    assert reference(topology, truth).score(np.full_like(truth, np.nan), TIME_S, ()) is None


def test_jitter_is_the_spread_of_the_centroids_per_axis(topology: Topology) -> None:
    truth = smiling(topology, ramp(1.5, 0.3))
    shaken = truth.copy()
    still = topology.regions["stable"]
    shake = np.where(np.arange(60) % 2, 0.2, -0.2)
    shaken[:, ~still, 1] += shake[:, None]
    score = reference(topology, truth).score(shaken, TIME_S, ())
    assert score is not None
    assert score.rest_jitter_mm is not None
    assert 0.08 < score.rest_jitter_mm < 0.2 / np.sqrt(3) + 1e-6


def test_rise_time_ignores_a_twitch_before_the_movement() -> None:
    course = ramp(1.0, 0.5)
    course[10] = 0.3
    assert rise_time_s(course, TIME_S) == pytest.approx(0.4, abs=0.01)
    assert rise_time_s(np.zeros(60), TIME_S) is None


def test_rest_ends_where_the_movement_begins() -> None:
    assert rest_frames(5.0 * ramp(1.0, 0.5)).tolist() == list(range(31))
    assert len(rest_frames(np.full(60, 0.05))) == 60


def test_another_clock_is_resampled_and_not_extrapolated() -> None:
    values = np.column_stack([TIME_S, 2 * TIME_S])
    later = on_clock(values, TIME_S, TIME_S + 0.01)
    np.testing.assert_allclose(later[:-1, 0], TIME_S[:-1] + 0.01)
    assert np.isnan(on_clock(values, TIME_S, np.array([3.0]))).all()


def score_of(movement: str, *pairs: MeasurePair) -> TakeScore:
    return TakeScore(movement, 1.0, 0.7, 0.8, 0.9, 0.05, 0.1, pairs)


def test_aggregation_of_commissures_sides_and_intervals() -> None:
    cell = aggregate(
        [
            score_of(
                "full_smile",
                MeasurePair("left", 10.0, 9.0, 8.5, 9.5),
                MeasurePair("right", 4.0, 4.0, 3.0, 5.0),
            ),
            score_of(
                "pucker",
                MeasurePair("left", 2.0, 2.5, 1.5, 3.5),
                MeasurePair("right", 8.0, None),
            ),
            score_of(
                "gentle_closure",
                MeasurePair("left", 0.0, 0.4, 0.0, 0.8),
                MeasurePair("right", 5.0, 4.0, 3.0, 5.5),
            ),
        ],
        rejected=2,
    )
    assert cell["commissure_bias_mm"] == pytest.approx((-1.0 + 0.0 + 0.5) / 3)
    assert cell["commissure_mae_mm"] == pytest.approx(0.5)
    true, read = np.array([10.0, 4.0, 2.0]), np.array([9.0, 4.0, 2.5])
    assert cell["commissure_slope"] == pytest.approx(np.polyfit(true, read, 1)[0])
    assert cell["lid_gap_mae_mm"] == pytest.approx(0.7)
    assert cell["side_right"] == pytest.approx(2 / 3)
    assert cell["coverage_95"] == pytest.approx(4 / 5)
    assert cell["interval_width_mm"] == pytest.approx(2.0)
    assert cell["interval_mae_mm"] == pytest.approx((1.0 + 0.0 + 0.5 + 0.4 + 1.0) / 5)
    assert (cell["n"], cell["rejected"], cell["undetermined"]) == (3, 2, 1)


def test_nothing_to_aggregate_is_none_and_not_nan() -> None:
    cell = aggregate([])
    assert cell["n"] == 0
    assert all(cell[key] is None for key in ("mean_mm", "coverage_95", "commissure_slope"))
