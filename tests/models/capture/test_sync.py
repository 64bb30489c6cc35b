from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import lfilter

from models.capture.recording import bring_together
from models.capture.signals import motion_curves
from models.capture.sound import RATE_HZ, read_sound, sound_offset
from models.capture.sync import match_motion, synchronise
from models.errors import UnusableInputError


@pytest.mark.parametrize("yaw_deg", [42.0, -38.0, 2.0])
@pytest.mark.parametrize("delay_s", [0.4123, -0.777, 0.0])
def test_movement_tells_the_offset_to_a_part_of_a_frame(make_observation, yaw_deg, delay_s):
    front = make_observation(start_s=1.0)
    side = make_observation(start_s=1.0 + delay_s, yaw_deg=yaw_deg, seed=0)
    match = match_motion(motion_curves(front), motion_curves(side), 5.0)
    assert match.is_clear
    assert match.offset_s == pytest.approx(delay_s, abs=0.004)
    assert match.sigma_s < 0.03


def test_movement_of_cameras_with_different_rates_is_matched(make_observation):
    front = make_observation(fps=29.97)
    side = make_observation(fps=60.0, n=360, start_s=0.25, yaw_deg=40)
    match = match_motion(motion_curves(front), motion_curves(side), 5.0)
    assert match.offset_s == pytest.approx(0.25, abs=0.005)


def test_views_of_different_moments_contradict_each_other(make_observation):
    front = make_observation(seed=1)
    other = make_observation(seed=11, yaw_deg=40)
    sync = synchronise({"center": front, "left": other}, {})["left"]
    assert sync.failure == "contradiction"
    assert sync.confidence == 0


def test_a_face_at_rest_gives_no_evidence(make_observation):
    front = make_observation(rest=True, seed=3, start_s=20)
    shorter = make_observation(rest=True, seed=4, start_s=20, yaw_deg=40, n=170)
    equal = make_observation(rest=True, seed=4, start_s=20, yaw_deg=40)
    assert synchronise({"center": front, "left": shorter}, {})["left"].failure == "no_evidence"
    together = synchronise({"center": front, "left": equal}, {})["left"]
    assert (together.method, together.offset_s, together.failure) == ("equal_length", 0.0, None)
    assert together.confidence < 0.5


def test_files_of_one_trigger_start_exactly_together(make_observation):
    views = {
        "center": make_observation(),
        "left": make_observation(yaw_deg=40),
        "right": make_observation(yaw_deg=-40),
    }
    syncs = synchronise(views, {})
    assert [s.offset_s for s in syncs.values()] == [0, 0, 0]
    assert all(abs(s.residual_s or 0) < 0.005 for s in syncs.values())


def test_entered_offset_is_taken_and_checked(make_observation):
    views = {
        "center": make_observation(),
        "left": make_observation(yaw_deg=40, start_s=0.5),
    }
    sync = synchronise(views, {"left": 0.6})["left"]
    assert (sync.offset_s, sync.method) == (0.6, "entered")
    assert sync.residual_s == pytest.approx(-0.1, abs=0.005)
    both = synchronise(views, {"left": 1.1, "center": 0.6})["left"]
    assert both.offset_s == pytest.approx(0.5)


def test_one_flash_is_found(make_observation):
    def with_flash(observation, at_s):
        luma = observation.quality.scene_luma.copy()
        luma[(observation.time_s > at_s) & (observation.time_s < at_s + 0.2), 1, 2] += 60
        quality = dataclasses.replace(observation.quality, scene_luma=luma)
        return dataclasses.replace(observation, quality=quality)

    front = with_flash(make_observation(rest=True, start_s=20), 1.01)
    side = with_flash(make_observation(rest=True, start_s=20, yaw_deg=40, n=200), 0.61)
    sync = synchronise({"center": front, "left": side}, {})["left"]
    assert sync.method == "flash"
    assert sync.offset_s == pytest.approx(0.4, abs=0.035)


def test_sound_of_one_room_tells_the_offset():
    rng = np.random.default_rng(0)
    room = lfilter([1.0], [1.0, -0.9], rng.normal(size=8 * RATE_HZ)).astype(np.float32)
    room *= np.repeat(rng.uniform(0, 1, 80), RATE_HZ // 10).astype(np.float32)
    first = room[: 6 * RATE_HZ] + rng.normal(0, 0.2, 6 * RATE_HZ).astype(np.float32)
    echo = lfilter([1, 0, 0, 0.4], [1.0], room).astype(np.float32)
    second = echo[RATE_HZ + 123 : 7 * RATE_HZ + 123]
    second = 0.3 * second + rng.normal(0, 0.05, second.size).astype(np.float32)
    found = sound_offset(first, second, 5.0)
    assert found.offset_s == pytest.approx(1 + 123 / RATE_HZ, abs=1e-3)
    assert found.sharpness > 1.6
    strange = rng.normal(size=first.size).astype(np.float32)
    assert sound_offset(first, strange, 5.0).sharpness < 1.4


def test_sound_is_read_on_the_clock_of_the_pictures(tmp_path, write_clip, moving_pattern):
    rng = np.random.default_rng(0)
    sound = 0.1 * rng.normal(size=32_000).astype(np.float32)
    sound[:16_000] = 0
    path = write_clip(tmp_path / "a.mp4", moving_pattern(60), sound=sound)
    heard = read_sound(path)
    assert heard is not None
    begin = np.argmax(np.abs(heard) > 0.05) / RATE_HZ
    assert begin == pytest.approx(1.0, abs=0.05)
    silent = write_clip(tmp_path / "b.mp4", moving_pattern(60), sound=0 * sound)
    assert read_sound(silent) is None


def test_lengths_of_different_recordings_are_unusable(make_observation):
    views = {"center": make_observation(n=150), "left": make_observation(n=1800, yaw_deg=40)}
    with pytest.raises(UnusableInputError, match="5 and 60 seconds"):
        synchronise(views, {})


def test_photographs_and_videos_do_not_mix(make_observation):
    views = {"center": make_observation(), "left": make_observation(n=1, kind="still")}
    with pytest.raises(UnusableInputError, match="photographs"):
        synchronise(views, {})


def test_offsets_without_common_time_are_unusable(make_observation):
    views = [make_observation(), make_observation(yaw_deg=40)]
    with pytest.raises(UnusableInputError, match="overlap"):
        bring_together(views, [None, None], {"left": 100.0})


def test_mirrored_recording_gives_the_same_offsets(make_observation, mirrored):
    views = {
        "center": make_observation(seed=2),
        "left": make_observation(seed=2, yaw_deg=40, start_s=0.3, n=170),
        "right": make_observation(seed=2, yaw_deg=-42, start_s=-0.2, n=175),
    }
    flipped = {
        "center": mirrored(views["center"]),
        "right": mirrored(views["left"]),
        "left": mirrored(views["right"]),
    }
    syncs, others = synchronise(views, {}), synchronise(flipped, {})
    assert syncs["left"].offset_s == pytest.approx(others["right"].offset_s, abs=1e-9)
    assert syncs["right"].offset_s == pytest.approx(others["left"].offset_s, abs=1e-9)
    assert syncs["left"].offset_s == pytest.approx(0.3, abs=0.004)
