"""Keeps a few programs running together: starts them, restarts what dies, stops them all.

What the programs are is not known here. Each runs in a process group of its own, so that a Ctrl-C
reaches the supervisor alone, which then stops them in an orderly way; each is on a leash
(`cli.leash`), so that none outlives a supervisor that is killed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from models.errors import SfpfrError

LOOK_EVERY_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_AFTER_S = 60.0
LOG_BYTES, LOGS_KEPT = 10 * 2**20, 4
START_FAILURES = 3


class StartError(SfpfrError):
    """A program that is needed does not start."""


@dataclass(frozen=True)
class Part:
    """One program. `answers` tells whether it is ready; `stop_s` is how long it may take to stop.

    A part that is not `kept` runs once, when the others are ready.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    answers: Callable[[], bool] | None = None
    stop_s: float = 10.0
    kept: bool = True
    on_terminal: bool = False


class Supervisor:
    """Runs its parts until it is told to stop."""

    def __init__(self, parts: Sequence[Part], logs: Path, *, start_within_s: float = 120.0) -> None:
        self._running = [_Running(part, logs) for part in parts]
        self._start_within_s = start_within_s
        self._stopping = threading.Event()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call `on_ready` when all answer, and keep it up until `stop`.

        They start at the same time, and stop one after the other, the last first.

        Returns after everything has stopped. Raises StartError, with the last lines that the
        program wrote, when one does not come up at all. KeyboardInterrupt stops the parts, too.
        """
        try:
            for running in self._running:
                if running.part.kept:
                    running.start()
            if all(self._wait_for(running) for running in self._running if running.part.kept):
                on_ready()
                for running in self._running:
                    if not running.part.kept:
                        running.start()
            while not self._stopping.wait(LOOK_EVERY_S):
                for running in self._running:
                    running.restart_when_due()
        finally:
            self._stop_all()

    def stop(self) -> None:
        """End `run` from another thread or a signal handler."""
        self._stopping.set()

    def _wait_for(self, starting: _Running) -> bool:
        """Wait until a part answers, keeping up all; False when told to stop meanwhile."""
        give_up = time.monotonic() + self._start_within_s
        while starting.part.answers is not None and not starting.part.answers():
            for running in self._running:
                running.restart_when_due()
            if starting.failures >= START_FAILURES or time.monotonic() > give_up:
                raise StartError(
                    f"The {starting.part.name} does not start.",
                    f"Its last words, of more in {starting.log_file}:\n{starting.last_words()}",
                )
            if self._stopping.wait(LOOK_EVERY_S):
                return False
        return True

    def _stop_all(self) -> None:
        try:
            for running in reversed(self._running):
                running.stop()
        finally:
            for running in self._running:
                running.kill()


class _Running:
    """A part, its process while it has one, and when to start it again."""

    def __init__(self, part: Part, logs: Path) -> None:
        self.part = part
        self.failures = 0
        self.log_file = logs / f"{part.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._tail: deque[str] = deque(maxlen=15)
        self._since = 0.0
        self._due: float | None = None

    def start(self) -> None:
        self._due = None
        self._since = time.monotonic()
        leash = [sys.executable, "-m", "cli.leash", str(os.getpid())]
        output = None if self.part.on_terminal else subprocess.PIPE
        self._process = subprocess.Popen(
            [*leash, *self.part.command],
            env=os.environ | dict(self.part.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            start_new_session=True,
        )
        if self._process.stdout is not None:
            self._reader = threading.Thread(
                target=self._keep_log, args=(self._process.stdout,), daemon=True
            )
            self._reader.start()

    def restart_when_due(self) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._note_end(self._process.returncode)
        if self._due is not None and time.monotonic() >= self._due:
            self.start()

    def last_words(self) -> str:
        return "\n".join(self._tail)

    def stop(self) -> None:
        """Ask the program to end, and wait for as long as it may take."""
        self._due = None
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(self.part.stop_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End what is left of the program's process group."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # nobody left is what is wanted
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._reader is not None:
            self._reader.join(timeout=1.0)
        self._process = None

    def _note_end(self, exit_code: int) -> None:
        self.kill()
        if not self.part.kept:
            return
        lasted_s = time.monotonic() - self._since
        self.failures = 1 if lasted_s > STEADY_AFTER_S else self.failures + 1
        pause_s = min(FIRST_PAUSE_S * 2 ** (self.failures - 1), LONGEST_PAUSE_S)
        self._due = time.monotonic() + pause_s
        self._tail.append(f"(ended with {exit_code}; starts again in {pause_s:g} s)")

    def _keep_log(self, stream: IO[bytes]) -> None:
        self.log_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = RotatingFileHandler(
            self.log_file, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8"
        )
        with stream:
            for line in stream:
                text = line.decode("utf-8", "replace").rstrip()
                self._tail.append(text)
                file.emit(logging.makeLogRecord({"msg": text}))
        file.close()
