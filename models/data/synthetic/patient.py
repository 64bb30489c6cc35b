"""Who a virtual patient is: everything that stays the same from take to take, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.data.synthetic.appearance import Look, draw_look
from models.data.synthetic.movements import SIDES, unit_name
from models.data.synthetic.offbasis import draw_offset
from models.data.synthetic.palsy import BRANCH_OF_UNIT, Palsy, draw_palsy
from models.head.model import HeadModel
from models.movements import Side

Array = NDArray[np.float64]

IRIS_MEAN_MM, IRIS_SD_MM = 11.71, 0.42


@dataclass(frozen=True)
class Patient:
    """identity (n_shape,) in standard deviations; scale multiplies the head; offset_mm (V, 3)
    is what lies outside the head's basis (zero when `in_basis`), in the template's size; habit:
    strength of single one-sided units, nobody's halves are equal."""

    seed: int
    identity: Array
    scale: float
    offset_mm: Array
    in_basis: bool
    habit: dict[str, float]
    palsy: Palsy
    look: Look


def draw_patient(
    head: HeadModel, seed: int, *, palsy_share: float = 0.7, off_basis: bool = False
) -> Patient:
    """The patient of `seed`; with `off_basis` the geometry leaves the head's own basis.

    The iris diameter is drawn from N(11.71, 0.42) mm, independently of the head's scale.
    """
    rng = np.random.default_rng([seed, 1])
    symmetric = head.n_symmetric_shape
    identity = 0.85 * np.clip(rng.standard_normal(head.n_shape), -2.5, 2.5)
    identity[symmetric:] *= 0.8
    scale = float(np.clip(rng.normal(1.0, 0.035), 0.92, 1.08))
    habit = {
        unit_name(unit, side): float(np.clip(rng.normal(1.0, 0.06), 0.85, 1.15))
        for unit in BRANCH_OF_UNIT
        for side in SIDES
    }
    affected: Side = SIDES[int(rng.integers(2))]
    palsy = draw_palsy(rng, affected) if rng.random() < palsy_share else Palsy()
    iris_mm = float(np.clip(rng.normal(IRIS_MEAN_MM, IRIS_SD_MM), 10.6, 12.8))
    look = draw_look(np.random.default_rng([seed, 2]), iris_mm)
    offset = np.zeros_like(head.topology.template_mm, dtype=np.float64)
    if off_basis:
        shape_rng = np.random.default_rng([seed, 3])
        offset = draw_offset(head.topology, shape_rng, shape_rng.uniform(0.7, 1.3))
    return Patient(seed, identity, scale, offset, not off_basis, habit, palsy, look)


def pose_face(head: HeadModel, patient: Patient, expression: Array, gaze: Array) -> Array:
    """(T, V, 3) mm in the head frame of the patient's face; the head itself stays still.

    expression (T, n_expr); gaze (T, 2, 3) axis-angle of the left and the right eye. The origin
    lies between the inner canthi of the face at rest (`clinical.md`, head frame). Neck and jaw
    joints stay at zero, so an offset that is zero on the eyeballs may be added after skinning.
    """
    offset = torch.as_tensor(patient.offset_mm / 1000.0, dtype=head.template.dtype)
    identity = torch.as_tensor(patient.identity, dtype=head.template.dtype)
    chunks = []
    with torch.no_grad():
        neutral = torch.zeros(1, head.n_expression, dtype=head.template.dtype)
        rest = head(identity[None], neutral)[0] + offset
        points = head.topology.points
        origin = rest[[points["endocanthion_left"], points["endocanthion_right"]]].mean(dim=0)
        for start in range(0, len(expression), 32):
            batch = torch.as_tensor(expression[start : start + 32], dtype=head.template.dtype)
            eyes = torch.as_tensor(gaze[start : start + 32], dtype=head.template.dtype)
            people = identity.expand(len(batch), -1)
            vertices = head(people, batch, eyes=eyes) + offset - origin
            chunks.append(vertices.double().numpy() * 1000.0 * patient.scale)
    return np.concatenate(chunks)
