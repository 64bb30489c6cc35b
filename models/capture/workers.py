"""Several files at once: one spawned process per view, progress, cancelling and failures."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Protocol

from models.capture.landmarks import FaceLandmarker
from models.capture.media import MediaInfo, check_one_recording, naming, probe
from models.capture.observation import ViewObservation
from models.capture.observe import QUICK_LOOK_EVERY_S, observe_view
from models.errors import SfpfrError
from models.threads import cores

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]

_REPORT_EVERY_S = 0.1
_POLL_S = 0.2


class CancelledError(SfpfrError):
    """The work was cancelled by the person who started it."""


class ViewReaders(Protocol):
    """The files of one recording while they are read; answers are in the order of the files.

    `progress` gets the mean share that is done.
    """

    def look(self, progress: Progress | None = None) -> list[ViewObservation]:
        """Look at about five pictures a second of every view, for a first verdict."""

    def observe(
        self, crops_dir: Path | None = None, progress: Progress | None = None
    ) -> list[ViewObservation]:
        """Measure every picture; `crops_dir`: existing folder for raw crops `view<i>.raw`."""


@contextmanager
def reading(
    paths: Sequence[Path], *, look_first: bool = True, cancelled: Cancelled | None = None
) -> Iterator[ViewReaders]:
    """Open the files of a recording, each in a process of its own that ends with the block.

    The processes serve the first look and the full pass, so that they start only once; unless
    `look_first` is False they look before they are asked to. `cancelled` is asked several times a
    second while they work and ends it with CancelledError. Raises VideoError or
    UnusableInputError for files that can't be used, and from the readers the error of the first
    view that fails.
    """
    # Unusable files are told at once, before any process is started.
    check_one_recording([_probe(path) for path in paths])
    decoder_threads = max(1, cores() // len(paths))
    context = multiprocessing.get_context("spawn")
    processes = []
    ends: list[Connection] = []
    try:
        for path in paths:
            here, there = context.Pipe()
            process = context.Process(
                target=_serve, args=(there, path, decoder_threads), daemon=True
            )
            process.start()
            there.close()
            processes.append(process)
            ends.append(here)
        yield _ViewProcesses(ends, cancelled, look_first=look_first)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        for end in ends:
            end.close()


def observe_views(
    paths: Sequence[Path],
    *,
    crops_dir: Path | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> list[ViewObservation]:
    """Observe every picture of a recording's files; see `reading`."""
    with reading(paths, look_first=False, cancelled=cancelled) as readers:
        return readers.observe(crops_dir, progress)


def quick_look(
    paths: Sequence[Path],
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> list[ViewObservation]:
    """Look at about five pictures a second of a recording's files; see `reading`."""
    with reading(paths, cancelled=cancelled) as readers:
        return readers.look(progress)


def _probe(path: Path) -> MediaInfo:
    with naming(path):
        return probe(path)


@dataclass(frozen=True)
class _Pass:
    """What a view's process is asked for: how densely to read, and where crops go."""

    sample_every_s: float | None
    crops_path: Path | None


class _ViewProcesses:
    """The parent's side of `reading`."""

    def __init__(
        self, ends: Sequence[Connection], cancelled: Cancelled | None, *, look_first: bool
    ) -> None:
        self._ends = ends
        self._cancelled = cancelled
        self._looking = False
        if look_first:
            self._begin_to_look()

    def look(self, progress: Progress | None = None) -> list[ViewObservation]:
        if not self._looking:
            self._begin_to_look()
        self._looking = False
        return self._answers(progress)

    def observe(
        self, crops_dir: Path | None = None, progress: Progress | None = None
    ) -> list[ViewObservation]:
        if self._looking:
            self.look()
        self._ask(
            [
                _Pass(None, None if crops_dir is None else crops_dir / f"view{i}.raw")
                for i in range(len(self._ends))
            ]
        )
        return self._answers(progress)

    def _begin_to_look(self) -> None:
        self._looking = True
        self._ask([_Pass(QUICK_LOOK_EVERY_S, None)] * len(self._ends))

    def _ask(self, passes: Sequence[_Pass]) -> None:
        for end, wanted in zip(self._ends, passes, strict=True):
            # A process that has died is told of when its answer is waited for.
            with suppress(BrokenPipeError):
                end.send(wanted)

    def _answers(self, progress: Progress | None) -> list[ViewObservation]:
        found: dict[int, ViewObservation] = {}
        shares = [0.0] * len(self._ends)
        while len(found) < len(self._ends):
            if self._cancelled is not None and self._cancelled():
                raise CancelledError("The work was cancelled.")
            open_ends = [end for index, end in enumerate(self._ends) if index not in found]
            ready = wait(open_ends, timeout=_POLL_S)
            for index, end in enumerate(self._ends):
                if end not in ready:
                    continue
                message = _received(end)
                if isinstance(message, ViewObservation):
                    found[index], shares[index] = message, 1.0
                else:
                    shares[index] = message
            if progress is not None:
                progress(sum(shares) / len(shares))
        return [found[index] for index in range(len(self._ends))]


def _received(end: Connection) -> ViewObservation | float:
    """The next answer of a view's process; its errors are raised here."""
    try:
        message = end.recv()
    except (EOFError, ConnectionResetError) as error:
        raise SfpfrError(
            "Reading a video ended unexpectedly, perhaps for lack of memory.",
            "Close other programs and try again.",
        ) from error
    if isinstance(message, BaseException):
        raise message
    if isinstance(message, ViewObservation):
        return message
    return float(message)


def _serve(end: Connection, path: Path, decoder_threads: int) -> None:
    """What runs in the process of one view. Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    landmarker = FaceLandmarker()
    reported_s = 0.0

    def report(share: float) -> None:
        nonlocal reported_s
        now_s = time.monotonic()
        if now_s - reported_s > _REPORT_EVERY_S:
            reported_s = now_s
            end.send(share)

    while True:
        try:
            wanted: _Pass = end.recv()
        except EOFError:
            return  # the parent is gone
        try:
            end.send(
                observe_view(
                    path,
                    crops_path=wanted.crops_path,
                    sample_every_s=wanted.sample_every_s,
                    decoder_threads=decoder_threads,
                    landmarker=landmarker,
                    progress=report,
                )
            )
        except BrokenPipeError:
            return  # nobody is left to tell
        except Exception as error:
            end.send(error)
