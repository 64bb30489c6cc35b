"""Looking into a new file before it leaves quarantine: starts the limited child, reads its word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.db.models import UploadKind
from backend.kit.sandbox import ChildFailedError, Limits, run
from backend.uploads.errors import FileRefusedError

_LIMITS = Limits(memory_bytes=3 * 2**30, cpu_s=60, wall_s=120.0)
_VIDEO_TYPES = {"mov": "video/mp4", "matroska": "video/x-matroska", "avi": "video/x-msvideo"}


class MediaFacts(BaseModel):
    """What a view is: pixels upright, seconds, frames a second of a playing clock."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["still", "video"]
    container: str
    codec: str
    width: int
    height: int
    n_frames: int
    duration_s: float
    fps: float

    @property
    def media_type(self) -> str:
        """Of the file as it came; browsers are served a video made from it."""
        if self.kind == "still":
            return f"image/{self.container}"
        return _VIDEO_TYPES.get(self.container, "application/octet-stream")


def inspect_view(path: Path, *, max_duration_s: float) -> MediaFacts:
    """What the file is; raises FileRefusedError with the reason, also when the child is ended."""
    answer = _ask(UploadKind.VIEW, path, max_duration_s)
    try:
        return MediaFacts.model_validate(answer["view"])
    except (KeyError, ValidationError) as error:
        raise _nonsense() from error


def inspect_paper(kind: UploadKind, path: Path) -> str:
    """The media type of a calibration or scan; raises FileRefusedError with the reason."""
    answer = _ask(kind, path, 0.0)
    if answer.get("media_type") not in {
        "application/json",
        "application/pdf",
        "image/jpeg",
        "image/png",
    }:
        raise _nonsense()
    return str(answer["media_type"])


def _ask(kind: UploadKind, path: Path, max_duration_s: float) -> dict[str, Any]:
    """The answer of the child, which is as little trusted as the file that it read."""
    try:
        answer = json.loads(
            run("backend.uploads.probe", [kind.value, str(path), str(max_duration_s)], _LIMITS)
        )
        if "refused" in answer:
            message, next_step = answer["refused"]["message"], answer["refused"]["next_step"]
            raise FileRefusedError(str(message)[:500], str(next_step)[:500])
        return dict(answer)
    except ChildFailedError as error:
        raise FileRefusedError(f"Looking into the file {error.how}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _nonsense() from error


def _nonsense() -> FileRefusedError:
    return FileRefusedError("Looking into the file gave no sensible answer.")
