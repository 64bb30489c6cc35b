from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.capture.later_checks import (
    check_agreement,
    check_performed,
    check_reprojection,
    check_rest,
    check_scale,
)
from models.capture.qc import TakeWindow, assess, excluded_frames, first_verdict, hidden_parts
from models.capture.quality import N_LOWER_SKIN
from models.capture.recording import bring_together
from models.capture.thresholds import DEFAULT_PATH, default_thresholds, read_thresholds
from models.capture.verdict import QCCheck, QCReport
from models.errors import UnusableInputError

LIMITS = default_thresholds()
SMILE = TakeWindow("full_smile", "full_smile", 0.0, 6.0)
BROWS = TakeWindow("brow_raise", "brow_raise", 0.0, 6.0)


def changed(observation, **columns):
    quality = dataclasses.replace(
        observation.quality,
        **{
            name: np.broadcast_to(
                np.asarray(value, np.float32), getattr(observation.quality, name).shape
            ).copy()
            for name, value in columns.items()
        },
    )
    return dataclasses.replace(observation, quality=quality)


def lost(observation, frames):
    landmarks = observation.landmarks_px.copy()
    landmarks[frames] = np.nan
    return dataclasses.replace(observation, landmarks_px=landmarks)


def verdict_of(*observations, takes=(), labels=None):
    labels = labels or [None] * len(observations)
    recording = bring_together(observations, labels, {})
    return assess(recording, takes, LIMITS)


def level_of(report, check_id, view=None):
    levels = {c.level for c in report.checks if c.id == check_id and view in (None, c.view)}
    return "reject" if "reject" in levels else "warning" if "warning" in levels else "ok"


@pytest.fixture
def three_views(make_observation):
    return [make_observation(yaw_deg=yaw, seed=1) for yaw in (42, 1, -41)]


def test_good_recording_is_ok(three_views):
    report = verdict_of(*three_views, takes=[SMILE])
    assert report.problems == ()
    assert report.verdict == "ok"
    assert report.stage == "full"
    assert {c.view for c in report.checks} >= {"left", "center", "right"}
    assert report.of_take("full_smile") == "ok"


@pytest.mark.parametrize(
    ("column", "value", "check", "level"),
    [
        ("iris_px", 39, "iris_diameter", "warning"),
        ("iris_px", 7, "iris_diameter", "reject"),
        ("sharpness", 0.001, "blur", "warning"),
        ("clipped_share", 0.3, "overexposed", "warning"),
        ("dark_share", 0.5, "underexposed", "warning"),
        ("face_luma", 30, "dark_face", "warning"),
        ("light_balance", -1.2, "uneven_light", "warning"),
        ("light_balance", 1.2, "uneven_light", "warning"),
        ("bridge_edge", 0.9, "glasses", "warning"),
        ("second_face", 0.45, "second_face", "warning"),
        ("second_face", 0.9, "second_face", "reject"),
        ("lip_contrast", -0.3, "mouth_covered", "reject"),
        ("brow_difference", 0.05, "brows_hidden", "warning"),
    ],
)
def test_picture_quality(make_observation, column, value, check, level):
    report = verdict_of(changed(make_observation(), **{column: value}))
    assert level_of(report, check) == level
    (problem,) = report.problems
    assert problem.reason.endswith(".")
    assert problem.next_step.endswith(".")
    assert "{" not in problem.reason


@pytest.mark.parametrize(
    ("yaw_deg", "level"), [(0, "ok"), (-12, "warning"), (12, "warning"), (40, "reject")]
)
def test_front_camera_must_be_frontal(make_observation, yaw_deg, level):
    assert level_of(verdict_of(make_observation(yaw_deg=yaw_deg)), "front_yaw") == level


@pytest.mark.parametrize(
    ("yaw_deg", "level"),
    [(42, "ok"), (25, "warning"), (62, "warning"), (12, "reject"), (73, "reject")],
)
def test_side_cameras_have_their_range(make_observation, yaw_deg, level):
    for sign in (1, -1):
        report = verdict_of(make_observation(), make_observation(yaw_deg=sign * yaw_deg))
        worst = {level_of(report, "side_yaw_least"), level_of(report, "side_yaw_most")}
        assert level in worst
        assert len(worst - {"ok"}) == (level != "ok")


