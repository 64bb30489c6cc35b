"""One file from pictures to landmarks, quality and crops, in the process of the caller.

Neither this module nor anything it imports loads torch: one process per view stays small.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks import (
    FaceLandmarker,
    FaceObservation,
    aligned_crop,
    head_pose,
)
from models.capture.media import MediaInfo, file_sha256, naming, probe
from models.capture.observation import CROP_SIZE_PX, CropStore, FrameQuality, ViewObservation
from models.capture.quality import FaceQuality, face_quality, luma, scene_luma
from models.capture.video import Frame, frames

SECOND_FACE_EVERY_S = 1.0
"""How often the whole picture is searched for other faces (it costs as much as ten pictures);
half as often in a first look."""

QUICK_LOOK_EVERY_S = 0.2
"""Time between the pictures of a first look."""

_N_LANDMARKS = 478
_SMALLEST_SECOND_FACE = 0.4
_SECOND_FACE_MIN_PRESENCE = 0.9
_FOLLOWED_SIZE_RANGE = (0.6, 1.67)
_FORGET_AFTER_S = 1.5
# A search of the whole picture is slow: while there is no face it is repeated ever less often.
_SEARCH_PAUSE_S = (0.0, 0.0, 0.1, 0.2, 0.4, 0.8)


def observe_view(
    path: Path,
    *,
    crops_path: Path | None = None,
    sample_every_s: float | None = None,
    decoder_threads: int = 1,
    landmarker: FaceLandmarker | None = None,
    progress: Callable[[float], None] | None = None,
) -> ViewObservation:
    """Read one video or photograph and measure the face in every picture.

    `crops_path`: raw file to write the aligned grey crops to; without it none are kept.
    `sample_every_s`: only look at about one picture per that time. `landmarker`: one whose
    networks are open already. `progress` gets the share that is done. Raises VideoError when the
    file can't be used; a file without any face is no error here.
    """
    with naming(path):
        media = probe(path)
        digest = file_sha256(path)
        every_s = SECOND_FACE_EVERY_S * (1 if sample_every_s is None else 2)
        with nullcontext() if crops_path is None else crops_path.open("wb") as crops:
            record = _Record(landmarker or FaceLandmarker(), crops, every_s)
            for frame in frames(path, threads=decoder_threads, sample_every_s=sample_every_s):
                record.add(frame)
                if progress is not None:
                    progress(min(1.0, (frame.time_s + 1e-3) / max(media.duration_s, 1e-3)))
        return record.observation(
            path, digest, media, crops_path, sampled=sample_every_s is not None
        )


@dataclass
class _Record:
    """The face followed through one file, and what was measured of it so far."""

    landmarker: FaceLandmarker
    crops: BinaryIO | None
    second_face_every_s: float
    time_s: list[float] = field(default_factory=list)
    faces: list[FaceObservation | None] = field(default_factory=list)
    poses_deg: list[tuple[float, float, float]] = field(default_factory=list)
    qualities: list[FaceQuality | None] = field(default_factory=list)
    affines: list[NDArray[np.float64]] = field(default_factory=list)
    second_faces: list[float] = field(default_factory=list)
    scenes: list[NDArray[np.float32]] = field(default_factory=list)
    _followed: FaceObservation | None = None
    _followed_s: float = -np.inf
    _counted_s: float = -np.inf
    _failed_searches: int = 0
    _search_again_s: float = -np.inf

    def add(self, frame: Frame) -> None:
        face = self._find(frame)
        self.time_s.append(frame.time_s)
        self.faces.append(face)
        self.scenes.append(scene_luma(frame.rgb))
        self.second_faces.append(self._second_face(frame, face))
        if face is None:
            self._add_nothing()
            return
        pose = head_pose(face.landmarks_px)
        self.poses_deg.append((pose.yaw_deg, pose.pitch_deg, pose.roll_deg))
        crop, affine = aligned_crop(frame.rgb, face.landmarks_px, CROP_SIZE_PX)
        grey = luma(crop)
        self.affines.append(affine)
        self.qualities.append(
            face_quality(crop, grey, affine, face.landmarks_px, face.pass_difference_px)
        )
        if self.crops is not None:
            self.crops.write(grey.tobytes())

    def _find(self, frame: Frame) -> FaceObservation | None:
        if frame.time_s < self._search_again_s:
            return None
        previous = None if self._followed is None else self._followed.landmarks_px
        face = self.landmarker.track(frame.rgb, previous)
        if face is None or self._is_another(face, frame.time_s):
            pause_s = _SEARCH_PAUSE_S[min(self._failed_searches, len(_SEARCH_PAUSE_S) - 1)]
            self._failed_searches += 1
            self._search_again_s = frame.time_s + pause_s
            return None
        self._failed_searches = 0
        self._followed, self._followed_s = face, frame.time_s
        return face

    def _is_another(self, face: FaceObservation, time_s: float) -> bool:
        """While the patient's face is hidden, another one in the room must not take over."""
        if self._followed is None or time_s - self._followed_s > _FORGET_AFTER_S:
            return False
        ratio = face.region.side_px / self._followed.region.side_px
        return not _FOLLOWED_SIZE_RANGE[0] < ratio < _FOLLOWED_SIZE_RANGE[1]

    def _second_face(self, frame: Frame, face: FaceObservation | None) -> float:
        """Height of the second largest face over the followed one; NaN when not searched for."""
        if face is None or frame.time_s - self._counted_s < self.second_face_every_s:
            return float("nan")
        self._counted_s = frame.time_s
        box = face.box_px
        own_height = float(box[3] - box[1])
        fraction = max(_SMALLEST_SECOND_FACE * own_height / frame.rgb.shape[0], 0.04)
        tallest = 0.0
        for found, other in self.landmarker.detect_others(
            frame.rgb, face, min_height_fraction=fraction
        ):
            # Folds of clothing look like faces to the detector, hardly ever to the landmarks.
            if other.presence >= _SECOND_FACE_MIN_PRESENCE and not face.covers(other.box_px):
                tallest = max(tallest, found.height_px)
        return tallest / max(own_height, 1.0)

    def _add_nothing(self) -> None:
        nan = float("nan")
        self.poses_deg.append((nan, nan, nan))
        self.affines.append(np.full((2, 3), np.nan))
        self.qualities.append(None)
        if self.crops is not None:
            self.crops.write(bytes(CROP_SIZE_PX * CROP_SIZE_PX))

    def observation(
        self, path: Path, digest: str, media: MediaInfo, crops_path: Path | None, *, sampled: bool
    ) -> ViewObservation:
        """Everything that was added, as arrays."""
        n = len(self.time_s)
        landmarks = np.full((n, _N_LANDMARKS, 3), np.nan, dtype=np.float32)
        difference = np.full((n, _N_LANDMARKS), np.nan, dtype=np.float32)
        presence = np.zeros(n, dtype=np.float32)
        for index, face in enumerate(self.faces):
            if face is not None:
                landmarks[index] = face.landmarks_px
                difference[index] = face.pass_difference_px
                presence[index] = face.presence
        poses = np.asarray(self.poses_deg, dtype=np.float32)
        columns = {
            f.name: _column([None if q is None else getattr(q, f.name) for q in self.qualities])
            for f in fields(FaceQuality)
        }
        quality = FrameQuality(
            **columns,
            second_face=np.asarray(self.second_faces, dtype=np.float32),
            scene_luma=np.stack(self.scenes),
        )
        crops = None if crops_path is None else CropStore(crops_path, np.stack(self.affines))
        return ViewObservation(
            path=path,
            sha256=digest,
            media=media,
            time_s=np.asarray(self.time_s, dtype=np.float64),
            landmarks_px=landmarks,
            pass_difference_px=difference,
            presence=presence,
            yaw_deg=poses[:, 0],
            pitch_deg=poses[:, 1],
            roll_deg=poses[:, 2],
            quality=quality,
            crops=crops,
            sampled=sampled,
            warnings=_file_warnings(media, n, sampled=sampled),
        )


def _column(values: list[Any]) -> NDArray[np.float32]:
    """(N, ...) one quantity of all pictures; NaN where no face was found."""
    shape = next((np.shape(value) for value in values if value is not None), ())
    nothing = np.full(shape, np.nan)
    return np.array([nothing if v is None else v for v in values], dtype=np.float32)


def _file_warnings(media: MediaInfo, n_read: int, *, sampled: bool) -> tuple[str, ...]:
    warnings = []
    if media.truncated_s > 0:
        warnings.append(
            f"The file is cut off: {media.truncated_s:.1f} s are missing at its end; "
            "the rest was used."
        )
    lost = media.n_frames - n_read
    if not sampled and lost > max(1, 0.01 * media.n_frames):
        warnings.append(f"{lost} damaged pictures of the file were left out.")
    return tuple(warnings)
