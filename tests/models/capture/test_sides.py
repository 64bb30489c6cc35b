from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.capture.sides import assign_sides
from models.errors import UnusableInputError


def _blind(observation):
    return dataclasses.replace(
        observation, landmarks_px=np.full_like(observation.landmarks_px, np.nan)
    )


@pytest.mark.parametrize(
    ("yaws_deg", "views"),
    [
        ([3], ["center"]),
        ([40], ["center"]),
        ([1, 42, -39], ["center", "left", "right"]),
        ([-45, 5, 40], ["right", "center", "left"]),
        ([0, 41], ["center", "left"]),
        ([-30, 2], ["right", "center"]),
        ([44, -40], ["left", "right"]),
        ([14, -20], ["center", "right"]),
    ],
)
def test_yaw_decides(make_observation, mirrored, yaws_deg, views):
    observations = [make_observation(yaw_deg=yaw, n=30) for yaw in yaws_deg]
    labels = [None] * len(views)
    assert [s.view for s in assign_sides(observations, labels)] == views
    swap = {"left": "right", "right": "left", "center": "center"}
    flipped = assign_sides([mirrored(o) for o in observations], labels)
    assert [swap[s.view] for s in flipped] == views


def test_label_against_the_yaw_is_recorded(make_observation):
    observations = [make_observation(yaw_deg=yaw, n=30) for yaw in (40, 0, -40)]
    sides = assign_sides(observations, ["right", "center", "left"])
    assert [s.view for s in sides] == ["left", "center", "right"]
    assert [s.contradicts_label for s in sides] == [True, False, True]
    assert sides[0].yaw_deg == pytest.approx(40, abs=1.5)


def test_view_without_a_face_takes_what_is_left(make_observation):
    observations = [
        make_observation(yaw_deg=1, n=30),
        _blind(make_observation(n=30)),
        make_observation(yaw_deg=40, n=30),
    ]
    assert [s.view for s in assign_sides(observations, ["center", "right", "left"])] == [
        "center",
        "right",
        "left",
    ]
    assert np.isnan(assign_sides(observations, [None] * 3)[1].yaw_deg)


def test_two_views_of_the_same_side_are_told(make_observation):
    with pytest.raises(UnusableInputError, match="same side"):
        assign_sides([make_observation(yaw_deg=y, n=30) for y in (1, -2)], [None, None])
    with pytest.raises(UnusableInputError, match="same label"):
        assign_sides([make_observation(yaw_deg=y, n=30) for y in (1, 40)], ["left", "left"])
    with pytest.raises(UnusableInputError, match="one to three"):
        assign_sides([], [])
