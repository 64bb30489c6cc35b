"""Whether all views show one face at one time: what the joint fit cannot explain of each view."""

from __future__ import annotations

import numpy as np

from models.fit.projection import project, to_camera
from models.fit.recording import RecordingFit
from models.fit.start import spread_frames
from models.head.topology import Topology
from models.pipeline.views import INDEPENDENT_SHARE, FitViews

_MOMENTS = 40


def view_disagreement(fit: RecordingFit, views: FitViews, topology: Topology) -> tuple[float, ...]:
    """(views,) RMS distance of the landmarks from the fitted face, in units of their own 1 SD.

    One face seen by all cameras at once can be brought into all of them. Another person's face,
    or another moment's, cannot: then every view pulls at shape and movement, and all suffer. NaN
    where a view shows nothing.
    """
    rows = spread_frames(np.arange(len(fit.frames)), _MOMENTS)
    corners = topology.landmark_vertices.reshape(-1)
    moving = fit.shape.expression[corners].reshape(3 * len(corners), -1)
    moved = (fit.coefficients[rows] @ moving.T).reshape(len(rows), len(corners), 3)
    vertices = (fit.shape.template[corners] + moved).reshape(len(rows), -1, 3, 3)
    landmarks = np.einsum("nc,tncd->tnd", topology.landmark_weights, vertices)
    disagreement = []
    for camera, seen in zip(fit.cameras, views.evidence, strict=True):
        moments = fit.frames[rows]
        precision = seen.precision[moments] / INDEPENDENT_SHARE
        pixels = project(to_camera(landmarks, fit.poses[rows], camera), camera)
        residual = seen.target_px[moments] - pixels
        squared = np.einsum("tni,tnij,tnj->tn", residual, precision, residual) / 2.0
        known = precision[..., 0, 0] > 0
        disagreement.append(float(np.sqrt(squared[known].mean())) if known.any() else np.nan)
    return tuple(disagreement)
