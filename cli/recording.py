"""One synthetic three-camera recording, for commands that need something to work on."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import typer

# Not used by any calibration or evaluation: those have seeds of their own.
SEED = 5


@dataclass(frozen=True)
class SyntheticRecording:
    """A filmed take: the folder of its three videos, their cameras, and the affected side."""

    folder: Path
    calibration: Path
    affected_side: str


def synthetic_recording(
    out: Path, *, movement: str = "full_smile", seconds: float, repetitions: int = 1
) -> SyntheticRecording:
    """Film one virtual patient with a palsy in `out`; what is there already stays.

    The videos are `left.mp4`, `center.mp4` and `right.mp4`, 1080p at 30 frames a second.
    """
    # Imported here, so that `sfpfr --help` answers at once.
    from models.data.synthetic.dataset import Plan, session_folder, synthesize

    plan = Plan(
        subjects=1,
        seed=SEED,
        movements=(movement,),
        seconds=seconds,
        repetitions=repetitions,
        palsy_share=1.0,
        off_basis_share=0.0,
    )
    typer.echo(f"Filming a virtual patient for {seconds:g} s with three cameras ...", err=True)
    synthesize(plan, out)
    session = session_folder(plan, out, 0)
    with (out / "subjects.csv").open(encoding="utf-8", newline="") as stream:
        side = next(csv.DictReader(stream))["affected_side"]
    return SyntheticRecording(session / movement, session / "calibration.json", side)
