"""What all stages of one reconstruction share: request, small files, verdict and stage times.

Nothing here or in what it imports loads torch: the films are looked at before that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.calibration import CalibratedCamera, read_calibration
from models.capture.qc import TakeWindow
from models.capture.thresholds import Thresholds, default_thresholds
from models.capture.verdict import QCCheck, QCReport
from models.errors import RejectedRecordingError
from models.movements import View
from models.pipeline import write
from models.reconstruction import Subject
from models.request import Corrections, ReconstructionRequest, read_corrections
from models.subject import read_subject

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Inputs:
    """The small files of a request, read."""

    calibration: Mapping[View, CalibratedCamera] | None
    subject: Subject | None
    earlier: Subject | None
    corrections: Corrections | None
    thresholds: Thresholds

    @classmethod
    def of(cls, request: ReconstructionRequest) -> Inputs:
        return cls(
            None if request.calibration is None else read_calibration(request.calibration),
            None if request.subject is None else read_subject(request.subject),
            None if request.scale_of is None else read_subject(request.scale_of),
            None if request.corrections is None else read_corrections(request.corrections),
            default_thresholds(),
        )


class Run:
    """One reconstruction from its first look to its stored result.

    `scratch`: a folder for what is not kept. `seconds`: time spent in each stage, in order.
    """

    def __init__(
        self, request: ReconstructionRequest, out: Path, scratch: Path, progress: Progress
    ) -> None:
        self.request, self.out, self.scratch, self.progress = request, out, scratch, progress
        self.inputs = Inputs.of(request)
        self.report = QCReport.of("first", ())
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[float], None]]:
        """Time a stage and tell of it; yields what its share done is told to."""
        begin = time.perf_counter()
        self.progress(name, 0.0)
        yield lambda share: self.progress(name, share)
        self.progress(name, 1.0)
        self.seconds[name] = round(time.perf_counter() - begin, 3)

    def windows(self) -> list[TakeWindow]:
        """The spans of the takes that are known before anything is fitted, for the checks."""
        movement = self.request.movement
        if movement is not None:
            return [TakeWindow(take_name(1), movement, -np.inf, np.inf)]
        return [
            TakeWindow(take_name(number), span.movement, span.start_s, span.end_s)
            for number, span in enumerate(self.request.takes or (), 1)
        ]

    def stop_if_rejected(self) -> None:
        """Raise RejectedRecordingError for a rejected recording, unless it is forced."""
        if self.report.verdict != "rejected" or self.request.force:
            return
        worst = self.report.problems[0]
        raise RejectedRecordingError(worst.reason, worst.next_step)

    def write_verdict(self, error: RejectedRecordingError) -> None:
        """Write `qc.json` of a rejected recording; what no check has said, the error says."""
        if self.report.verdict != "rejected":
            check = QCCheck(
                id="recording", level="reject", reason=error.message, next_step=error.next_step
            )
            self.report = self.report.with_checks([check])
        write.write_qc(self.out, self.report)


def take_name(number: int) -> str:
    """What the take of this number is called in the result."""
    return f"{number:02d}"
