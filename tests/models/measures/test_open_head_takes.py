"""Measures on the open head: every movement of the protocol, one side weak."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from constructed_faces import plateau

from models.head.model import load_head
from models.measures import exact_take, measure_take
from models.measures.catalogue import MEASURE_REGION, TARGET_POINTS
from models.movements import MOVEMENTS

UNITS = {
    "brow_raise": ("browInnerUp", "browOuterUp"),
    "gentle_closure": ("eyeBlink",),
    "tight_closure": ("eyeBlink", "eyeSquint"),
    "gentle_smile": ("mouthSmile",),
    "full_smile": ("mouthSmile", "mouthStretch"),
    "nose_wrinkle": ("noseSneer", "mouthUpperUp"),
    "pucker": ("mouthPucker",),
    "lower_teeth": ("mouthLowerDown", "mouthStretch"),
}


@pytest.fixture(scope="module")
def head():
    return load_head()


def mesh_mm(head, movement, left, right):
    expression = torch.zeros(1, head.n_expression)
    for index, name in enumerate(head.expression_names):
        for unit in UNITS[movement]:
            if name == f"{unit}Left":
                expression[0, index] = left
            elif name == f"{unit}Right":
                expression[0, index] = right
    return 1000 * head(torch.zeros(1, head.n_shape), expression)[0].detach().numpy()


@pytest.mark.parametrize("movement", sorted(UNITS))
@pytest.mark.parametrize("affected", ["left", "right"])
def test_weak_side_of_every_movement(head, movement, affected):
    effort = {"left": 1.0, "right": 1.0, affected: 0.25}
    rest = mesh_mm(head, movement, 0, 0)
    peak = mesh_mm(head, movement, **effort)
    time_s = np.arange(150) / 30
    course = plateau(time_s, 1.2)[:, None, None]
    take = exact_take(
        movement, (rest + course * (peak - rest)).astype(np.float32), time_s, head.topology
    )
    measures = measure_take(take, head.topology, affected_side=affected)
    assert len(measures.repetitions) == 1
    assert measures.repetitions[0].starts_at_rest
    assert measures.repetitions[0].onset_s == pytest.approx(1.25, abs=0.08)
    ratio = measures.value("displacement_ratio", "affected")
    assert 0.1 < ratio < 0.6, ratio
    target = MOVEMENTS[movement].target_measure
    if target == "lid_gap_min":
        assert measures.value("lid_gap_min", "healthy") < 0.1
        assert measures.value("lid_gap_min", "affected") > 4
        assert measures.value("lid_closed", "healthy") == 1.0
    else:
        ids = [head.topology.points[f"{p}_left"] for p in TARGET_POINTS[target]]
        true = np.linalg.norm((peak - rest)[ids].mean(axis=0))
        assert measures.value(target, "left") == pytest.approx(true, abs=0.01)
        (row,) = {r.region for r in measures.rows if r.measure == target}
        assert row == MEASURE_REGION[target]
    bystanders = {r.region for r in measures.synkinesis}
    assert bystanders
    assert not bystanders & set(MOVEMENTS[movement].target_regions)


def test_importing_measures_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, models.measures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
