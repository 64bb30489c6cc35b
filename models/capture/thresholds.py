"""Limits of quality control: data that a site can edit; what they are compared with is in qc."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from models.assets import FOLDER
from models.errors import UnusableInputError

Level = Literal["ok", "warning", "reject"]

DEFAULT_PATH = FOLDER / "capture" / "quality_thresholds.json"


class Limit(BaseModel):
    """Where a value becomes a warning or a rejection; null means never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    warn: float | None
    reject: float | None
    worse: Literal["above", "below"]

    def level(self, value: float) -> tuple[Level, float | None]:
        """The level of `value`, and the limit that it passed (None when it is ok)."""
        sign = 1.0 if self.worse == "above" else -1.0
        for level, limit in (("reject", self.reject), ("warning", self.warn)):
            if limit is not None and sign * value > sign * limit:
                return level, limit  # type: ignore[return-value]
        return "ok", None


class Thresholds(BaseModel):
    """All limits of quality control (`clinical.md`, "Quality control").

    Shares are of frames or of pixels, 0 to 1; light_ratio compares the halves of the face;
    `second_face_height` is relative to the patient's; `view_disagreement` is in units of the
    landmarks' own error; `brow_difference` is between the landmark network's two passes, in face
    heights. The last seven say when a part counts as covered. A mouth: the two passes differ at
    the lips by more than `mouth_difference` face heights; or by more than
    `changed_mouth_difference` while the brightness of the skin around the mouth is changed by
    more than `lower_face_change` (natural logarithm); or the lips are not red (log R/G against
    the upper face). An eye: the range of log brightness across it is below `eye_contrast`, while
    the skin around it is changed by more than `eye_skin_change`, or is darker than the lower face
    by more than `eye_skin_darker`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    face_missing_share: Limit
    iris_px: Limit
    front_yaw_deg: Limit
    side_yaw_least_deg: Limit
    side_yaw_most_deg: Limit
    roll_deg: Limit
    pitch_deg: Limit
    frames_per_s: Limit
    sync_residual_frames: Limit
    sync_confidence: Limit
    scale_disagreement: Limit
    reprojection_share: Limit
    view_disagreement: Limit
    second_face_height: Limit
    mouth_covered_share: Limit
    eye_covered_share: Limit
    brow_difference: Limit
    sharpness: Limit
    clipped_share: Limit
    dark_share: Limit
    face_luma_least: Limit
    light_ratio: Limit
    bridge_edge: Limit
    mouth_difference: float
    changed_mouth_difference: float
    lower_face_change: float
    covered_lip_contrast: float
    eye_contrast: float
    eye_skin_change: float
    eye_skin_darker: float


def read_thresholds(path: Path) -> Thresholds:
    """Read a site's thresholds; raises UnusableInputError with the place of the first fault."""
    try:
        return Thresholds.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UnusableInputError(
            "The file with the quality thresholds can't be read.", "Check its path."
        ) from error
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise UnusableInputError(
            f"The quality thresholds are wrong at {place}: {fault['msg']}.",
            "Correct the file after the example of the shipped one.",
        ) from error


@cache
def default_thresholds() -> Thresholds:
    """The thresholds that come with the program."""
    return read_thresholds(DEFAULT_PATH)
