"""Result folders: written aside, published in one step, and never over somebody else's files."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from models.errors import RejectedRecordingError, UnusableInputError

QC_FILE = "qc.json"
MARKS = ("reconstruction.json", QC_FILE, "takes.json")
OWN_FILES = re.compile(
    r"reconstruction\.json|subject\.json|qc\.json|takes\.json|measures\.csv|preview\.png"
    r"|meshes\.(npz|sfm|glb)|overlay_(left|center|right)\.(mp4|png)|[a-z0-9_]+\.sfm"
)


@contextmanager
def published(out: Path) -> Iterator[Path]:
    """A folder beside `out` to write into; it becomes `out` when the block ends well.

    When the block raises, nothing is left, and `out` stays as it was. A rejection publishes
    `qc.json` alone where it was written. Raises UnusableInputError, before the block runs, when
    `out` holds anything but an earlier result.
    """
    out = Path.cwd() / out
    _clear_after_crash(out)
    _refuse_foreign(out)
    made = _make_parents(out)
    aside = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        aside.mkdir()
        yield aside
    except RejectedRecordingError:
        if (aside / QC_FILE).is_file():
            _keep_only_qc(aside)
            _publish(aside, out)
        else:
            _remove(aside, made)
        raise
    except BaseException:
        _remove(aside, made)
        raise
    _publish(aside, out)


def _clear_after_crash(out: Path) -> None:
    """Remove what a run that was killed, and could not clean up, left beside `out`."""
    for left in out.parent.glob(f".{escape(out.name)}.*.partial"):
        if not _runs(left):
            shutil.rmtree(left)
    for left in out.parent.glob(f".{escape(out.name)}.*.previous"):
        if _runs(left):
            continue
        if out.exists():
            shutil.rmtree(left)
        else:
            left.rename(out)


def _runs(left: Path) -> bool:
    import psutil

    process = left.name.split(".")[-2]
    return not process.isdigit() or bool(psutil.pid_exists(int(process)))


def _refuse_foreign(out: Path) -> None:
    if not out.exists() and not out.is_symlink():
        return
    next_step = "Choose another folder for --out, or empty this one."
    if not out.is_dir() or out.is_symlink():
        raise UnusableInputError(f"{out} exists and is not a folder.", next_step)
    names = [entry.name for entry in out.iterdir()]
    foreign = [name for name in names if not OWN_FILES.fullmatch(name)]
    if foreign:
        raise UnusableInputError(f"{out} holds other files, such as {foreign[0]}.", next_step)
    if names and not any(mark in names for mark in MARKS):
        raise UnusableInputError(f"{out} is not empty and not an earlier result.", next_step)


def _make_parents(out: Path) -> list[Path]:
    missing = [parent for parent in out.parents if not parent.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise UnusableInputError(
            f"The folder {out.parent} cannot be made: {error.strerror}.",
            "Choose another place for --out.",
        ) from error
    return missing


def _remove(aside: Path, made: list[Path]) -> None:
    shutil.rmtree(aside, ignore_errors=True)
    for parent in made:
        parent.rmdir()


def _keep_only_qc(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != QC_FILE:
            entry.unlink()


def _publish(aside: Path, out: Path) -> None:
    if not out.exists():
        aside.rename(out)
        return
    previous = out.with_name(f".{out.name}.{os.getpid()}.previous")
    out.rename(previous)
    aside.rename(out)
    shutil.rmtree(previous)
