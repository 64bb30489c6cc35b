"""`sfpfr demo`: a virtual patient, really filmed and really reconstructed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.reconstruct import reconstruct
from cli.recording import synthetic_recording


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the recording and the result.")] = Path(
        "out/demo"
    ),
) -> None:
    """Film a virtual patient with three cameras, reconstruct the smile, and say where to look."""
    recording = synthetic_recording(out / "recording", seconds=5.0)
    reconstruct(
        out / "result",
        left=recording.folder / "left.mp4",
        center=recording.folder / "center.mp4",
        right=recording.folder / "right.mp4",
        movement="full_smile",
        affected_side="left" if recording.affected_side == "left" else "right",
        calibration=recording.calibration,
    )
    preview = (out / "result" / "preview.png").resolve()
    typer.echo(
        f"\nOpen {preview} first, then the overlay videos beside it.\n"
        "Your own videos: sfpfr reconstruct --center FRONT.mp4 --movement full_smile --out RESULT"
    )
