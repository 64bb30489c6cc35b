"""The same virtual patient later, when part of the palsy has gone; nothing else has changed."""

from __future__ import annotations

from dataclasses import replace

from models.data.synthetic.palsy import Palsy
from models.data.synthetic.patient import Patient


def recovered(patient: Patient, share: float) -> Patient:
    """`patient` with weakness, droop, synkinesis and pull reduced by `share` (0 to 1)."""
    left = 1.0 - share
    palsy: Palsy = patient.palsy
    return replace(
        patient,
        palsy=replace(
            palsy,
            weakness={branch: left * value for branch, value in palsy.weakness.items()},
            tone={unit: left * value for unit, value in palsy.tone.items()},
            couplings=tuple(replace(c, gain=left * c.gain) for c in palsy.couplings),
            pull=left * palsy.pull,
            spasm_per_s=left * palsy.spasm_per_s,
        ),
    )
