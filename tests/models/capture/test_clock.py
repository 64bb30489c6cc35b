from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.capture.clock import common_moments, regular_step_s, resample
from models.capture.recording import bring_together


def test_step_survives_rounded_and_missing_time_stamps():
    exact = np.arange(200) / 29.97
    rounded = np.round(exact, 3)
    assert regular_step_s(rounded) == pytest.approx(1 / 29.97, rel=1e-4)
    assert regular_step_s(np.delete(rounded, [20, 21, 77])) == pytest.approx(1 / 29.97, rel=1e-4)
    assert regular_step_s(np.array([0.0])) == 0


def test_own_pictures_are_taken_as_they_are(make_observation):
    observation = make_observation(noise_px=1.0)
    recording = bring_together([observation], [None], {})
    track = recording.tracks["center"]
    assert np.array_equal(track.landmarks_px, observation.landmarks_px)
    assert recording.fps == pytest.approx(30)
    assert recording.time_s[0] == 0
    assert np.array_equal(recording.sources["center"].frame, np.arange(180))


def test_views_show_the_same_moment_after_resampling(make_observation):
    front = make_observation(noise_px=0.0)
    late = make_observation(noise_px=0.0, start_s=0.4555)
    moments = common_moments(front.time_s, 0.4555, 5.5)
    shown, _ = resample(front, "center", 0.0, moments)
    other, source = resample(late, "left", 0.4555, moments)
    inner = slice(3, -3)
    error = np.abs(shown.landmarks_px[inner, :, :2] - other.landmarks_px[inner, :, :2])
    travel = np.abs(np.diff(front.landmarks_px[:, :, :2], axis=0)).max()
    assert travel > 4
    assert error.max() < 0.12 * travel
    assert error.mean() < 0.01
    assert np.abs(source.distance_s).max() <= 0.5 / 30 + 1e-9


def test_lost_face_stays_unknown_and_its_neighbours_stay(make_observation):
    observation = make_observation()
    landmarks = observation.landmarks_px.copy()
    landmarks[50:60] = np.nan
    presence = observation.presence.copy()
    presence[50:60] = 0
    gone = dataclasses.replace(observation, landmarks_px=landmarks, presence=presence)
    track, _ = resample(gone, "center", 0.0, gone.time_s)
    assert np.array_equal(np.flatnonzero(~track.seen), np.arange(50, 60))
    shifted, _ = resample(gone, "center", 0.01, gone.time_s[5:-5])
    assert not shifted.seen[45:55].any()
    assert shifted.seen[:44].all()


def test_dropped_pictures_are_bridged_only_when_few(make_observation):
    time_s = np.delete(np.arange(180) / 30, [40, 90, 91, 92, 93])
    observation = make_observation(time_s=time_s)
    recording = bring_together([observation], [None], {})
    assert recording.time_s.size == 180
    assert np.array_equal(np.flatnonzero(~recording.tracks["center"].seen), np.arange(90, 94))
    assert (
        list(recording.sources["center"].frame[89:95]) == [88, -1, -1, -1, -1, 89]
        or (np.abs(recording.sources["center"].distance_s[[90, 93]]) < 0.04).all()
    )


def test_still_is_one_moment(make_observation):
    recording = bring_together([make_observation(n=1, kind="still")], ["center"], {})
    assert recording.is_still
    assert recording.tracks["center"].landmarks_px.shape == (1, 478, 3)
    assert recording.fps == 0
