from __future__ import annotations

import multiprocessing
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from models.capture.landmarks.topology import mirror_landmarks
from models.capture.observe import observe_view
from models.capture.recording import bring_together
from models.capture.workers import CancelledError, observe_views, quick_look, reading
from models.errors import SfpfrError, UnusableInputError, VideoError

LOSSLESS = {"codec": "ffv1", "pix_fmt": "bgr0"}


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory, write_clip, portrait_clip):
    return write_clip(tmp_path_factory.mktemp("clip") / "a.mkv", portrait_clip(), **LOSSLESS)


def test_face_is_followed_through_a_clip(tmp_path, clip_path):
    shares = []
    seen = observe_view(clip_path, crops_path=tmp_path / "crops.raw", progress=shares.append)
    assert seen.seen.all()
    assert np.abs(seen.yaw_deg).max() < 15
    assert seen.quality.iris_px == pytest.approx(np.full(12, 11), abs=3)
    assert np.nanmax(seen.quality.second_face) == 0
    assert shares == sorted(shares)
    assert seen.media.n_frames == 12
    crops = seen.crops.read()
    assert crops.shape == (12, 256, 256)
    # The crops hold still although the picture moves.
    inner = crops[:, 60:200, 80:180].astype(float)
    assert np.abs(inner - inner.mean(axis=0)).mean() < 4
    recording = bring_together([seen], ["left"], {})
    assert recording.sides["center"].contradicts_label
    assert recording.tracks["center"].landmarks_px.shape == (12, 478, 3)


def test_same_input_gives_the_same_numbers(clip_path):
    first, second = observe_view(clip_path), observe_view(clip_path)
    assert np.array_equal(first.landmarks_px, second.landmarks_px)
    assert first.sha256 == second.sha256
    for name, values in vars(first.quality).items():
        assert np.array_equal(values, getattr(second.quality, name), equal_nan=True)


def test_flipped_clip_gives_flipped_numbers(tmp_path, write_clip, portrait_clip, clip_path):
    flipped = [np.ascontiguousarray(image[:, ::-1]) for image in portrait_clip()]
    path = write_clip(tmp_path / "flipped.mkv", flipped, **LOSSLESS)
    a, b = observe_view(clip_path), observe_view(path)
    for ours, theirs in zip(a.landmarks_px, b.landmarks_px, strict=True):
        assert np.abs(ours - mirror_landmarks(theirs, a.width)).max() < 2e-3
    assert a.yaw_deg == pytest.approx(-b.yaw_deg, abs=1e-3)
    assert a.quality.light_balance == pytest.approx(-b.quality.light_balance, abs=1e-4)
    assert np.abs(a.quality.light_balance).min() > 0.01
    for name in ("sharpness", "face_luma", "iris_px", "lip_contrast", "mouth_difference"):
        ours, theirs = getattr(a.quality, name), getattr(b.quality, name)
        assert ours == pytest.approx(theirs, rel=1e-3), name
    assert np.array_equal(a.quality.scene_luma, b.quality.scene_luma[:, :, ::-1])
    assert a.quality.eye_contrast == pytest.approx(b.quality.eye_contrast[:, ::-1], abs=0.02)
    assert a.quality.eye_skin == pytest.approx(b.quality.eye_skin[:, ::-1], abs=0.02)


def test_lost_face_is_told_and_found_again(tmp_path, write_clip, portrait_clip):
    images = portrait_clip(36)
    for index in range(8, 20):
        images[index] = np.full_like(images[index], 90)
    seen = observe_view(write_clip(tmp_path / "gap.mkv", images, **LOSSLESS))
    assert not seen.seen[8:20].any()
    assert seen.seen[:8].all()
    assert seen.seen[-8:].all()
    assert np.isnan(seen.quality.sharpness[8:20]).all()
    assert np.isfinite(seen.quality.scene_luma).all()


def test_clip_without_a_face_is_no_error(tmp_path, write_clip, moving_pattern):
    path = write_clip(tmp_path / "none.mp4", moving_pattern(8, 240, 320))
    seen = observe_view(path)
    assert not seen.seen.any()
    assert (seen.presence == 0).all()


