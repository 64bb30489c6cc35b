"""From evidence and crops of a recording to its moving face in metric head coordinates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.fit.basis import FaceBasis, PointBasis
from models.fit.crops import CropSource, Grey
from models.fit.estimate import (
    KnownIdentity,
    LandmarkFit,
    fit_landmarks,
    reference_view,
    reprojected,
)
from models.fit.eyes import LidGaps, lid_gaps
from models.fit.projection import PointEvidence, Poses
from models.fit.refine import TrackingPlan, moved_vertices, plan_tracking, refine_movement
from models.fit.scale import MetricScale, ScaleHints, metric_scale
from models.fit.sequence import SequenceFit
from models.fit.stereo import SkinSurvey
from models.fit.temporal import smooth
from models.fit.tracking import PointTracks, track_points
from models.measures import head_frame
from models.reconstruction import Array, Array32, Camera, ViewTrack


@dataclass(frozen=True)
class RecordingFit:
    """The moving face of a recording, metric.

    time frames are those of `frames` (T',) among the recording's T. `cameras`: world = reference
    camera, mm. `poses`: head frame to world. `shape`: all vertices in the head frame, template =
    rest, `expression` = movement basis; `coefficients` (T', P) on it. `refined` carries the
    posterior. `expression` (T', n) named units, absolute. `reprojection` (views,) median
    reprojection residual of the landmarks as a share of the outer-canthus distance.
    """

    frames: NDArray[np.int64]
    cameras: tuple[Camera, ...]
    poses: Poses
    shape: PointBasis
    coefficients: Array
    refined: SequenceFit
    expression: Array
    lids: LidGaps
    scale: MetricScale
    identity: Array
    identity_covariance: Array
    log_scale: float
    reference: int
    reprojection: tuple[float, ...]
    tracks: tuple[PointTracks, ...]

    def vertices_mm(self, frames: slice | NDArray[np.int64] = slice(None)) -> Array32:
        """(T', V, 3) vertices in the head frame."""
        return moved_vertices(self.shape, self.coefficients, frames).astype(np.float32)


def fit_recording(
    tracks: tuple[ViewTrack, ...],
    evidence: tuple[PointEvidence, ...],
    crops: Sequence[CropSource],
    time_s: Array,
    face: FaceBasis,
    *,
    calibration: tuple[Camera, ...] | None,
    known: KnownIdentity | None,
    hints: ScaleHints,
    rest_frame: int | None = None,
    excluded: NDArray[np.bool_] | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> RecordingFit:
    """Fit a recording of T moments `time_s` seen in one to three views.

    tracks, evidence, crops: per view, in one order, without lens distortion. calibration: the
    views' cameras, or None to estimate them. Raises RejectedRecordingError without any face.
    """
    fit = fit_landmarks(
        tracks,
        evidence,
        face,
        calibration=calibration,
        known=known,
        rest_frame=rest_frame,
        excluded=excluded,
        skin=_skin_survey(crops, tracks, face) if calibration is not None else None,
        progress=lambda share: progress(0.4 * share),
    )
    chosen = tuple(seen.at(fit.frames) for seen in evidence)
    plan = plan_tracking(fit, face)
    found = _track(fit, plan, crops, lambda share: progress(0.4 + 0.3 * share))
    crop_scale = tuple(_crop_scale(source.affines[fit.frames]) for source in crops)
    refined, shape = refine_movement(fit, face, plan, found, crop_scale, chosen)
    progress(0.9)
    region = np.flatnonzero(face.topology.regions["face"])
    moving = shape.expression[region].reshape(-1, shape.expression.shape[2])
    gram = moving.T @ moving / len(region)
    coefficients = smooth(refined.coefficients, gram, time_s[fit.frames])
    scale = metric_scale(fit, tracks, hints, calibrated=calibration is not None, known=known)
    result = _in_head_frame(fit, face, refined, shape, coefficients, scale, chosen, found)
    progress(1.0)
    return result


def _skin_survey(
    crops: Sequence[CropSource], tracks: tuple[ViewTrack, ...], face: FaceBasis
) -> SkinSurvey | None:
    if len(crops) < 2:
        return None
    return SkinSurvey(face.topology, crops, reference_view(tracks))


def _track(
    fit: LandmarkFit,
    plan: TrackingPlan,
    crops: Sequence[CropSource],
    progress: Callable[[float], None],
) -> tuple[PointTracks, ...]:
    found = []
    for view, source in enumerate(crops):
        affines = source.affines[fit.frames]
        reference_frame = fit.frames[fit.reference : fit.reference + 1]
        reference = list(source.crops(reference_frame))
        if not reference:
            n_frames, n_points = plan.predicted_px[view].shape[:2]
            found.append(
                PointTracks(
                    np.full((n_frames, n_points, 2), np.nan),
                    np.full((n_frames, n_points), np.nan, dtype=np.float32),
                )
            )
            continue
        tracks = track_points(
            _counted(source.crops(fit.frames), len(fit.frames), view, len(crops), progress),
            affines,
            (reference[0][1], affines[fit.reference]),
            source.recorded(plan.reference_px[view]),
            source.recorded(plan.predicted_px[view]),
            plan.points.neighbours,
            plan.facing[view],
        )
        found.append(replace(tracks, position_px=source.straight(tracks.position_px)))
    return tuple(found)


def _counted(
    crops: Iterable[tuple[int, Grey]],
    n_frames: int,
    view: int,
    n_views: int,
    progress: Callable[[float], None],
) -> Iterator[tuple[int, Grey]]:
    for count, item in enumerate(crops):
        if count % 16 == 0:
            progress((view + count / n_frames) / n_views)
        yield item


def _crop_scale(affines: Array) -> Array:
    """(T,) crop pixels per recorded pixel; 1 where there is no crop."""
    scale = np.sqrt(np.abs(np.linalg.det(affines[:, :, :2])))
    return np.where(np.isfinite(scale), scale, 1.0)


def _in_head_frame(
    fit: LandmarkFit,
    face: FaceBasis,
    refined: SequenceFit,
    shape: PointBasis,
    coefficients: Array,
    scale: MetricScale,
    evidence: tuple[PointEvidence, ...],
    tracks: tuple[PointTracks, ...],
) -> RecordingFit:
    """Turn model coordinates into the metric head frame and keep the stable region still."""
    topology = face.topology
    landmarks = np.einsum(
        "nc,tncd->tnd",
        topology.landmark_weights,
        _moved_at(shape, refined.coefficients, topology.landmark_vertices),
    )
    lids = lid_gaps(landmarks, refined.poses, fit.cameras, evidence)
    factor = scale.factor
    model_to_head = head_frame(shape.template * factor, topology)
    turn, shift = model_to_head[:3, :3], model_to_head[:3, 3]
    metric = PointBasis(
        factor * shape.template @ turn.T + shift,
        factor * np.exp(fit.log_scale) * np.einsum("ij,vjk->vik", turn, shape.identity),
        factor * np.einsum("ij,vjk->vik", turn, shape.expression),
        factor * np.einsum("ij,vjk->vik", turn, shape.field),
    )
    poses = Poses(
        refined.poses.rotation @ turn.T,
        factor * refined.poses.translation - refined.poses.rotation @ turn.T @ shift,
    )
    cameras = tuple(_scaled_camera(camera, factor) for camera in fit.cameras)
    expression = coefficients[:, : face.n_expression] + fit.sequence.coefficients[fit.reference]
    return RecordingFit(
        frames=fit.frames,
        cameras=cameras,
        poses=poses,
        shape=metric,
        coefficients=coefficients,
        refined=refined,
        expression=expression,
        lids=LidGaps(lids.gap_mm * factor, lids.sigma_mm * factor),
        scale=scale,
        identity=fit.identity,
        identity_covariance=fit.identity_covariance,
        log_scale=fit.log_scale,
        reference=fit.reference,
        reprojection=_reprojection(landmarks, fit, refined, evidence),
        tracks=tracks,
    )


def _moved_at(shape: PointBasis, coefficients: Array, vertices: NDArray[np.int32]) -> Array:
    """(T, N, 3 corners, 3) moved positions of the vertices (N, 3) of landmark triangles."""
    flat = vertices.reshape(-1)
    moving = shape.expression[flat].reshape(3 * len(flat), -1)
    moved = (coefficients @ moving.T).reshape(len(coefficients), len(flat), 3)
    return np.asarray((shape.template[flat] + moved).reshape(len(coefficients), -1, 3, 3))


def _scaled_camera(camera: Camera, factor: float) -> Camera:
    matrix = camera.world_to_camera.copy()
    matrix[:3, 3] *= factor
    return replace(camera, world_to_camera=matrix)


def _reprojection(
    landmarks: Array, fit: LandmarkFit, refined: SequenceFit, evidence: tuple[PointEvidence, ...]
) -> tuple[float, ...]:
    """Median landmark residual of each view over the outer-canthus distance in the same image."""
    shares = []
    for seen, pixels in zip(
        evidence, reprojected(landmarks, refined.poses, fit.cameras), strict=True
    ):
        known = seen.precision[..., 0, 0] > 0
        residual = np.linalg.norm(seen.target_px - pixels, axis=2)
        canthi = np.linalg.norm(pixels[:, 33] - pixels[:, 263], axis=1)
        share = np.where(known, residual, np.nan) / canthi[:, None]
        shares.append(float(np.nanmedian(share)) if known.any() else float("nan"))
    return tuple(shares)
