"""`sfpfr reconstruct`: from one to three files to meshes, measures and a verdict in one folder."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.output import published
from cli.progress import stage_bars
from cli.summary import tell_result
from models.errors import UnusableInputError
from models.movements import MOVEMENTS, VIEWS, AffectedSide, View
from models.request import (
    LabelledFile,
    ReconstructionRequest,
    known_movement,
    read_corrections,
    read_takes,
)
from models.request import known_distance as checked_distance

PLAUSIBLE_IRIS_MM = (8.0, 15.0)
PLAUSIBLE_AGE_YEARS = (0.0, 120.0)
MAX_OFFSET_S = 600.0


def reconstruct(
    out: Annotated[Path, typer.Option(help="Folder for the result; made in one step.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="One to three videos or still images; the views are told by yaw."),
    ] = None,
    left: Annotated[Path | None, typer.Option(help="Camera on the patient's left.")] = None,
    center: Annotated[Path | None, typer.Option(help="Camera in front.")] = None,
    right: Annotated[Path | None, typer.Option(help="Camera on the patient's right.")] = None,
    movement: Annotated[
        str | None, typer.Option(help=f"The recording's movement: {', '.join(MOVEMENTS)}.")
    ] = None,
    takes: Annotated[
        Path | None, typer.Option(help="File that cuts the recording into takes.")
    ] = None,
    propose_takes: Annotated[
        bool,
        typer.Option(
            "--propose-takes", help="Cut a long recording into takes, and write them as takes.json."
        ),
    ] = False,
    affected_side: Annotated[
        AffectedSide | None, typer.Option(help="The patient's affected side.")
    ] = None,
    calibration: Annotated[Path | None, typer.Option(help="File of calibrated cameras.")] = None,
    iris_mm: Annotated[
        float | None, typer.Option(help="Measured iris width, white to white.")
    ] = None,
    known_distance: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=MM", help="A distance measured on the patient."),
    ] = None,
    age: Annotated[
        float | None, typer.Option(metavar="YEARS", help="Age; decides the usual iris width.")
    ] = None,
    subject: Annotated[
        Path | None, typer.Option(help="subject.json of an earlier run: the same person.")
    ] = None,
    corrections: Annotated[
        Path | None, typer.Option(help="A reviewer's excluded frames, rest and landmarks.")
    ] = None,
    offset: Annotated[
        list[str] | None,
        typer.Option(metavar="VIEW=SECONDS", help="Seconds to add to a view's clock."),
    ] = None,
    head_model: Annotated[
        Path | None, typer.Option(help="A head model in FLAME layout instead of the open one.")
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        typer.Option(help="Where to compute; the fit needs the CPU only."),
    ] = "auto",
    force: Annotated[
        bool,
        typer.Option("--force", help="Go on where quality control rejects; numbers are marked."),
    ] = False,
    overlay: Annotated[bool, typer.Option(help="Also write overlay videos.")] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print reconstruction.json instead of a summary.")
    ] = False,
) -> None:
    """Reconstruct a face from one to three videos or still images."""
    # Imported here, so that `sfpfr --help` answers at once.
    from models.calibration import read_calibration
    from models.subject import read_subject

    if movement is not None and takes is not None:
        raise UnusableInputError(
            "--movement and --takes cannot go together.", "The takes file names the movements."
        )
    if propose_takes and (movement is not None or takes is not None):
        raise UnusableInputError(
            "--propose-takes cannot go together with --movement or --takes.",
            "Leave it out where the takes are known.",
        )
    if device == "cuda":
        raise UnusableInputError(
            "Nothing in the fit uses a GPU yet.", "Leave out --device, or give auto or cpu."
        )
    distances = [_assignment(text, "--known-distance NAME=MM") for text in known_distance or []]
    request = ReconstructionRequest(
        files=_labelled(files or [], {"left": left, "center": center, "right": right}),
        takes=None if takes is None else read_takes(takes),
        movement=None if movement is None else known_movement(movement),
        affected_side=affected_side,
        calibration=calibration,
        iris_mm=_within(iris_mm, PLAUSIBLE_IRIS_MM, "--iris-mm", "millimetres"),
        subject=subject,
        corrections=corrections,
        offsets_s=dict(_offset(text) for text in offset or []),
        known_distances_mm=dict(checked_distance(name, value) for name, value in distances),
        age_years=_within(age, PLAUSIBLE_AGE_YEARS, "--age", "years"),
        head_model=None if head_model is None else _existing(head_model),
        device=device,
        force=force,
        overlay=overlay,
        propose_takes=propose_takes,
    )
    # Small files are read before the long work begins, so that a slip in them costs nothing.
    if calibration is not None:
        read_calibration(calibration)
    if corrections is not None:
        read_corrections(corrections)
    if subject is not None:
        read_subject(subject)
    with published(out) as folder:
        # Brings torch: only now.
        from models.pipeline import reconstruct as run_pipeline

        with stage_bars() as report:
            result = run_pipeline(request, folder, report)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        tell_result(out)


def _labelled(files: list[Path], by_label: dict[View, Path | None]) -> tuple[LabelledFile, ...]:
    chosen = [LabelledFile(_existing(path)) for path in files] + [
        LabelledFile(_existing(path), label) for label, path in by_label.items() if path is not None
    ]
    if not 1 <= len(chosen) <= len(VIEWS):
        raise UnusableInputError(
            f"{len(chosen)} files were given.",
            "Give one to three: `sfpfr reconstruct --center FRONT.mp4 --out RESULT`.",
        )
    if len({file.path.resolve() for file in chosen}) < len(chosen):
        raise UnusableInputError("The same file was given twice.", "Give each view its own file.")
    return tuple(chosen)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UnusableInputError(f"There is no file {path}.", "Check the path.")
    return path


def _assignment(text: str, form: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not (name and equals and math.isfinite(value)):
        raise UnusableInputError(f"{text!r} was not understood.", f"Write it as {form}.")
    return name, value


def _offset(text: str) -> tuple[str, float]:
    view, seconds = _assignment(text, "--offset VIEW=SECONDS, such as left=-0.25")
    if view not in VIEWS:
        raise UnusableInputError(
            f"There is no view {view!r}.", f"Choose one of: {', '.join(VIEWS)}."
        )
    _within(seconds, (-MAX_OFFSET_S, MAX_OFFSET_S), "--offset", "seconds")
    return view, seconds


def _within(
    value: float | None, bounds: tuple[float, float], option: str, unit: str
) -> float | None:
    if value is not None and not bounds[0] <= value <= bounds[1]:
        raise UnusableInputError(
            f"{option} {value:g} is not believable.",
            f"Give {unit} between {bounds[0]:g} and {bounds[1]:g}.",
        )
    return value
