"""Several files at once: one spawned process per view, progress, cancelling and failures."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path

from models.capture.media import MediaInfo, check_one_recording, naming, probe
from models.capture.observation import ViewObservation
from models.capture.observe import QUICK_LOOK_EVERY_S, observe_view
from models.errors import SfpfrError

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]

_REPORT_EVERY_S = 0.1
_POLL_S = 0.2


class CancelledError(SfpfrError):
    """The work was cancelled by the person who started it."""


def observe_views(
    paths: Sequence[Path],
    *,
    crops_dir: Path | None = None,
    sample_every_s: float | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> list[ViewObservation]:
    """Observe all views of a recording in parallel; the order of `paths` is kept.

    `crops_dir`: existing folder for the raw crop files `view<i>.raw`. `progress` gets the mean
    share that is done; `cancelled` is asked several times a second and ends the work with
    CancelledError. Raises VideoError or UnusableInputError for files that can't be used, and the
    error of the first view that fails; no process is left running. A single file is read in this
    process.
    """
    # Unusable files are told at once, before any process is started.
    check_one_recording([_probe(path) for path in paths])
    crop_paths = [
        None if crops_dir is None else crops_dir / f"view{i}.raw" for i in range(len(paths))
    ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    decoder_threads = max(1, (cores or 1) // len(paths))
    if len(paths) == 1:

        def report(share: float) -> None:
            if cancelled is not None and cancelled():
                raise CancelledError("The work was cancelled.")
            if progress is not None:
                progress(share)

        return [
            observe_view(
                paths[0],
                crops_path=crop_paths[0],
                sample_every_s=sample_every_s,
                decoder_threads=decoder_threads,
                progress=report,
            )
        ]
    context = multiprocessing.get_context("spawn")
    processes = []
    ends: list[Connection] = []
    try:
        for path, crops_path in zip(paths, crop_paths, strict=True):
            here, there = context.Pipe(duplex=False)
            process = context.Process(
                target=_observe_and_send,
                args=(there, path, crops_path, sample_every_s, decoder_threads),
                daemon=True,
            )
            process.start()
            there.close()
            processes.append(process)
            ends.append(here)
        return _collect(ends, progress, cancelled)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        for end in ends:
            end.close()


def _probe(path: Path) -> MediaInfo:
    with naming(path):
        return probe(path)


def quick_look(
    paths: Sequence[Path],
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> list[ViewObservation]:
    """Look at about five pictures a second of every view, for a first verdict."""
    return observe_views(
        paths, sample_every_s=QUICK_LOOK_EVERY_S, progress=progress, cancelled=cancelled
    )


def _collect(
    ends: list[Connection], progress: Progress | None, cancelled: Cancelled | None
) -> list[ViewObservation]:
    found: dict[int, ViewObservation] = {}
    shares = [0.0] * len(ends)
    while len(found) < len(ends):
        if cancelled is not None and cancelled():
            raise CancelledError("The work was cancelled.")
        open_ends = [end for index, end in enumerate(ends) if index not in found]
        for end in wait(open_ends, timeout=_POLL_S):
            index = ends.index(end)  # type: ignore[arg-type]
            try:
                message = ends[index].recv()
            except EOFError as error:
                raise SfpfrError(
                    "Reading a video ended unexpectedly, perhaps for lack of memory.",
                    "Close other programs and try again.",
                ) from error
            if isinstance(message, BaseException):
                raise message
            if isinstance(message, ViewObservation):
                found[index], shares[index] = message, 1.0
            else:
                shares[index] = float(message)
        if progress is not None:
            progress(sum(shares) / len(shares))
    return [found[index] for index in range(len(ends))]


def _observe_and_send(
    end: Connection,
    path: Path,
    crops_path: Path | None,
    sample_every_s: float | None,
    decoder_threads: int,
) -> None:
    """What runs in the process of one view. Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reported_s = 0.0

    def report(share: float) -> None:
        nonlocal reported_s
        now_s = time.monotonic()
        if now_s - reported_s > _REPORT_EVERY_S:
            reported_s = now_s
            end.send(share)

    try:
        end.send(
            observe_view(
                path,
                crops_path=crops_path,
                sample_every_s=sample_every_s,
                decoder_threads=decoder_threads,
                progress=report,
            )
        )
    except BrokenPipeError:
        # The parent is gone: nobody is left to tell.
        return
    except Exception as error:
        end.send(error)
