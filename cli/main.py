"""The `sfpfr` program: its commands, and how every outcome becomes a message and an exit code."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import traceback
from types import FrameType

import typer
from typer.exceptions import Abort, TyperException

from backend.kit.errors import ServiceError
from backend.kit.errors import StorageFullError as ServiceStorageFullError
from cli.audit import audit
from cli.backup import backup, restore
from cli.bench import bench
from cli.demo import demo
from cli.doctor import doctor
from cli.evaluate import evaluate
from cli.migrate import migrate
from cli.reconstruct import reconstruct
from cli.serve import serve
from cli.synthesize import synthesize
from cli.up import up
from cli.users import users
from cli.worker import worker
from models.errors import RejectedRecordingError, SfpfrError, StorageFullError
from models.movements import NOTICE

UNEXPECTED, UNUSABLE, REJECTED, DISK_FULL, INTERRUPTED = 1, 2, 3, 4, 130
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT)

app = typer.Typer(
    name="sfpfr",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=f"Clinical 3D measurement of facial movement from ordinary cameras.\n\n{NOTICE}",
    epilog="Exit codes: 0 done; 1 unexpected fault; 2 unusable input or arguments; 3 rejected by "
    "quality control; 4 disk full; 130 interrupted.",
)
app.command()(up)
app.command()(demo)
app.command()(reconstruct)
app.command()(synthesize)
app.add_typer(evaluate, name="evaluate")
app.command()(bench)
app.command()(doctor)
app.command()(serve)
app.command()(worker)
app.command()(migrate)
app.add_typer(users, name="users")
app.add_typer(audit, name="audit")
app.command()(backup)
app.command()(restore)


def main() -> None:
    """Entry point of the installed program."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the program with `arguments`; returns the exit code and lets no exception out."""
    signal.signal(signal.SIGTERM, _interrupt)
    as_json = "--json" in arguments
    try:
        return app(arguments, standalone_mode=False) or 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Abort:
        return UNEXPECTED
    except TyperException as error:
        return _tell(error.exit_code, error.format_message(), "See `sfpfr --help`.", as_json)
    except RejectedRecordingError as error:
        return _tell(REJECTED, error.message, error.next_step, as_json)
    except (StorageFullError, ServiceStorageFullError) as error:
        return _tell(DISK_FULL, error.message, error.next_step, as_json)
    except (SfpfrError, ServiceError) as error:
        return _tell(UNUSABLE, error.message, error.next_step, as_json)
    except Exception as error:  # the last place where a traceback can still become a sentence
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            return _tell(DISK_FULL, "The disk is full.", "Free some space and try again.", as_json)
        if os.environ.get("SFPFR_DEBUG"):
            traceback.print_exc()
        return _tell(
            UNEXPECTED,
            f"Something unexpected went wrong ({type(error).__name__}: {error}).",
            "Nothing was written. Set SFPFR_DEBUG=1 to see where, and report it.",
            as_json,
        )


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _tell(code: int, message: str, next_step: str, as_json: bool) -> int:
    if as_json:
        fault = {"exit_code": code, "message": message, "next_step": next_step}
        sys.stdout.write(json.dumps({"error": fault}) + "\n")
    else:
        sys.stderr.write(f"{message}\n{next_step}".rstrip() + "\n")
    return code