def test_second_person_is_noticed(tmp_path, portrait):
    small = np.asarray(Image.fromarray(portrait[:220, 60:300]).resize((140, 128)))
    both = np.concatenate([portrait, np.full((400, 200, 3), 128, np.uint8)], axis=1)
    alone = observe_view(_saved(tmp_path / "alone.png", both))
    both = both.copy()
    both[100:228, 510:650] = small
    together = observe_view(_saved(tmp_path / "both.png", both))
    assert alone.quality.second_face[0] == 0
    assert 0.4 < together.quality.second_face[0] < 0.8
    # The larger face is the patient's.
    assert np.allclose(alone.landmarks_px, together.landmarks_px, atol=1)


def _saved(path, image):
    Image.fromarray(image).save(path)
    return path


def test_dark_blurred_and_one_sided_light_show_in_the_numbers(tmp_path, portrait):
    blurred = cv2.GaussianBlur(portrait, (0, 0), 4)
    dark = (portrait * 0.2).astype(np.uint8)
    ramp = np.linspace(0.2, 1.5, portrait.shape[1])[None, :, None]
    uneven = np.clip(portrait * ramp, 0, 255).astype(np.uint8)
    qualities = [
        observe_view(_saved(tmp_path / f"{name}.png", image)).quality
        for name, image in zip("pbdu", (portrait, blurred, dark, uneven), strict=True)
    ]
    plain, blur, night, side = qualities
    assert blur.sharpness[0] < 0.3 * plain.sharpness[0]
    assert night.face_luma[0] < 0.3 * plain.face_luma[0]
    assert side.light_balance[0] > plain.light_balance[0] + 0.2


def test_views_are_observed_in_parallel_and_in_order(
    tmp_path, clip_path, write_clip, portrait_clip
):
    short = write_clip(tmp_path / "short.mkv", portrait_clip(5), **LOSSLESS)
    shares = []
    seen = observe_views([clip_path, short], crops_dir=tmp_path, progress=shares.append)
    assert [s.n_frames for s in seen] == [12, 5]
    assert shares[-1] == 1
    assert np.array_equal(seen[0].landmarks_px, observe_view(clip_path).landmarks_px)
    assert seen[1].crops.read().shape == (5, 256, 256)


def test_bad_view_and_cancelling_end_all_processes(tmp_path, clip_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    with pytest.raises(VideoError) as caught:
        observe_views([clip_path, bad])
    assert caught.value.next_step
    with pytest.raises(CancelledError):
        observe_views([clip_path, clip_path], cancelled=lambda: True)
    with pytest.raises(CancelledError):
        observe_views([clip_path], cancelled=lambda: True)


def test_a_killed_reader_is_told_of(clip_path):
    def kill_readers():
        # At once: what was asked of them is still unread.
        for process in multiprocessing.active_children():
            process.kill()
        return False

    with pytest.raises(SfpfrError, match="ended unexpectedly"):
        observe_views([clip_path], cancelled=kill_readers)


def test_one_pair_of_processes_serves_first_look_and_full_pass(tmp_path, clip_path):
    with reading([clip_path, clip_path]) as readers:
        looks = readers.look()
        seen = readers.observe(tmp_path)
    assert [look.sampled for look in looks] == [True, True]
    assert [view.sampled for view in seen] == [False, False]
    assert 1 < looks[0].n_frames < seen[0].n_frames == 12
    # What was looked at before leaves no trace in the numbers.
    (alone,) = observe_views([clip_path])
    assert np.array_equal(seen[0].landmarks_px, alone.landmarks_px)
    assert (tmp_path / "view1.raw").stat().st_size == 12 * 256 * 256


def test_views_of_different_lengths_are_refused_at_once(tmp_path, write_clip, moving_pattern):
    paths = [write_clip(tmp_path / f"{n}.mp4", moving_pattern(n), fps=10) for n in (50, 600)]
    with pytest.raises(UnusableInputError, match="5 and 60 seconds"):
        quick_look(paths)


def test_quick_look_reads_about_five_pictures_a_second(tmp_path, write_clip, portrait_clip):
    path = write_clip(tmp_path / "long.mp4", portrait_clip(45))
    (seen,) = quick_look([path])
    assert 6 <= seen.n_frames <= 9
    assert seen.sampled
    assert seen.seen.all()


def test_a_view_is_observed_without_torch():
    code = "import sys, models.capture.workers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
