"""What was observed in one file: landmarks, picture quality and crops on the file's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.capture.media import MediaInfo

CROP_SIZE_PX = 256


@dataclass(frozen=True)
class FrameQuality:
    """Picture quality per frame, NaN where no face was found; all unchanged by mirroring
    except `light_balance`, the columns of `scene_luma` and the eyes, which swap sides.

    sharpness: (N,) variance of the Laplacian inside the face over the variance of the face.
    clipped_share, dark_share: (N,) of the face's pixels that are white or black.
    face_luma: (N,) mean of the face, 0-255.
    light_balance: (N,) natural logarithm of linear light, subject's left over right half.
    iris_px: (N,) iris diameter, of the larger one.
    face_height_px: (N,) forehead to chin.
    lip_contrast: (N,) how much redder the lips are than the cheeks (log R/G).
    mouth_difference: (N,) distance of the network's two passes at the lips over the face height:
        it rises when something lies over the mouth.
    bridge_edge: (N,) steepest step in brightness down the bridge of the nose, over its mean:
        it rises with glasses.
    brow_difference: (N,) as `mouth_difference`, of the brow where it is larger.
    eye_contrast: (N, 2) range of log brightness across the left and the right eye, open or closed:
        it falls when something lies over the eye.
    eye_skin: (N, 2, Q) logarithm of the brightness of points of skin around each eye.
    skin_tone: (N, P) logarithm of the brightness of points of skin: `N_LOWER_SKIN` around the
        mouth, then those of the upper face; a hand changes the former, a movement hardly.
    second_face: (N,) height of the second largest face over the first; NaN when not looked for.
    scene_luma: (N, 4, 4) mean luma of the tiles of the whole picture, never NaN.
    """

    sharpness: NDArray[np.float32]
    clipped_share: NDArray[np.float32]
    dark_share: NDArray[np.float32]
    face_luma: NDArray[np.float32]
    light_balance: NDArray[np.float32]
    iris_px: NDArray[np.float32]
    face_height_px: NDArray[np.float32]
    lip_contrast: NDArray[np.float32]
    mouth_difference: NDArray[np.float32]
    bridge_edge: NDArray[np.float32]
    brow_difference: NDArray[np.float32]
    eye_contrast: NDArray[np.float32]
    eye_skin: NDArray[np.float32]
    skin_tone: NDArray[np.float32]
    second_face: NDArray[np.float32]
    scene_luma: NDArray[np.float32]


@dataclass(frozen=True)
class CropStore:
    """Aligned grey face crops of one file, one after the other in a raw file.

    affine: (N, 2, 3) from px of the upright full-size frame to px of the crop; NaN without face
    (such crops are black).
    """

    path: Path
    affine: NDArray[np.float64]
    size_px: int = CROP_SIZE_PX

    def read(self) -> NDArray[np.uint8]:
        """(N, size, size) uint8, mapped from the file, not loaded."""
        return np.memmap(
            self.path,
            dtype=np.uint8,
            mode="r",
            shape=(self.affine.shape[0], self.size_px, self.size_px),
        )


@dataclass(frozen=True)
class ViewObservation:
    """Everything read from one file; N frames at `time_s` (N,), the first at 0.

    landmarks_px: (N, 478, 3), pass_difference_px: (N, 478), presence, yaw_deg, pitch_deg,
    roll_deg: (N,), as in `ViewTrack`; NaN where no face was found (presence 0).
    sampled: whether only some pictures were read (the quick look).
    warnings: sentences for a person about the file itself.
    """

    path: Path
    sha256: str
    media: MediaInfo
    time_s: NDArray[np.float64]
    landmarks_px: NDArray[np.float32]
    pass_difference_px: NDArray[np.float32]
    presence: NDArray[np.float32]
    yaw_deg: NDArray[np.float32]
    pitch_deg: NDArray[np.float32]
    roll_deg: NDArray[np.float32]
    quality: FrameQuality
    crops: CropStore | None
    sampled: bool
    warnings: tuple[str, ...]

    @property
    def n_frames(self) -> int:
        """How many pictures were read."""
        return int(self.time_s.size)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(N,) whether a face was found."""
        return np.asarray(np.isfinite(self.landmarks_px[:, 0, 0]))

    @property
    def width(self) -> int:
        """Width of the upright frame in px."""
        return self.media.width

    @property
    def height(self) -> int:
        """Height of the upright frame in px."""
        return self.media.height

    @property
    def frame_step_s(self) -> float:
        """Usual time between two pictures; 0 for a still."""
        return float(np.median(np.diff(self.time_s))) if self.n_frames > 1 else 0.0
