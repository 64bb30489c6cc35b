"""A patient who recovers stays the same person with a weaker palsy."""

import numpy as np

from models.data.synthetic.patient import draw_patient
from models.data.synthetic.recovery import recovered
from models.data.synthetic.session import shared_head


def test_only_the_palsy_is_less() -> None:
    head, _ = shared_head()
    patient = draw_patient(head, 501, palsy_share=1.0)
    later = recovered(patient, 0.6)
    assert np.isclose(later.palsy.severity, 0.4 * patient.palsy.severity)
    assert later.palsy.side == patient.palsy.side
    assert later.identity is patient.identity
    assert later.look is patient.look
    assert recovered(patient, 1.0).palsy.severity == 0.0