@pytest.mark.parametrize(("missing", "level"), [(5, "ok"), (20, "warning"), (80, "reject")])
def test_missing_face_is_counted(make_observation, missing, level):
    observation = lost(make_observation(), slice(50, 50 + missing))
    report = verdict_of(observation)
    assert level_of(report, "face_missing") == level
    recording = bring_together([observation], [None], {})
    assert sorted(excluded_frames(recording, LIMITS)) == list(range(50, 50 + missing))
    assert report.excluded[0].last - report.excluded[0].first == missing - 1


def test_no_face_at_all_is_rejected(make_observation):
    report = verdict_of(lost(make_observation(), slice(None)))
    assert report.verdict == "rejected"
    assert report.problems[0].id == "face_missing"


def test_hand_over_the_mouth_excludes_its_frames(make_observation):
    difference = np.full(180, 0.004)
    difference[60:70] = 0.03
    observation = changed(make_observation(), mouth_difference=difference)
    assert level_of(verdict_of(observation, takes=[SMILE]), "mouth_covered") == "ok"
    observation.quality.skin_tone[60:70, :N_LOWER_SKIN] = 0.3
    report = verdict_of(observation, takes=[SMILE])
    assert report.verdict == "usable_with_warning"
    assert level_of(report, "mouth_covered") == "warning"
    excluded = excluded_frames(bring_together([observation], [None], {}), LIMITS)
    assert set(range(60, 70)) <= set(excluded) <= set(range(57, 73))
    assert set(excluded.values()) == {"Something covers the mouth."}


def covered_eye(observation, eye, frames):
    observation.quality.eye_contrast[frames, eye] = 0.25
    observation.quality.eye_skin[frames, eye] = 0.3
    return observation


@pytest.mark.parametrize(("eye", "title"), [(0, "the left eye"), (1, "the right eye")])
def test_hand_over_an_eye_excludes_its_frames(make_observation, eye, title):
    observation = covered_eye(changed(make_observation()), eye, slice(60, 70))
    report = verdict_of(observation, takes=[SMILE])
    assert report.verdict == "usable_with_warning"
    (problem,) = report.problems
    assert title in problem.reason
    excluded = excluded_frames(bring_together([observation], [None], {}), LIMITS)
    assert set(range(60, 70)) <= set(excluded) <= set(range(57, 73))
    assert set(excluded.values()) == {f"Something covers {title}."}


def test_closed_eyes_are_not_covered(make_observation):
    observation = changed(make_observation(), eye_contrast=np.full((180, 2), 0.3))
    assert verdict_of(observation).verdict == "ok"


def test_dark_glasses_hide_the_eyes_and_cost_no_moments(make_observation):
    observation = changed(make_observation(), eye_contrast=np.full((180, 2), 0.3))
    observation.quality.eye_skin[:] = -1.4
    recording = bring_together([observation], [None], {})
    assert [part.side for part in hidden_parts(recording, LIMITS)] == ["left", "right"]
    assert not excluded_frames(recording, LIMITS)
    assert verdict_of(observation, takes=[SMILE]).verdict == "usable_with_warning"
    assert verdict_of(observation, takes=[BROWS]).verdict == "rejected"


def test_the_far_eye_of_a_side_view_is_not_judged(make_observation):
    side = covered_eye(changed(make_observation(yaw_deg=42, seed=1)), 1, slice(None))
    front = changed(make_observation(seed=1))
    assert verdict_of(front, side).verdict == "ok"


def test_covered_mouth_rejects_only_movements_of_the_mouth(make_observation):
    observation = changed(make_observation(), mouth_difference=0.05)
    assert verdict_of(observation, takes=[SMILE]).verdict == "rejected"
    assert verdict_of(observation, takes=[BROWS]).verdict == "usable_with_warning"


def test_frame_rate_counts_dropped_pictures(make_observation):
    for fps, level in ((30, "ok"), (20, "warning"), (12, "reject")):
        observation = make_observation(fps=fps, n=100)
        assert level_of(verdict_of(observation), "frame_rate") == level


def test_still_is_never_rejected_for_rate_or_rest(make_observation):
    report = verdict_of(make_observation(n=1, kind="still"))
    report = report.with_checks([check_rest(has_rest=False, is_still=True, take=None)])
    assert report.verdict == "ok"
    assert not [c for c in report.checks if c.id == "frame_rate"]


def test_label_against_the_yaw_is_a_warning(three_views):
    report = verdict_of(*three_views, labels=["right", "center", "left"])
    assert report.verdict == "usable_with_warning"
    assert {c.view for c in report.problems} == {"left", "right"}
    assert all(c.id == "label" for c in report.problems)


