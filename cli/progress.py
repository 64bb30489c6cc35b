"""Progress on the error stream, so that the standard stream stays clean for results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

Report = Callable[[str, float], None]


@contextmanager
def stage_bars() -> Iterator[Report]:
    """A function `report(stage, fraction)` that shows one bar a stage while the block runs."""
    tasks: dict[str, TaskID] = {}
    with _bars() as bars:

        def report(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage.replace("_", " ").capitalize(), total=1.0)
            bars.update(tasks[stage], completed=fraction)

        yield report


@contextmanager
def one_bar(title: str) -> Iterator[Report]:
    """A function `report(what, fraction)` that moves a single bar while the block runs."""
    with _bars() as bars:
        task = bars.add_task(title, total=1.0)

        def report(what: str, fraction: float) -> None:
            bars.update(task, description=what, completed=fraction)

        yield report


def _bars() -> Progress:
    """Bars that are drawn on a terminal only."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
