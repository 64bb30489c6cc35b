"""Private folders for one piece of work each, and what is read into them; gone when it is done."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from backend.kit.storage.blobs import BlobRef, Storage

_FOLDER = "scratch"
# Several machines may share the folder; a machine's name becomes a word without a hyphen.
_OWNER = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]


@contextmanager
def private_folder(data_dir: Path) -> Iterator[Path]:
    """An empty folder that only this user may enter; it and all in it is gone afterwards."""
    parent = _parent(data_dir)
    folder = Path(tempfile.mkdtemp(prefix=f"{_OWNER}-{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def clear_after_crash(data_dir: Path) -> None:
    """Remove the folders of workers on this machine that were killed."""
    for folder in _parent(data_dir).iterdir():
        host, process, _ = folder.name.split("-", 2)
        if host == _OWNER and not psutil.pid_exists(int(process)):
            shutil.rmtree(folder)


def fetch(storage: Storage, blob: BlobRef, path: Path) -> Path:
    """Decrypt a blob into a new file; raises OSError and the storage's errors."""
    with path.open("xb") as file:
        for part in storage.stream(blob):
            file.write(part)
    return path


def _parent(data_dir: Path) -> Path:
    parent = data_dir / _FOLDER
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return parent
