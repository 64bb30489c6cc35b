"""The metric scale of a face and how sure it is: calibration, a known distance, or the iris."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.fit.basis import FaceBasis
from models.fit.estimate import KnownIdentity, LandmarkFit, head_points
from models.fit.eyes import iris_diameters
from models.movements import View
from models.reconstruction import Array, Subject, ViewTrack

# White-to-white iris width in mm (clinical.md, "Scale"): adults, and from 5 to 18 years.
_IRIS_ADULT_MM = (11.71, 0.42)
_IRIS_CHILD_MM = (11.22, 0.52)
_CHILD_YEARS = 18.0
# What the measurement of one recording adds: the network's irises, perspective, gaze.
_IRIS_READING_SIGMA = 0.015
# The network puts the rim outside the limbus: measured width over true width, on renders.
_IRIS_READING_GAIN = 1.038
# How adult faces differ in size (bizygomatic and morphological face height vary by 4-5 %): the
# fit's own length is that of the mean head, which is evidence beside the iris.
_ADULT_HEAD_SIGMA = 0.045
_ENTERED_IRIS_SIGMA_MM = 0.1
_ENTERED_DISTANCE_SIGMA_MM = 1.0
_FRONTAL_YAW_DEG = 25.0
# Landmarks that bone holds: corners of the eyes, bridge of the nose, temples and cheekbones.
_BONY = [33, 133, 362, 263, 168, 6, 197, 5, 127, 356, 234, 454]


@dataclass(frozen=True)
class EarlierSize:
    """How large this person was in an earlier visit, so that all visits share one scale.

    size_mm: root mean square distance of the bony landmarks from their middle; sigma: relative.
    """

    size_mm: float
    sigma: float

    @classmethod
    def of(cls, subject: Subject, face: FaceBasis) -> EarlierSize:
        """From the subject file of that visit, made with the head model of `face`."""
        identity = np.zeros(face.n_identity)
        identity[: face.n_shape] = subject.identity
        basis = face.landmarks(face.vertices(identity, subject.static_offset_mm))
        return cls(subject.scale * _bony_size(basis.resting(identity)), subject.scale_sigma)


def _bony_size(landmarks: Array) -> float:
    points = landmarks[_BONY]
    return float(np.sqrt(np.mean(np.sum((points - points.mean(axis=0)) ** 2, axis=1))))


@dataclass(frozen=True)
class ScaleHints:
    """What is known about the size of the person.

    distances_mm: measured distances by the pair of landmarks they join; iris_mm: measured iris
    width; age_years decides which iris width is usual; earlier: the size in another visit.
    """

    distances_mm: Mapping[tuple[int, int], float] = field(default_factory=dict)
    iris_mm: float | None = None
    age_years: float | None = None
    earlier: EarlierSize | None = None


@dataclass(frozen=True)
class MetricScale:
    """`factor` makes the fit's lengths millimetres; `sigma` is its relative 1 SD.

    by_view: iris width in mm of each view that shows one, after scaling; their disagreement is a
    quality figure.
    """

    factor: float
    sigma: float
    source: str
    by_view: Mapping[View, float]


def metric_scale(
    fit: LandmarkFit,
    tracks: tuple[ViewTrack, ...],
    hints: ScaleHints,
    *,
    calibrated: bool,
    known: KnownIdentity | None,
) -> MetricScale:
    """The most trustworthy scale there is: subject file, calibration, earlier visit, entered
    distance, iris.

    A single calibrated camera sees no depth by itself, so it does not count as a calibration.
    """
    irises = _iris_widths(fit, tracks)
    several = sum(bool(track.seen.any()) for track in tracks) > 1
    if known is not None:
        return _scale(1.0, 0.0, "subject", irises)
    if calibrated and several:
        sigma = float(np.sqrt(fit.identity_covariance[-1, -1]))
        return _scale(1.0, max(sigma, 0.002), "calibration", irises)
    if hints.earlier is not None:
        resting = head_points(fit, fit.landmark_basis, _at_rest(fit))[0]
        factor = hints.earlier.size_mm / _bony_size(resting)
        return _scale(factor, hints.earlier.sigma, "earlier visit", irises)
    if hints.distances_mm:
        return _from_distances(fit, hints, irises)
    width, sigma_mm = _expected_iris(hints)
    if not irises:
        # Nothing but the size of an average head: said so, with its spread.
        return _scale(1.0, 0.05, "mean head", irises)
    measured = float(np.mean(list(irises.values())))
    by_iris = float(np.log(width / measured))
    variance = float((sigma_mm / width) ** 2 + _IRIS_READING_SIGMA**2)
    if hints.iris_mm is None and not _is_child(hints):
        # Irises and heads vary independently: the inverse-variance mean of what both say.
        share = _ADULT_HEAD_SIGMA**2 / (_ADULT_HEAD_SIGMA**2 + variance)
        by_iris, variance = share * by_iris, share * variance
    return _scale(float(np.exp(by_iris)), float(np.sqrt(variance)), "iris", irises)


def _at_rest(fit: LandmarkFit) -> Array:
    """(1, n) the expression of the frame at rest."""
    return fit.sequence.coefficients[fit.reference : fit.reference + 1]


def _expected_iris(hints: ScaleHints) -> tuple[float, float]:
    if hints.iris_mm is not None:
        return hints.iris_mm, _ENTERED_IRIS_SIGMA_MM
    return _IRIS_CHILD_MM if _is_child(hints) else _IRIS_ADULT_MM


def _is_child(hints: ScaleHints) -> bool:
    return hints.age_years is not None and hints.age_years < _CHILD_YEARS


def _scale(factor: float, sigma: float, source: str, irises: Mapping[View, float]) -> MetricScale:
    return MetricScale(
        factor, sigma, source, {view: width * factor for view, width in irises.items()}
    )


def _from_distances(
    fit: LandmarkFit, hints: ScaleHints, irises: Mapping[View, float]
) -> MetricScale:
    """Inverse-variance mean of what each entered distance says."""
    resting = head_points(fit, fit.landmark_basis, _at_rest(fit))[0]
    factors, weights = [], []
    for (first, second), entered in hints.distances_mm.items():
        length = float(np.linalg.norm(resting[first] - resting[second]))
        factors.append(entered / length)
        weights.append((entered / _ENTERED_DISTANCE_SIGMA_MM) ** 2)
    factor = float(np.average(factors, weights=weights))
    return _scale(factor, float(1.0 / np.sqrt(np.sum(weights))), "entered distance", irises)


def _iris_widths(fit: LandmarkFit, tracks: tuple[ViewTrack, ...]) -> dict[View, float]:
    """Median iris width by view in the fit's own length, over frames that face the camera."""
    resting = head_points(fit, fit.landmark_basis, _at_rest(fit))[0]
    # Landmarks 468 and 473 lie in the middle of the irises, about 10.5 mm before the centres.
    scale = float(np.exp(fit.log_scale))
    centres = resting[[473, 468]] - np.array([0.0, 0.0, 10.5 * scale])
    widths: dict[View, float] = {}
    for track, camera in zip(tracks, fit.cameras, strict=True):
        landmarks = track.landmarks_px[fit.frames].astype(np.float64)
        diameters = iris_diameters(landmarks, centres, fit.sequence.poses, camera)
        frontal = np.abs(track.yaw_deg[fit.frames]) < _FRONTAL_YAW_DEG
        opening = np.linalg.norm(
            landmarks[:, [386, 159], :2] - landmarks[:, [374, 145], :2], axis=2
        )
        wide = opening > 0.6 * np.nanmedian(opening, axis=0)
        usable = frontal[:, None] & wide & np.isfinite(diameters)
        if usable.sum() >= 2:
            widths[track.view] = float(np.median(diameters[usable])) / _IRIS_READING_GAIN
    return widths
