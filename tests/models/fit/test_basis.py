"""The fit's bases: mirroring coefficients mirrors the head, and the field stays on the face."""

import numpy as np
import pytest

from models.fit.basis import FaceBasis
from models.head.model import load_head


@pytest.fixture(scope="module")
def face() -> FaceBasis:
    return FaceBasis(load_head())


def test_mirrored_coefficients_give_the_mirrored_displacement(face: FaceBasis) -> None:
    basis = face.vertices(np.zeros(face.n_identity))
    moving = np.concatenate([basis.expression, basis.field], axis=2)
    generator = np.random.default_rng(0)
    for columns, mirror in ((moving, face.moving_mirror), (basis.identity, face.identity_mirror)):
        coefficients = generator.normal(size=columns.shape[2])
        moved = columns @ coefficients
        mirrored = columns @ mirror.of_vectors(coefficients)
        np.testing.assert_allclose(
            moved[face.topology.mirror] * [-1.0, 1.0, 1.0], mirrored, atol=1e-9
        )


def test_residual_field_moves_nothing_outside_the_face(face: FaceBasis) -> None:
    outside = ~face.topology.regions["face"]
    assert not face.moving_field[outside].any()
    assert face.moving_field[~outside].any()
