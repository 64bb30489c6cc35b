"""A warm child process that does one piece of work at a time under limits; knows no jobs.

Native code that crashes, grows or hangs ends a child and not the worker. The child is started
ahead of the work, so that nothing waits for imports, is used again while all goes well, and is
replaced after a failure and after `max_runs` pieces of work. It belongs to a process group of its
own with whatever it starts, and gets none of the worker's secrets: no environment beyond a list,
no descriptors but its socket.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from worker.errors import ChildError, RefusedWorkError

Progress = Callable[[str, float], None]
StopReason = Callable[[], str | None]

_POLL_S = 0.1
_WATCH_EVERY_S = 0.5
_GRACE_S = 2.0
_KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_KEPT_PREFIXES = ("LC_", "PYTHON", "OMP_", "OPENBLAS_", "MKL_", "NUMBA_", "CUDA_", "NVIDIA_")
_SMALLER = "Split the recording into shorter ones, or give the worker more."


@dataclass(frozen=True)
class Limits:
    """What one piece of work may use: seconds of wall clock, MiB of private memory."""

    wall_s: float
    memory_mib: float


class WarmChild:
    """One child process; `run` is for one thread at a time.

    preload: names `module:function`, called without arguments when a child starts.
    """

    def __init__(self, preload: Sequence[str] = (), *, max_runs: int = 20) -> None:
        self._preload = tuple(preload)
        self._max_runs = max_runs
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: Connection | None = None
        self._runs = 0

    @property
    def pid(self) -> int | None:
        """Process id of the child there is now."""
        return None if self._process is None else self._process.pid

    def warm_up(self) -> None:
        """Start a child when there is none; returns at once."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        here, there = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "worker.child_main", str(there.fileno()), *self._preload],
            pass_fds=(there.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # Decoders write what they find in a file to the error stream.
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=_environment(),
        )
        there.close()
        self._socket = Connection(here.detach())
        self._runs = 0

    def run(
        self,
        work: str,
        arguments: Mapping[str, Any],
        *,
        scratch: Path,
        limits: Limits,
        progress: Progress = lambda _stage, _share: None,
        stop: StopReason = lambda: None,
    ) -> Mapping[str, Any]:
        """Call `work` (`module:function`) in the child; returns its JSON object.

        The function gets `arguments` and a `report(stage, share)` that ends up in `progress`, in
        this thread. `stop` is asked ten times a second: a text ends the work with that reason.
        `scratch` takes the temporary files. Raises ChildError, and RefusedWorkError where the
        science refuses the input. What `progress` raises ends the work as well.
        """
        self.warm_up()
        assert self._process is not None
        watch = _Watch(self._process.pid, limits)
        done = False
        try:
            self._send({"work": work, "arguments": arguments, "scratch": str(scratch)})
            while True:
                message = self._received()
                if message is not None:
                    if "stage" in message:
                        progress(str(message["stage"]), float(message["share"]))
                    else:
                        done = True
                        return _outcome(message)
                reason = stop()
                if reason is not None:
                    raise ChildError("stopped", reason)
                watch.check()
        finally:
            self._runs += 1
            if not done or self._runs >= self._max_runs:
                self.close()
                self.warm_up()

    def close(self) -> None:
        """End the child and everything it started; first asked, then killed."""
        if self._process is None:
            return
        if self._socket is not None:
            # The end of the stream kills the child's group from within; below is for a hung one.
            self._socket.close()
        _end_group(self._process)
        self._process = self._socket = None

    def _send(self, order: Mapping[str, Any]) -> None:
        assert self._socket is not None
        try:
            self._socket.send_bytes(json.dumps(order).encode())
        except OSError as error:
            raise self._death() from error

    def _received(self) -> Mapping[str, Any] | None:
        """The next message; None when there is none for a moment."""
        assert self._socket is not None
        try:
            if not self._socket.poll(_POLL_S):
                return None
            message: Mapping[str, Any] = json.loads(self._socket.recv_bytes())
        except (EOFError, OSError) as error:
            raise self._death() from error
        return message

    def _death(self) -> ChildError:
        """Why the child ended by itself."""
        assert self._process is not None
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return ChildError("crash", "The computation closed its connection without a result.")
        if code == -signal.SIGKILL:
            return ChildError(
                "memory",
                "The computation was killed by the system, most likely for lack of memory.",
                _SMALLER,
            )
        if code == -signal.SIGBUS:
            # What was written to a mapped file found no room behind it.
            return _no_room()
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ChildError(
            "crash",
            f"The computation crashed ({name}).",
            "It is tried again by itself. If it keeps crashing, export the video anew.",
        )


class _Watch:
    """Time and memory of one piece of work."""

    def __init__(self, group: int, limits: Limits) -> None:
        self._group = group
        self._limits = limits
        self._began_s = self._watched_s = time.monotonic()

    def check(self) -> None:
        now_s = time.monotonic()
        if now_s - self._began_s > self._limits.wall_s:
            raise ChildError(
                "time",
                f"The computation took longer than {self._limits.wall_s:.0f} seconds.",
                _SMALLER,
            )
        if now_s - self._watched_s < _WATCH_EVERY_S:
            return
        self._watched_s = now_s
        used_mib = group_memory_mib(self._group)
        if used_mib > self._limits.memory_mib:
            raise ChildError(
                "memory",
                f"The computation needed more than {self._limits.memory_mib:.0f} MiB of memory.",
                _SMALLER,
            )


def group_memory_mib(leader: int) -> float:
    """Private memory in MiB of a process and its descendants; 0 when it is gone."""
    total = 0
    try:
        parent = psutil.Process(leader)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for process in family:
        try:
            memory = process.memory_info()
        except psutil.Error:
            continue
        # Pages of libraries and mapped files are not what a leak grows.
        total += memory.rss - getattr(memory, "shared", 0)
    return float(total / 2**20)


def _outcome(message: Mapping[str, Any]) -> Mapping[str, Any]:
    if "refused" in message:
        raise RefusedWorkError(message["refused"], message["reason"], message["next_step"])
    if "full" in message:
        raise _no_room()
    if "trouble" in message:
        raise ChildError("trouble", message["reason"], message["next_step"])
    if message.get("fault") == "MemoryError":
        raise ChildError("memory", "The computation ran out of memory.", _SMALLER)
    if "fault" in message:
        raise ChildError(
            "fault",
            f"Something unexpected went wrong ({message['fault']} at {message['place']}).",
            "It is tried again by itself. If it stays, report it with this text.",
        )
    result: Mapping[str, Any] = message["result"]
    return result


def _no_room() -> ChildError:
    return ChildError(
        "room", "There is no room left on the disk.", "Ask an administrator to free space."
    )


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        # Before the leader is reaped, so that its number can't belong to anybody else.
        _signal_group(process.pid, number)
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            continue
        break
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT_ENVIRONMENT or name.startswith(_KEPT_PREFIXES)
    }
