"""`sfpfr audit`: checks of the audit log."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from cli.site import opened, read_settings

audit = typer.Typer(help="The log of who did and saw what.", no_args_is_help=True)


@audit.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print the finding as JSON.")] = False,
) -> None:
    """Walk the whole log and compare it with its signed head; exit code 1 when it was changed."""
    from backend.audit.service import verify as verify_log

    settings = read_settings()
    with opened(settings) as database, database.unit_of_work(read_only=True) as session:
        found = verify_log(session, settings.audit_head, database.keys)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    elif found.fault is None:
        typer.echo(f"The log is whole: {found.entries} entries.")
    else:
        typer.echo(f"{found.fault}\nKeep the machine as it is, and compare with the last backup.")
    if found.fault is not None:
        raise typer.Exit(1)
