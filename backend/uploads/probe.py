"""The child process that looks into a new file; the service starts it and never imports it.

Run as `backend.uploads.probe FILE LIMITS` inside `backend.kit.sandbox`; it answers one line of
JSON: what the file is, or why it is refused.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend.uploads.disguise import refuse_disguises
from models.capture.media import MediaInfo, open_container, probe
from models.capture.still import is_still, read_still
from models.errors import SfpfrError, VideoError

_MAX_STREAMS = 16
_MAX_FPS = 480.0
_NEXT = "Export or record it again as MP4 (H.264) and try once more."


def look_into(path: Path, max_duration_s: float) -> MediaInfo:
    """What the file is, read as far as it must be; raises VideoError with the reason to refuse."""
    refuse_disguises(path)
    if is_still(path):
        info = probe(path)
        # A photograph is small enough to be decoded, which finds damage anywhere in it.
        read_still(path)
        return info
    with open_container(path) as container:
        if len(container.streams) > _MAX_STREAMS:
            raise VideoError(f"The file holds {len(container.streams)} streams.", _NEXT)
    info = probe(path)
    if info.duration_s > max_duration_s:
        raise VideoError(
            f"The video is {info.duration_s / 60:.0f} minutes long.",
            f"Cut it to less than {max_duration_s / 60:.0f} minutes.",
        )
    if max(info.fps, info.fps_nominal) > _MAX_FPS:
        raise VideoError(
            f"The video has {max(info.fps, info.fps_nominal):.0f} frames a second.",
            f"Record with {_MAX_FPS:.0f} or fewer.",
        )
    if info.truncated_s > 0:
        raise VideoError(
            f"The last {info.truncated_s:.1f} seconds of the video are missing.",
            "Copy the file again from the camera.",
        )
    return info


def _answer(arguments: list[str]) -> dict[str, Any]:
    path, limits = Path(arguments[0]), json.loads(arguments[1])
    try:
        return {"info": asdict(look_into(path, limits["max_duration_s"]))}
    except SfpfrError as error:
        return {"refused": {"message": error.message, "next_step": error.next_step}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_answer(sys.argv[1:])))
