"""One reconstruction from request to result folder: reading the films; the rest is `analysis`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from models.capture.observation import ViewObservation
from models.capture.qc import assess, first_verdict
from models.capture.recording import Recording, bring_together
from models.capture.workers import ViewReaders, observe_views, reading
from models.errors import RejectedRecordingError
from models.movements import View
from models.pipeline import write
from models.pipeline.state import Progress, Run
from models.reconstruction import ViewTrack
from models.request import ReconstructionRequest

# How the files of a request are opened for reading.
Reading = Callable[[Sequence[Path]], AbstractContextManager[ViewReaders]]


def observe(request: ReconstructionRequest) -> tuple[ViewTrack, ...]:
    """What the landmark network says of each view on the common clock; no fit."""
    observations = observe_views([file.path for file in request.files])
    recording = bring_together(
        observations, [file.label for file in request.files], _offsets(request)
    )
    return tuple(recording.tracks[view] for view in sorted(recording.tracks))


def reconstruct(
    request: ReconstructionRequest,
    out: Path,
    progress: Progress,
    *,
    read: Reading = reading,
) -> dict[str, Any]:
    """Reconstruct a recording into the folder `out`; returns what `reconstruction.json` holds.

    `progress(stage, share)` is called from this thread. `read` opens the files; whoever
    reconstructs the same ones several times may keep what was read. Raises UnusableInputError,
    and RejectedRecordingError after `qc.json` was written; StorageFullError when the disk is full.
    """
    with write.storage_errors():
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="sfpfr-") as scratch:
            run = Run(request, out, Path(scratch), progress)
            try:
                return _stages(run, read)
            except RejectedRecordingError as error:
                run.write_verdict(error)
                raise


def _stages(run: Run, read: Reading) -> dict[str, Any]:
    with ExitStack() as limited:
        with ExitStack() as films:
            with run.stage("first_look") as share:
                readers = films.enter_context(read([file.path for file in run.request.files]))
                # Brings torch, which takes its time: the films are being looked at meanwhile.
                from models.pipeline.analysis import Analysis

                # Threads of the matrix library fight each other for busy cores, and the order in
                # which they add up would change the last digits. Only what is loaded is limited.
                limited.enter_context(threadpool_limits(1))  # type: ignore[no-untyped-call]
                analysis = Analysis(run)
                _judge_looks(run, readers.look(share))
            recording = _observe(run, readers)
        return analysis.result(recording)


def _judge_looks(run: Run, looks: Sequence[ViewObservation]) -> None:
    """A first verdict from a few pictures a second, while the patient is still there."""
    if any(look.media.kind == "video" for look in looks):
        labels = [file.label for file in run.request.files]
        run.report = first_verdict(looks, labels, run.inputs.thresholds, run.windows())
        # Whoever waits beside the patient reads it while the rest is computed.
        write.write_qc(run.out, run.report)
        run.stop_if_rejected()


def _observe(run: Run, readers: ViewReaders) -> Recording:
    files = run.request.files
    with run.stage("landmarks") as share:
        observations = readers.observe(run.scratch, share)
        # Only --force comes here with a view that shows no face: it has nothing to say.
        shown = [
            (observation, file.label)
            for observation, file in zip(observations, files, strict=True)
            if observation.seen.any()
        ]
        if not shown:
            raise _no_face()
        recording = bring_together(
            [observation for observation, _ in shown],
            [label for _, label in shown],
            _offsets(run.request),
        )
    run.report = run.report.merged(assess(recording, run.windows(), run.inputs.thresholds))
    run.stop_if_rejected()
    return recording


def _offsets(request: ReconstructionRequest) -> dict[View, float]:
    views: tuple[View, ...] = ("left", "center", "right")
    return {view: request.offsets_s[view] for view in views if view in request.offsets_s}


def _no_face() -> RejectedRecordingError:
    return RejectedRecordingError(
        "No face was found in any of the files.",
        "Record the face frontally in even light, without a mask.",
    )