def test_views_of_different_moments_are_rejected(make_observation):
    report = verdict_of(make_observation(seed=1), make_observation(seed=11, yaw_deg=40))
    assert report.verdict == "rejected"
    assert report.problems[0].id == "synchronisation"


def test_views_off_after_alignment(make_observation):
    views = [make_observation(), make_observation(yaw_deg=40)]
    for offset_s, level in ((0.01, "ok"), (0.05, "warning"), (0.2, "reject")):
        recording = bring_together(views, [None, None], {"left": offset_s})
        assert level_of(assess(recording, [], LIMITS), "sync_residual") == level


def test_first_verdict_needs_no_synchronisation(make_observation):
    views = [make_observation(seed=1), make_observation(seed=11, yaw_deg=40)]
    report = first_verdict(views, [None, None], LIMITS)
    assert (report.stage, report.verdict) == ("first", "ok")
    with pytest.raises(UnusableInputError):
        first_verdict([views[0], make_observation(n=1800, yaw_deg=40)], [None, None], LIMITS)


def test_first_verdict_looks_at_the_takes_only(make_observation):
    observation = lost(make_observation(), slice(90, 180))
    take = TakeWindow("rest", "rest", 0.0, 2.5)
    assert first_verdict([observation], [None], LIMITS).verdict == "rejected"
    assert first_verdict([observation], [None], LIMITS, [take]).verdict == "ok"


LEVELS = st.sampled_from(["ok", "warning", "reject"])
REPORTS = st.lists(st.tuples(st.sampled_from("abc"), LEVELS), max_size=6).map(
    lambda pairs: QCReport.of("full", [QCCheck(id=i, level=level) for i, level in pairs])
)
ORDER = ["ok", "usable_with_warning", "rejected"]


@given(REPORTS, REPORTS)
def test_merging_only_makes_stricter(first, later):
    merged = first.merged(later)
    assert ORDER.index(merged.verdict) >= ORDER.index(first.verdict)
    assert ORDER.index(merged.verdict) >= ORDER.index(later.verdict)
    assert merged.merged(later) == merged


def test_later_stages_add_their_checks():
    report = QCReport.of("full", [])
    assert report.with_checks([check_reprojection(0.01, "left", None, LIMITS)]).verdict == "ok"
    assert report.with_checks([check_scale(0.05, LIMITS)]).verdict == "usable_with_warning"
    for check in (
        check_reprojection(0.05, "left", "t", LIMITS),
        check_scale(0.11, LIMITS),
        check_agreement(1.2, "left", LIMITS),
    ):
        assert report.with_checks([check]).verdict == "rejected"
    for check in (
        check_rest(has_rest=False, is_still=False, take="t"),
        check_performed(performed=False, take="t"),
    ):
        assert report.with_checks([check]).verdict == "usable_with_warning"
        assert check.next_step


def test_report_is_plain_json_and_reads_back(three_views):
    report = verdict_of(*three_views)
    text = report.model_dump_json()
    assert QCReport.model_validate_json(text) == report
    assert set(json.loads(text)) == {"schema_version", "stage", "checks", "excluded", "verdict"}


def test_a_site_may_edit_the_thresholds(tmp_path, make_observation):
    values = json.loads(DEFAULT_PATH.read_text())
    values["front_yaw_deg"]["warn"] = 20
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(values))
    recording = bring_together([make_observation(yaw_deg=10)], [None], {})
    assert assess(recording, [], LIMITS).verdict == "usable_with_warning"
    assert assess(recording, [], read_thresholds(path)).verdict == "ok"
    values["front_yaw_deg"]["warn"] = "much"
    path.write_text(json.dumps(values))
    with pytest.raises(UnusableInputError, match=r"front_yaw_deg\.warn"):
        read_thresholds(path)
    with pytest.raises(UnusableInputError):
        read_thresholds(tmp_path / "absent.json")


def test_mirrored_recording_gets_the_same_verdict(three_views, mirrored):
    swap = {"left": "right", "right": "left", "center": "center", None: None}
    report = verdict_of(*three_views, takes=[SMILE])
    other = verdict_of(*[mirrored(o) for o in three_views], takes=[SMILE])
    ours = {(c.id, c.view): c.level for c in report.checks}
    theirs = {(c.id, swap[c.view]): c.level for c in other.checks}
    assert ours == theirs
