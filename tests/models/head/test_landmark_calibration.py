"""Calibration moves landmarks along the surface, symmetrically, and keeps irises."""

from __future__ import annotations

import numpy as np
import pytest

from models.head.build.embedding import Canvas, Embedding, calibrate
from models.head.topology import Topology


@pytest.mark.parametrize("axes", [2, 3])
def test_calibration_follows_the_mean_residual(topology: Topology, axes: int) -> None:
    outer = topology.regions["skin"] & ~topology.regions["inside"]
    canvas = Canvas(
        topology.template_mm,
        topology.faces[outer[topology.faces].all(axis=1)].astype(np.int64),
        topology.mirror.astype(np.int64),
    )
    embedding = Embedding(
        topology.landmark_vertices.astype(np.int64),
        topology.landmark_weights,
        topology.landmark_mirror.astype(np.int64),
    )
    cheeks = [205, 425]
    residual = np.zeros((478, axes))
    residual[cheeks, 1] = 2.0
    residual[205, 0] = 0.5
    moved = calibrate(embedding, canvas, residual)
    before, after = (e.positions(topology.template_mm) for e in (embedding, moved))
    shift = after - before
    np.testing.assert_allclose(shift[205], shift[425] * [-1, 1, 1], atol=1e-9)
    assert 1.2 < shift[205, 1] < 2.3
    still = np.setdiff1d(np.arange(478), cheeks)
    assert np.linalg.norm(shift[still], axis=1).max() < 0.05
