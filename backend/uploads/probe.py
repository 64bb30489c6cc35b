"""The child process that looks into a new file; the service starts it and never imports it.

Run as `backend.uploads.probe KIND FILE SECONDS` inside `backend.kit.sandbox`; it answers one line
of JSON: what the file is, or why it is refused.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend.uploads.disguise import refuse_disguises
from models.calibration import read_calibration
from models.capture.media import MediaInfo, open_container, probe
from models.capture.still import is_still, read_still
from models.errors import SfpfrError, VideoError

_PHOTOGRAPHS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PN": "image/png"}
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
    # What the file says of itself is often wrong (browsers write 1000): the pictures are counted.
    if info.fps > _MAX_FPS:
        raise VideoError(
            f"The video has {info.fps:.0f} frames a second.",
            f"Record with {_MAX_FPS:.0f} or fewer.",
        )
    if info.truncated_s > 0:
        raise VideoError(
            f"The last {info.truncated_s:.1f} seconds of the video are missing.",
            "Copy the file again from the camera.",
        )
    return info


def is_calibration(path: Path) -> str:
    """The media type of a calibration file; raises SfpfrError when it is not one."""
    read_calibration(path)
    return "application/json"


def is_scan(path: Path) -> str:
    """The media type of a scanned paper: a PDF or a photograph; raises VideoError."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"%PDF-"):
        return "application/pdf"
    media_type = _PHOTOGRAPHS.get(start[:3])
    if media_type is None:
        raise VideoError("The scan is neither a PDF nor a photograph.", "Scan it as PDF.")
    refuse_disguises(path)
    probe(path)
    read_still(path)
    return media_type


def _answer(kind: str, path: Path, max_duration_s: float) -> dict[str, Any]:
    try:
        if kind == "view":
            return {"view": asdict(look_into(path, max_duration_s))}
        return {"media_type": is_calibration(path) if kind == "calibration" else is_scan(path)}
    except SfpfrError as error:
        # Where the file lies for the moment is nobody's business.
        message = error.message.replace(f" {path}", "")
        return {"refused": {"message": message, "next_step": error.next_step}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_answer(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))))
