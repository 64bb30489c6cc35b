"""Proposed cuts of long recordings that healthy and palsied virtual patients act."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from models.data.synthetic.movements import (
    SIDES,
    Repetition,
    blink_course,
    intend,
    plan_repetitions,
    unit_name,
)
from models.data.synthetic.palsy import BRANCHES, Coupling, Palsy, afflict, draw_palsy
from models.head.topology import load_arrays
from models.movements import PROTOCOL
from models.pipeline.propose import most_likely_movement, propose_takes

FPS = 20.0
NAMES = load_arrays()[0].expression_names
ALL = tuple(movement.id for movement in PROTOCOL)
FLACCID = Palsy("left", weakness=dict.fromkeys(BRANCHES, 1.0), levator_relaxation=0.2, pull=0.2)
SYNKINETIC = Palsy(
    "right",
    weakness=dict.fromkeys(BRANCHES, 0.4),
    tone={"eyeSquint": 0.3, "mouthDimple": 0.2},
    couplings=(
        Coupling("mouthSmile", "eyeBlink", 0.5, 0.05),
        Coupling("mouthPucker", "eyeBlink", 0.55, 0.05),
        Coupling("eyeBlink", "mouthSmile", 0.35, 0.05),
        Coupling("browOuterUp", "mouthUpperUp", 0.3, 0.05),
    ),
    levator_relaxation=0.3,
)
Part = tuple[str, float, float, tuple[Repetition, ...]]


def act(
    seed: int, movements: Sequence[str], palsy: Palsy, repetitions: int = 3, noise: float = 0.04
) -> tuple[tuple[np.ndarray, ...], list[Part]]:
    """What a fit would say of one recording of these movements, and its true parts."""
    rng = np.random.default_rng(seed)
    rows, parts, start = [], [], 0.0
    for movement in movements:
        seconds = 8.0 if movement == "rest" else 5.0 * repetitions
        time_s = np.arange(round(seconds * FPS)) / FPS
        plan = plan_repetitions(rng, seconds, repetitions)
        shown = afflict(intend(movement, time_s, plan, rng, {}), palsy, time_s, rng)
        nothing = np.zeros(len(time_s))
        rows.append(np.stack([shown.get(name, nothing) for name in NAMES], axis=1))
        parts.append((movement, start, start + seconds, plan))
        start += seconds
    units = np.concatenate(rows)
    gap = 9.5 * np.stack([1 - units[:, column(f"eyeBlink{side}")] for side in ("Left", "Right")], 1)
    gap += 0.5 + 0.3 * rng.standard_normal(gap.shape)
    units = np.clip(units + noise * rng.standard_normal(units.shape), 0, None)
    time_s = np.arange(len(units)) / FPS
    return (units, NAMES, time_s, gap, np.ones(len(units), dtype=bool)), parts


def column(name: str) -> int:
    return list(NAMES).index(name)


@pytest.mark.parametrize("palsy", [Palsy(), FLACCID, SYNKINETIC], ids=["healthy", "flaccid", "syn"])
@pytest.mark.parametrize("seed", [1, 2])
def test_whole_protocol_is_cut_into_its_movements(palsy, seed):
    recording, parts = act(seed, ALL, palsy)
    takes = propose_takes(*recording)
    assert [take.movement for take in takes] == [movement for movement, *_ in parts]
    for take, (movement, start, _, plan) in zip(takes, parts, strict=True):
        if movement == "rest":
            continue
        # Every repetition is inside, with rest on both sides and nothing of the neighbours.
        assert take.start_s < start + plan[0].onset_s - 0.5
        assert take.end_s > start + plan[-1].end_s
        assert take.start_s >= start - 1.5
    assert all(a.end_s <= b.start_s for a, b in pairwise(takes))
    assert takes[0].start_s >= 0
    assert takes[-1].end_s <= recording[2][-1]


def test_order_of_the_movements_does_not_matter():
    order = ("pucker", "tight_closure", "gentle_smile", "rest", "lower_teeth", "brow_raise")
    recording, _ = act(5, order, draw_palsy(np.random.default_rng(8), "right"))
    assert [take.movement for take in propose_takes(*recording)] == list(order)


def test_sides_swapped_give_the_same_cuts():
    recording, _ = act(3, ALL, FLACCID)
    units, names, time_s, gap, valid = recording
    swapped = [column(name.replace("Left", "?").replace("Right", "Left").replace("?", "Right"))
               for name in names]  # fmt: skip
    mirrored = (units[:, swapped], names, time_s, gap[:, ::-1], valid)
    assert propose_takes(*mirrored) == propose_takes(*recording)


@pytest.mark.parametrize("palsy", [Palsy(), FLACCID, SYNKINETIC], ids=["healthy", "flaccid", "syn"])
@pytest.mark.parametrize("movement", ALL)
def test_one_movement_is_recognised(movement, palsy):
    for repetitions in (1, 3):
        recording, _ = act(11, [movement], palsy, repetitions)
        assert most_likely_movement(*recording) == movement


def test_blinks_are_no_closure():
    recording, _ = act(4, ["rest", "rest", "rest"], Palsy(), noise=0.02)
    units, _, time_s, gap, _ = recording
    for start_s in (2.0, 5.5, 9.1, 14.0, 18.3):
        course = blink_course(time_s, start_s)
        gap *= (1 - course)[:, None]
        for side in SIDES:
            units[:, column(unit_name("eyeBlink", side))] += course
    assert propose_takes(*recording) == ()
    assert most_likely_movement(*recording) == "rest"


def test_tone_of_an_affected_side_is_no_movement():
    recording, _ = act(6, ["rest", "gentle_smile"], Palsy())
    recording[0][:, column("mouthSmileRight")] += 0.5
    recording[0][:, column("browOuterUpLeft")] += 0.6
    assert [take.movement for take in propose_takes(*recording)] == ["rest", "gentle_smile"]


def test_units_below_zero_are_no_movement_of_their_own():
    recording, parts = act(12, ["rest", "nose_wrinkle"], FLACCID)
    units, _, time_s, _, _ = recording
    _, start, _, plan = parts[1]
    for repetition in plan:
        held = (time_s > start + repetition.peak_s) & (time_s < start + repetition.release_s)
        units[held, column("browInnerUpRight")] -= 0.8
    assert [take.movement for take in propose_takes(*recording)] == ["rest", "nose_wrinkle"]
    assert most_likely_movement(*recording) == "nose_wrinkle"


def test_lost_frames_neither_split_nor_invent_a_take():
    recording, _ = act(7, ["rest", "full_smile", "brow_raise"], FLACCID)
    units, _, _, gap, valid = recording
    for lost in (slice(70, 90), slice(230, 240), slice(380, 395)):
        units[lost], gap[lost], valid[lost] = np.nan, np.nan, False
    takes = propose_takes(*recording)
    assert [take.movement for take in takes] == ["rest", "full_smile", "brow_raise"]
    valid[:] = False
    assert propose_takes(*recording) == ()
    assert most_likely_movement(*recording) == "rest"


def test_closure_is_found_without_lid_gaps():
    recording, _ = act(9, ["rest", "gentle_closure", "tight_closure"], FLACCID)
    recording[3][:] = np.nan
    movements = [take.movement for take in propose_takes(*recording)]
    assert movements == ["rest", "gentle_closure", "tight_closure"]


def test_still_has_no_takes():
    recording = (
        np.zeros((1, len(NAMES))),
        NAMES,
        np.zeros(1),
        np.full((1, 2), 9.0),
        np.ones(1, bool),
    )
    assert propose_takes(*recording) == ()
    assert most_likely_movement(*recording) == "rest"
