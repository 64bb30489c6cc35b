"""Intent, weakness and their one-sidedness, without a head or a picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.data.synthetic.movements import (
    INTENTS,
    SIDES,
    envelope,
    intend,
    plan_repetitions,
    unit_name,
)
from models.data.synthetic.palsy import (
    BRANCH_OF_UNIT,
    BRANCHES,
    Coupling,
    Palsy,
    afflict,
    draw_palsy,
)
from models.movements import MOVEMENTS

TIME_S = np.arange(150) / 30


def intention(movement: str, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return intend(movement, TIME_S, plan_repetitions(rng, 5.0, 1), rng, {})


def test_every_movement_of_the_protocol_can_be_made() -> None:
    assert set(INTENTS) == set(MOVEMENTS)


@pytest.mark.parametrize("count", [1, 3])
def test_movement_starts_at_rest_rises_holds_and_returns(count: int) -> None:
    rng = np.random.default_rng(4)
    time_s = np.arange(150 * count) / 30
    plan = plan_repetitions(rng, 5.0 * count, count)
    course = envelope(time_s, plan, 0.0, 0.0)
    assert course[time_s <= plan[0].onset_s].max() == 0
    assert course[-1] == pytest.approx(0, abs=1e-9)
    for r in plan:
        hold = (time_s >= r.peak_s) & (time_s <= r.release_s)
        assert course[hold] == pytest.approx(1)
        assert 0.2 <= r.peak_s - r.onset_s <= 1.15
        assert r.release_s - r.peak_s > 0.3


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(MOVEMENTS)), st.sampled_from(SIDES))
def test_healthy_side_is_never_touched(seed: int, movement: str, side: str) -> None:
    rng = np.random.default_rng(seed)
    palsy = draw_palsy(rng, side)
    healthy = "right" if side == "left" else "left"
    intended = intention(movement, seed)
    shown = afflict(intended, palsy, TIME_S, rng)
    for unit in BRANCH_OF_UNIT:
        name = unit_name(unit, healthy)
        assert np.array_equal(shown.get(name, 0.0), intended.get(name, 0.0))


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("movement", sorted(MOVEMENTS))
def test_total_weakness_leaves_no_voluntary_movement_of_that_branch(
    branch: str, movement: str
) -> None:
    palsy = Palsy(side="right", weakness={branch: 1.0})
    intended = intention(movement)
    shown = afflict(intended, palsy, TIME_S, np.random.default_rng(1))
    for unit, driver in BRANCH_OF_UNIT.items():
        name = unit_name(unit, "right")
        if name in intended and driver == branch:
            assert np.ptp(shown[name]) == 0
        elif name in intended:
            assert np.array_equal(shown[name], intended[name])


def test_weaker_nerve_closes_the_eye_less() -> None:
    gaps = []
    for weakness in (0.0, 0.3, 0.6, 1.0):
        palsy = Palsy(side="left", weakness={"zygomatic": weakness}, levator_relaxation=0.2)
        shown = afflict(intention("gentle_closure"), palsy, TIME_S, np.random.default_rng(0))
        gaps.append(1 - shown["eyeBlinkLeft"].max())
        assert shown["eyeBlinkRight"].max() == pytest.approx(1.0)
    assert gaps == sorted(gaps)
    assert gaps[-1] == pytest.approx(0.8)


def test_synkinesis_follows_its_source_with_its_lag() -> None:
    palsy = Palsy(side="left", couplings=(Coupling("mouthSmile", "eyeBlink", 0.4, 0.2),))
    intended = intention("gentle_smile")
    intended.pop("eyeBlinkLeft", None)
    shown = afflict(intended, palsy, TIME_S, np.random.default_rng(0))
    source, target = intended["mouthSmileLeft"], shown["eyeBlinkLeft"]
    assert target.max() == pytest.approx(0.4 * source.max(), rel=1e-3)
    late = np.argmax(target > 0.2 * source.max()) - np.argmax(source > 0.5 * source.max())
    assert late == pytest.approx(6, abs=1)


def test_severity_and_grade() -> None:
    assert Palsy().grade == 1
    assert Palsy(side="left").grade == 2
    total = Palsy(side="left", weakness=dict.fromkeys(BRANCHES, 1.0))
    assert total.severity == 1.0
    assert total.grade == 6
