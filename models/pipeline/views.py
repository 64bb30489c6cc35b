"""What the fit is given of each view: tracks and evidence without lens distortion, and crops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.calibration import CalibratedCamera
from models.capture.correction import LandmarkCorrection
from models.capture.observation import CropStore
from models.capture.recording import Recording
from models.fit.crops import Grey
from models.fit.projection import PointEvidence
from models.movements import View
from models.reconstruction import Array, Camera, ViewTrack
from models.request import Corrections

# Landmarks of one face err together, so many of them say less than as many independent ones.
INDEPENDENT_SHARE = 0.25
# A person's own landmark is this good.
_ENTERED_SIGMA_PX = 1.0


@dataclass(frozen=True)
class StoredCrops:
    """The crops of one view on the common clock (`models.fit.recording.CropSource`)."""

    store: CropStore
    source: NDArray[np.int64]
    lens: CalibratedCamera | None
    camera: Camera | None

    @property
    def affines(self) -> Array:
        """(T, 2, 3) recorded pixels to crop pixels; NaN where the view shows nothing."""
        affines = self.store.affine[np.maximum(self.source, 0)]
        return np.where((self.source >= 0)[:, None, None], affines, np.nan)

    def crops(self, frames: NDArray[np.int64]) -> Iterator[tuple[int, Grey]]:
        """Read one crop at a time, so that memory does not grow with the recording."""
        size = self.store.size_px
        with self.store.path.open("rb") as file:
            for index, frame in enumerate(frames):
                picture = int(self.source[frame])
                if picture < 0 or not np.isfinite(self.store.affine[picture]).all():
                    continue
                file.seek(picture * size * size)
                data = np.frombuffer(file.read(size * size), dtype=np.uint8)
                yield index, data.reshape(size, size)

    def recorded(self, straight_px: Array) -> Array:
        """Pixels of a lens without distortion as this camera recorded them."""
        if self.lens is None or self.camera is None:
            return straight_px
        return self.lens.distorted_px(straight_px, self.camera)

    def straight(self, recorded_px: Array) -> Array:
        """The inverse of `recorded`."""
        if self.lens is None or self.camera is None:
            return recorded_px
        return self.lens.undistorted_px(recorded_px, self.camera)


@dataclass(frozen=True)
class FitViews:
    """The views of a recording in one order, ready for the fit; cameras None when unknown."""

    names: tuple[View, ...]
    tracks: tuple[ViewTrack, ...]
    evidence: tuple[PointEvidence, ...]
    crops: tuple[StoredCrops, ...]
    cameras: tuple[Camera, ...] | None


def views_for_fit(
    recording: Recording,
    calibration: Mapping[View, CalibratedCamera] | None,
    corrections: Corrections | None,
) -> FitViews:
    """Correct the landmarks, apply a person's own ones, take out distortion.

    A calibration is used where it has every view of the recording; the caller checks that.
    """
    names = tuple(sorted(recording.tracks))
    tracks, evidence, crops, cameras = [], [], [], []
    for name in names:
        track = recording.tracks[name]
        observation = recording.observations[name]
        lens = None if calibration is None else calibration[name]
        camera = None if lens is None else lens.for_frame(track.width, track.height)
        assert observation.crops is not None
        stored = StoredCrops(observation.crops, recording.sources[name].frame, lens, camera)
        seen = landmark_evidence(track, stored)
        if corrections is not None:
            # A person sees, and enters, what the lens has bent.
            seen = _with_entered(seen, corrections, name)
        if lens is not None and camera is not None:
            straight = lens.undistorted_px(track.landmarks_px, camera).astype(np.float32)
            track = replace(track, landmarks_px=straight)
            seen = replace(seen, target_px=lens.undistorted_px(seen.target_px, camera))
            cameras.append(camera)
        tracks.append(track)
        evidence.append(seen)
        crops.append(stored)
    return FitViews(
        names,
        tuple(tracks),
        tuple(evidence),
        tuple(crops),
        tuple(cameras) if calibration is not None else None,
    )


def landmark_evidence(track: ViewTrack, pictures: StoredCrops) -> PointEvidence:
    """Where the points of the head's embedding are, after the learned correction.

    The correction also reads mouth, lids and brows from the crops.
    """
    corrected = LandmarkCorrection.load().apply(
        track.landmarks_px, track.yaw_deg, track.roll_deg, pictures
    )
    covariance = corrected.covariance_px2.astype(np.float64)
    known = np.asarray(
        np.isfinite(covariance).all(axis=(2, 3)) & np.isfinite(corrected.points_px).all(axis=2)
    )
    # Where the two passes of the network disagree, it does not know.
    spread = np.nan_to_num(track.pass_difference_px.astype(np.float64)) ** 2
    covariance = np.where(known[..., None, None], covariance, np.eye(2))
    covariance = covariance + 0.25 * spread[..., None, None] * np.eye(2)
    precision = np.linalg.inv(covariance) * INDEPENDENT_SHARE
    return PointEvidence(
        np.where(known[..., None], corrected.points_px, 0.0).astype(np.float64),
        np.where(known[..., None, None], precision, np.float32(0.0)),
        np.zeros(known.shape, dtype=np.bool_),
    )


def _with_entered(seen: PointEvidence, corrections: Corrections, view: View) -> PointEvidence:
    target, precision = seen.target_px.copy(), seen.precision.copy()
    certain = seen.certain.copy()
    for override in corrections.landmarks:
        if override.view != view or override.frame >= len(target):
            continue
        for index, point in override.points.items():
            target[override.frame, index] = point
            precision[override.frame, index] = np.eye(2) / _ENTERED_SIGMA_PX**2
            certain[override.frame, index] = True
    return PointEvidence(target, precision, certain)
