"""Looking into a new file before it leaves quarantine: starts the limited child, reads its word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.kit.sandbox import ChildFailedError, Limits, run
from backend.uploads.errors import FileRefusedError

_LIMITS = Limits(memory_bytes=3 * 2**30, cpu_s=60, wall_s=120.0)


class MediaFacts(BaseModel):
    """What a file is: pixels upright, seconds, frames a second of a playing clock."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["still", "video"]
    container: str
    codec: str
    width: int
    height: int
    n_frames: int
    duration_s: float
    fps: float
    dropped_frames: int
    has_audio: bool


def inspect(path: Path, *, max_duration_s: float) -> MediaFacts:
    """What the file is; raises FileRefusedError with the reason, also when the child is ended."""
    try:
        answer = json.loads(
            run(
                "backend.uploads.probe",
                [str(path), json.dumps({"max_duration_s": max_duration_s})],
                _LIMITS,
            )
        )
        if "refused" in answer:
            raise FileRefusedError(answer["refused"]["message"], answer["refused"]["next_step"])
        return MediaFacts.model_validate(answer["info"])
    except ChildFailedError as error:
        raise FileRefusedError("Looking into the file " + error.how + ".") from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise FileRefusedError("Looking into the file gave no sensible answer.") from error
