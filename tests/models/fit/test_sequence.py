from __future__ import annotations

import numpy as np

from models.fit.projection import pose_columns
from models.fit.sequence import whitened_rows


def test_normal_matrix_is_that_of_the_metrics_also_where_one_view_says_nothing_of_depth() -> None:
    generator = np.random.default_rng(0)
    n_points, n_basis = 40, 7
    rank = generator.integers(0, 4, n_points)
    metric = np.zeros((n_points, 3, 3))
    for i in range(n_points):
        rows = generator.normal(size=(rank[i], 3)) * 10.0 ** generator.uniform(-2, 1)
        metric[i] = rows.T @ rows
    points = generator.normal(size=(n_points, 3)) * 50.0
    basis = generator.normal(size=(n_points, 3, n_basis)).astype(np.float32)
    rows = np.empty((3 * n_points, 6 + n_basis), dtype=np.float32)
    whitened_rows(metric, points, basis, rows)
    columns = np.concatenate([pose_columns(points), basis], axis=2)
    expected = np.einsum("nip,nij,njq->pq", columns, metric, columns)
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.abs(rows.T @ rows - expected).max() < 1e-5 * size.max()
    assert (np.abs(rows.T @ rows - expected) / size).max() < 1e-5
