"""The program of the child process: takes pieces of work from a socket, one after the other.

Only JSON crosses the socket, in both directions: the child decodes files of strangers with native
code, so nothing that it says may be more than data to the worker.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from models.errors import (
    RejectedRecordingError,
    SfpfrError,
    StorageFullError,
    UnusableInputError,
)

Report = Callable[[str, float], None]
Work = Callable[[Mapping[str, Any], Report], Mapping[str, Any]]

# The kernel takes the child, and not the worker or the database, when memory runs out.
_OOM_SCORE = "800"
# The API on the same machine comes first.
_NICENESS = 5
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


def main(arguments: Sequence[str]) -> None:
    """Serve the socket whose descriptor is the first argument; the others are warmed up first."""
    descriptor, *preload = arguments
    # A core dump would hold faces.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")
    socket = Connection(int(descriptor))
    orders = _Orders(socket)
    for name in preload:
        _named(name)()
    while True:
        order = orders.next()
        socket.send_bytes(json.dumps(_answer(order, socket)).encode())


class _Orders:
    """The orders that come in; the end of the stream ends this process and all it started."""

    def __init__(self, socket: Connection) -> None:
        self._socket = socket
        self._waiting: list[Mapping[str, Any]] = []
        self._arrived = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> Mapping[str, Any]:
        with self._arrived:
            self._arrived.wait_for(lambda: self._waiting)
            return self._waiting.pop()

    def _listen(self) -> None:
        try:
            while True:
                order = json.loads(self._socket.recv_bytes())
                with self._arrived:
                    self._waiting.append(order)
                    self._arrived.notify()
        except (EOFError, OSError):
            # The worker is gone, perhaps killed: nobody waits for this any more.
            os.killpg(0, signal.SIGKILL)


def _answer(order: Mapping[str, Any], socket: Connection) -> dict[str, Any]:
    def report(stage: str, share: float) -> None:
        socket.send_bytes(json.dumps({"stage": stage, "share": share}).encode())

    scratch = Path(order["scratch"])
    # Whatever the work writes aside lies where the worker clears up, even after a crash.
    tempfile.tempdir = str(scratch)
    try:
        work: Work = _named(order["work"])
        return {"result": work(order["arguments"], report)}
    except (UnusableInputError, RejectedRecordingError) as error:
        return {"refused": type(error).__name__, **_said(error)}
    except StorageFullError:
        return {"full": True}
    except SfpfrError as error:
        # Something around the input, such as a process that was killed.
        return {"trouble": type(error).__name__, **_said(error)}
    except MemoryError:
        return {"fault": "MemoryError", "place": ""}
    except Exception as error:  # the parent must hear of everything; texts may hold input, so no
        if isinstance(error, OSError) and error.errno in _FULL_DISK:
            return {"full": True}
        return {"fault": type(error).__name__, "place": _place(error)}
    finally:
        tempfile.tempdir = None


def _said(error: SfpfrError) -> dict[str, str]:
    return {"reason": error.message, "next_step": error.next_step}


def _place(error: BaseException) -> str:
    """Where it happened, without the error's text."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _named(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


if __name__ == "__main__":
    main(sys.argv[1:])
