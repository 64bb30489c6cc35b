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
from models.head.extras import load_extras
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


def pose_body(head: HeadModel, patient: Patient, expression: Array, gaze: Array) -> Array:
    """(T, V + N, 3) mm in the head frame: the patient's face, then teeth, tongue and mouth cavity.

    expression (T, n_expr); gaze (T, 2, 3) axis-angle of the left and the right eye. The origin
    lies between the inner canthi of the face at rest (`clinical.md`, head frame); the head stays
    still. Neck and jaw joints stay at zero, so an offset that is zero on the eyeballs may be added
    after skinning; the inner parts follow the lips' share of it.
    """
    topology, dtype = head.topology, head.template.dtype
    identity = torch.as_tensor(patient.identity, dtype=dtype)
    inner = load_extras().inner_mm(patient.identity, expression)
    inner += patient.offset_mm[topology.regions["lips"]].mean(axis=0)
    canthi = [topology.points["endocanthion_left"], topology.points["endocanthion_right"]]
    chunks = []
    with torch.no_grad():
        rest = head(identity[None], torch.zeros(1, head.n_expression, dtype=dtype))[0]
        for start in range(0, len(expression), 32):
            batch = torch.as_tensor(expression[start : start + 32], dtype=dtype)
            eyes = torch.as_tensor(gaze[start : start + 32], dtype=dtype)
            vertices = head(identity.expand(len(batch), -1), batch, eyes=eyes)
            chunks.append(vertices.double().numpy() * 1000.0 + patient.offset_mm)
    origin = (rest.double().numpy() * 1000.0 + patient.offset_mm)[canthi].mean(axis=0)
    body = np.concatenate([np.concatenate(chunks), inner], axis=1)
    return np.asarray((body - origin) * patient.scale)
