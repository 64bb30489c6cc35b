"""`sfpfr backup` and `sfpfr restore`: the whole service in one file, and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.migrate import prepare
from cli.progress import stage_bars
from cli.site import opened, read_settings
from models.errors import UnusableInputError

if TYPE_CHECKING:
    from backend.operations.archive import Place, Summary
    from backend.settings import Settings


def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
) -> None:
    """Save database, stored files and audit head; the service may go on running.

    The keys are not in it: keep a copy of the key file in another place.
    """
    from backend.operations.archive import write_archive

    settings = read_settings()
    with _place(settings) as place, stage_bars() as report:
        summary = write_archive(place, target, report)
    _tell("Saved", summary)
    typer.echo(f"It opens with the keys of {settings.keys} alone. Keep a copy of them elsewhere.")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file made by `sfpfr backup`.")],
) -> None:
    """Bring a backup back into an empty place; put the site's key file there first."""
    from backend.operations.archive import restore_archive

    settings = read_settings()
    if not settings.keys.exists():
        raise UnusableInputError(
            f"There is no key file {settings.keys}.",
            "Put the keys of the site that made the backup there, or name them in SFPFR_KEY_FILE.",
        )
    prepare(settings)
    with _place(settings) as place, stage_bars() as report:
        summary = restore_archive(place, source, report)
    _tell("Brought back", summary)


@contextmanager
def _place(settings: Settings) -> Iterator[Place]:
    from backend.operations.archive import Place
    from backend.site import open_objects

    with opened(settings) as database:
        yield Place(database, open_objects(settings), settings.audit_head)


def _tell(done: str, summary: Summary) -> None:
    typer.echo(
        f"{done}: {summary.rows} rows and {summary.objects} files "
        f"({summary.bytes / 2**20:.1f} MiB), as of {summary.made_at}."
    )
