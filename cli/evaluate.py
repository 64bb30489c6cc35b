"""`sfpfr evaluate`: how far results are from the truth, on synthetic patients and on scans."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from cli.progress import one_bar

evaluate = typer.Typer(no_args_is_help=True, help="Compare results with the truth.")


@evaluate.command()
def synthetic(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `sfpfr synthesize` made.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures here.")
    ] = None,
    subset: Annotated[
        str | None, typer.Option(help="A fixed part, such as 2x3: subjects x movements.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Takes at a time; all cores if left out.")
    ] = (None),
) -> None:
    """Reconstruct every synthetic take and print the table; an interrupted run goes on."""
    from models.evaluation.synthetic import evaluate_synthetic
    from models.evaluation.table import markdown

    with one_bar("Takes") as report:
        figures = evaluate_synthetic(
            folder,
            json_path=json_file,
            subset=subset,
            jobs=jobs or os.cpu_count() or 1,
            progress=report,
        )
    typer.echo(markdown(figures))


@evaluate.command()
def mesh(
    pred: Annotated[
        Path, typer.Option(help="A reconstructed mesh, or a folder of them: OBJ, PLY, STL, NPZ.")
    ],
    truth: Annotated[Path, typer.Option(help="The scan, in millimetres.")],
    landmarks: Annotated[
        Path | None, typer.Option(help="Seven landmarks of scan and meshes; see docs/files.md.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures here.")
    ] = None,
) -> None:
    """Measure the distance from meshes to a scan of the same face."""
    from models.evaluation.mesh import evaluate_meshes, markdown

    rows = evaluate_meshes(pred, truth, landmarks)
    if json_file is not None:
        json_file.write_text(json.dumps([row.as_dict() for row in rows], indent=2) + "\n")
    typer.echo(markdown(rows))
