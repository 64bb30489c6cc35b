"""The fit of a whole recording: identity, cameras, then every frame, then the moving residual."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import RejectedRecordingError
from models.fit.basis import FaceBasis, PointBasis
from models.fit.bundle import BundleState, adjust_bundle
from models.fit.projection import PointEvidence, Poses, project, to_camera
from models.fit.sequence import LinearPrior, SequenceFit, fit_sequence
from models.fit.start import (
    guessed_camera,
    place_cameras,
    poses_in_camera,
    spread_frames,
    world_poses,
)
from models.fit.stereo import SkinSurvey
from models.reconstruction import Array, Camera, ViewTrack

_SURVEY_FRAMES = 60
_KEYFRAMES = 12
_RESTING_EXPRESSION_SIGMA = 0.08
# A landmark errs by nearly the same in every keyframe, and like its neighbours.
_LANDMARK_SHARE = 0.02


@dataclass(frozen=True)
class KnownIdentity:
    """A subject's resting shape from an earlier visit; it is used and not estimated again.

    identity (n_identity,); offset_mm (V, 3) in the unposed head before scaling; log_scale.
    """

    identity: Array
    offset_mm: Array
    log_scale: float


@dataclass(frozen=True)
class LandmarkFit:
    """What the landmarks of all views say about a recording; world = reference camera, mm.

    identity (n_identity,), log_scale, identity_covariance over both; cameras; `frames` (T',)
    indices of frames with a face; `sequence` poses, expression and precision of those frames;
    `reference` index into `frames` of the frame at rest that movement is measured from.
    """

    identity: Array
    log_scale: float
    identity_covariance: Array
    cameras: tuple[Camera, ...]
    reference_view: int
    frames: NDArray[np.int64]
    sequence: SequenceFit
    reference: int
    vertex_basis: PointBasis
    landmark_basis: PointBasis


def fit_landmarks(
    tracks: tuple[ViewTrack, ...],
    evidence: tuple[PointEvidence, ...],
    face: FaceBasis,
    *,
    calibration: tuple[Camera, ...] | None = None,
    known: KnownIdentity | None = None,
    rest_frame: int | None = None,
    excluded: NDArray[np.bool_] | None = None,
    skin: SkinSurvey | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> LandmarkFit:
    """Fit identity, cameras and every frame to the landmark evidence.

    tracks and evidence: per view, on the common clock, points in pixels. calibration: cameras of
    the views in the same order; estimated when None. skin: measures where the skin lies at rest,
    for calibrated views. Raises RejectedRecordingError where no frame
    shows a face.
    """
    seen = np.any([track.seen for track in tracks], axis=0)
    if excluded is not None:
        seen &= ~excluded
    frames = np.flatnonzero(seen)
    if len(frames) == 0:
        raise RejectedRecordingError(
            "No face was found in any frame.", "Record the face frontally in even light."
        )
    reference = reference_view(tracks)
    zero = np.zeros(face.n_identity)
    offset_mm = None if known is None else known.offset_mm
    vertex_basis = face.vertices(zero if known is None else known.identity, offset_mm)
    basis = face.landmarks(vertex_basis)
    cameras = calibration or tuple(guessed_camera(track) for track in tracks)
    template = basis.resting(zero if known is None else known.identity)
    per_view = tuple(
        poses_in_camera(track, camera, template)
        for track, camera in zip(tracks, cameras, strict=True)
    )
    if calibration is None:
        cameras = place_cameras(cameras, per_view, reference)
    start = world_poses(cameras, per_view)

    prior = LinearPrior(
        np.zeros((1, face.n_expression)), face.expression_precision, (0, face.n_expression)
    )
    survey = spread_frames(frames, _SURVEY_FRAMES)
    identity = zero if known is None else known.identity
    log_scale = 0.0 if known is None else known.log_scale
    surveyed = _fit_frames(
        survey, start[survey], None, identity, log_scale, basis, cameras, evidence, prior, 5
    )
    rest = _rest_frame(survey, surveyed.coefficients, rest_frame)
    progress(0.2)
    # Further rounds: blink gain and places on the skin depend on the identity found before.
    covariance = np.zeros((face.n_identity + 1, face.n_identity + 1))
    rounds = 1 if known is not None else 2 if skin is None else 3
    for turn in range(rounds):
        keys, at_rest = _keyframes(survey, surveyed.coefficients, rest)
        precision = np.tile(face.expression_precision, (len(keys), 1, 1))
        precision[at_rest] += np.eye(face.n_expression) / _RESTING_EXPRESSION_SIGMA**2
        chosen = survey[keys]
        state = BundleState(
            identity, log_scale, cameras, surveyed.poses[keys], surveyed.coefficients[keys]
        )
        surface = None
        if skin is not None and turn > 0:
            surface = skin.measure(state, vertex_basis, chosen, at_rest)
        bundle = adjust_bundle(
            state,
            basis,
            tuple(seen.at(chosen) for seen in evidence),
            precision,
            calibrated=calibration is not None,
            reference_view=reference,
            identity_fixed=known is not None,
            focal_prior=np.array([guessed_camera(track).K[1, 1] for track in tracks]),
            landmark_share=_LANDMARK_SHARE,
            surface=surface,
        )
        identity, log_scale = bundle.state.identity, bundle.state.log_scale
        cameras, covariance = bundle.state.cameras, bundle.covariance
        vertex_basis = face.vertices(identity, offset_mm)
        basis = face.landmarks(vertex_basis)
        surveyed = _fit_frames(
            survey,
            surveyed.poses,
            surveyed.coefficients,
            identity,
            log_scale,
            basis,
            cameras,
            evidence,
            prior,
            4,
        )
        progress(0.5)
    nearest = np.abs(frames[:, None] - survey[None]).argmin(axis=1)
    sequence = _fit_frames(
        frames,
        surveyed.poses[nearest],
        surveyed.coefficients[nearest],
        identity,
        log_scale,
        basis,
        cameras,
        evidence,
        prior,
        4,
    )
    progress(1.0)
    return LandmarkFit(
        identity,
        log_scale,
        covariance,
        cameras,
        reference,
        frames,
        sequence,
        int(np.flatnonzero(frames == survey[rest])[0]),
        vertex_basis,
        basis,
    )


def reference_view(tracks: tuple[ViewTrack, ...]) -> int:
    """The centre view, or else the most frontal one."""
    for index, track in enumerate(tracks):
        if track.view == "center":
            return index
    return int(np.argmin([abs(float(np.nanmedian(track.yaw_deg))) for track in tracks]))


def _fit_frames(
    frames: NDArray[np.int64],
    poses: Poses,
    coefficients: Array | None,
    identity: Array,
    log_scale: float,
    basis: PointBasis,
    cameras: tuple[Camera, ...],
    evidence: tuple[PointEvidence, ...],
    prior: LinearPrior,
    iterations: int,
) -> SequenceFit:
    scale = float(np.exp(log_scale))
    n = basis.expression.shape[2]
    if coefficients is None:
        coefficients = np.zeros((len(frames), n))
    return fit_sequence(
        scale * basis.resting(identity),
        scale * basis.expression,
        poses,
        coefficients,
        cameras,
        tuple(seen.at(frames) for seen in evidence),
        LinearPrior(
            np.broadcast_to(prior.mean, coefficients.shape),
            prior.precision,
            prior.bounded,
            prior.low,
            prior.high,
        ),
        iterations=iterations,
    )


def _rest_frame(
    survey: NDArray[np.int64],
    expression: Array,
    entered: int | None,
) -> int:
    """Index into `survey` of the stillest frame with the least activation.

    Activation is compared after smoothing over neighbours, so that one lucky noisy frame is not
    preferred over a whole quiet second.
    """
    if entered is not None:
        return int(np.abs(survey - entered).argmin())
    if len(survey) < 5:
        return int(np.argmin(np.linalg.norm(expression, axis=1)))
    # Whole windows only: one cut short at an end of the film would look stiller than it is.
    windows = np.stack([expression[shift : shift + len(expression) - 4] for shift in range(5)])
    level = np.linalg.norm(windows.mean(axis=0), axis=1)
    motion = np.linalg.norm(windows.std(axis=0), axis=1)
    return 2 + int(np.argmin(level + 2.0 * motion))


def _keyframes(
    survey: NDArray[np.int64], expression: Array, rest: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Indices into `survey`: some frames at rest, then the most different ones; and which rest."""
    distance = np.linalg.norm(expression - expression[rest], axis=1)
    spread = max(float(np.quantile(distance, 0.9)), 1e-6)
    resting = np.flatnonzero(distance < 0.25 * spread)
    resting = spread_frames(resting, _KEYFRAMES // 2) if len(resting) else np.array([rest])
    chosen = [int(index) for index in resting]
    nearest = np.linalg.norm(expression[:, None] - expression[None, chosen], axis=2).min(axis=1)
    while len(chosen) < min(_KEYFRAMES, len(survey)):
        farthest = int(np.argmax(nearest))
        if nearest[farthest] <= 0.0:
            break
        chosen.append(farthest)
        nearest = np.minimum(nearest, np.linalg.norm(expression - expression[farthest], axis=1))
    keys = np.array(chosen)
    return keys, np.isin(keys, resting)


def head_points(fit: LandmarkFit, basis: PointBasis, coefficients: Array) -> Array:
    """(T, N, 3) points of `basis` in the head frame, metric, for expression coefficients."""
    return basis.posed(fit.identity, fit.log_scale, coefficients)


def reprojected(points: Array, poses: Poses, cameras: Iterable[Camera]) -> list[Array]:
    """Per view (T, N, 2) pixels of head points (T, N, 3)."""
    return [project(to_camera(points, poses, camera), camera) for camera in cameras]
