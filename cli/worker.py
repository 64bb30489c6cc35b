"""`sfpfr worker`: takes jobs and works on them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.site import check, opened, read_settings
from models.errors import UnusableInputError

if TYPE_CHECKING:
    from backend.settings import Settings

# A worker says it is alive every few seconds; the database may be busy meanwhile.
SILENCE = timedelta(seconds=45)


def worker(
    queue: Annotated[
        list[str] | None, typer.Option(help="Queue to serve; may be repeated. Default: cpu.")
    ] = None,
    ask_if_alive: Annotated[
        bool,
        typer.Option("--ask-if-alive", help="Only tell whether a worker of this machine lives."),
    ] = False,
) -> None:
    """Work on the jobs of one or more queues until stopped; running jobs are then given back."""
    settings = read_settings()
    if ask_if_alive:
        _ask(settings)
        return
    from backend.jobs.kinds import QUEUES

    queues = queue or [QUEUES[0]]
    if unknown := [name for name in queues if name not in QUEUES]:
        raise UnusableInputError(
            f"There is no queue called {unknown[0]!r}.", f"Choose from {', '.join(QUEUES)}."
        )
    from backend.kit.logs import configure_logs
    from worker.app import run_worker

    check(settings)
    configure_logs()
    run_worker(settings, queues)


def _ask(settings: Settings) -> None:
    import socket

    from backend.operations import repository

    with opened(settings) as database, database.unit_of_work(read_only=True) as session:
        names = repository.workers_seen(session, database.clock.now() - SILENCE)
    # A worker is called after its machine and its process.
    mine = [name for name in names if name.rpartition("-")[0] == socket.gethostname()]
    typer.echo(f"{len(mine)} alive")
    if not mine:
        raise typer.Exit(1)
