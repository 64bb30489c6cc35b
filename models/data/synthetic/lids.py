"""Lids that meet: turns a meant closure into the activation that closes just so far."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from models.data.synthetic.movements import SIDES, unit_name
from models.data.synthetic.patient import Patient
from models.head.model import HeadModel

Array = NDArray[np.float64]

_MOST = 1.15
# What shapes open lids fades as they close.
_OPEN_ONLY, _FADING = ("eyeSquint", "eyeWide"), 0.85


def meet_lids(head: HeadModel, patient: Patient, expression: Array) -> Array:
    """(T, n_expr) `expression` with its blink units corrected for what else moves the lids.

    Units add up: a squint and a full blink would push the lids through each other, a wide eye
    would keep them apart. A blink of b is read as "closed to b of what the other units leave
    open", which is the unit's own meaning when nothing else is active; squint and wide eye fade
    with it.
    """
    topology = head.topology
    with torch.no_grad():
        identity = torch.as_tensor(patient.identity, dtype=head.template.dtype)
        basis = head.linear_expression_basis(identity).double().numpy()
        neutral = head.unposed(identity[None], torch.zeros(1, head.n_expression))[0]
    rest = neutral.double().numpy() * 1000.0
    result = expression.copy()
    for side in SIDES:
        upper, lower = (topology.loops[f"lid_{lid}_{side}"] for lid in ("upper", "lower"))
        gap = rest[upper] - rest[lower]
        wide = np.linalg.norm(gap, axis=1)
        axis = gap / np.maximum(wide, 1e-9)[:, None]
        weight = wide**2 / (wide**2).sum()
        change = np.einsum("p,pk,pku->u", weight, axis, basis[upper] - basis[lower])
        blink = head.expression_names.index(unit_name("eyeBlink", side))
        for unit in _OPEN_ONLY:
            name = unit_name(unit, side)
            result[:, head.expression_names.index(name)] *= 1 - _FADING * expression[:, blink]
        others = result @ change - expression[:, blink] * change[blink]
        left_open = np.maximum((weight * wide).sum() + others, 0.0)
        closing = expression[:, blink] * left_open / -change[blink]
        result[:, blink] = np.clip(closing, 0.0, _MOST)
    return result
