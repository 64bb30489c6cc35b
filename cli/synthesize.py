"""The command `sfpfr synthesize`: argument parsing and progress for synthetic patients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def synthesize(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to; created if missing.")],
    subjects: Annotated[int, typer.Option(min=1, help="How many virtual patients.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same patients.")] = 0,
    movements: Annotated[
        str, typer.Option(help="Movements separated by commas; all nine when empty.")
    ] = "",
    repetitions: Annotated[int, typer.Option(min=1, help="Repetitions in each take.")] = 1,
    seconds: Annotated[float, typer.Option(help="Length of a take.")] = 5.0,
    size: Annotated[str, typer.Option(help="Width and height of a frame.")] = "1920x1080",
    palsy_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the patients with a palsy.")
    ] = 0.75,
    off_basis_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share whose geometry leaves the head's basis.")
    ] = 0.5,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; all cores if left out.")] = (
        None
    ),
    stills: Annotated[
        int, typer.Option(min=0, help="Write so many single pictures with truth, and no video.")
    ] = 0,
) -> None:
    """Make virtual patients: three calibrated videos of each movement, with exact truth.

    A take that is already there is kept: a stopped run goes on where it was.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from models.data.synthetic.dataset import Plan, write_stills
    from models.data.synthetic.dataset import synthesize as film
    from models.errors import UnusableInputError
    from models.movements import MOVEMENTS

    width, _, height = size.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise UnusableInputError(f"{size!r} is not a size.", "Write it like 1920x1080.")
    chosen = tuple(name.strip() for name in movements.split(",") if name.strip())
    plan = Plan(
        subjects=subjects,
        seed=seed,
        movements=chosen or tuple(MOVEMENTS),
        repetitions=repetitions,
        seconds=seconds,
        size=(int(width), int(height)),
        palsy_share=palsy_share,
        off_basis_share=off_basis_share,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("pictures" if stills else "takes", total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if stills:
            write_stills(plan, out, stills, progress=report)
        else:
            film(plan, out, jobs=jobs, progress=report)
