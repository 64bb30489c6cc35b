"""Pieces of work that behave well or badly; run in a real child process by the tests beside."""

import ctypes
import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from models.errors import SfpfrError, StorageFullError, UnusableInputError


def echo(arguments, report):
    report("reading", 0.5)
    report("reading", 1.0)
    return {"pid": os.getpid(), **arguments}


def refuse(arguments, report):
    raise UnusableInputError("The file is empty.", "Copy it again.")


def trouble(arguments, report):
    raise SfpfrError("A reader of the video was ended.", "Try again.")


def full_disk(arguments, report):
    raise StorageFullError("The disk is full.", "Free some space and try again.")


def no_space_left(arguments, report):
    raise OSError(errno.ENOSPC, "No space left on device")


def bus_error(arguments, report):
    """What a full disk does to who writes to a mapped file."""
    os.kill(os.getpid(), signal.SIGBUS)
    return {}


def fault(arguments, report):
    raise ValueError(f"name of the patient: {arguments['secret']}")


def segfault(arguments, report):
    ctypes.string_at(0)
    return {}


def killed(arguments, report):
    os.kill(os.getpid(), 9)
    return {}


def hang(arguments, report):
    """Also starts a process of its own, as reading several videos does."""
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    report(f"{os.getpid()} {helper.pid}", 0.0)
    time.sleep(600)
    return {}


def grow(arguments, report):
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1 << 16)) * 256)
        time.sleep(0.01)


def leave_a_file(arguments, report):
    _, name = tempfile.mkstemp()
    return {"name": name}


def environment(arguments, report):
    descriptors = [
        str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()
    ]
    return {"names": sorted(os.environ), "files": [d for d in descriptors if d.startswith("/")]}
