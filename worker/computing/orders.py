"""What the worker asks of its child: paths and settings as JSON, checked on both sides."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from models.movements import AffectedSide, View
from models.request import LabelledFile, ReconstructionRequest, TakeSpan


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Video(_Order):
    """One view of a recording."""

    path: Path
    view: View


class LookOrder(_Order):
    """A first look at a recording: `takes` (movement, start_s, end_s) are judged one by one.

    `cache` keeps what was seen; `out` gets `qc_<number>.json` for each take, from 0.
    """

    videos: tuple[Video, ...]
    takes: tuple[tuple[str, float | None, float | None], ...]
    cache: Path
    out: Path


class TakeOrder(_Order):
    """A reconstruction of one take; span None is the whole recording.

    cache: folder of `models.capture.cache`. out: new folder for the result. scale_of: a subject
    file of the same person of which the scale alone is used.
    """

    videos: tuple[Video, ...]
    movement: str
    span: tuple[float, float] | None
    affected_side: AffectedSide | None
    calibration: Path | None
    subject: Path | None
    scale_of: Path | None
    corrections: Path | None
    iris_mm: float | None
    known_distances_mm: dict[str, float]
    offsets_s: dict[View, float]
    age_years: float | None
    overlay: bool
    cache: Path
    out: Path

    def request(self) -> ReconstructionRequest:
        """The same as the pipeline takes it."""
        return ReconstructionRequest(
            files=tuple(LabelledFile(video.path, video.view) for video in self.videos),
            takes=None if self.span is None else (TakeSpan(self.movement, *self.span),),
            movement=self.movement if self.span is None else None,
            affected_side=self.affected_side,
            calibration=self.calibration,
            iris_mm=self.iris_mm,
            subject=self.subject,
            scale_of=self.scale_of,
            corrections=self.corrections,
            offsets_s={str(view): offset_s for view, offset_s in self.offsets_s.items()},
            known_distances_mm=self.known_distances_mm,
            age_years=self.age_years,
            overlay=self.overlay,
            fields=True,
        )


class PreviewOrder(_Order):
    """One moment fitted again with a person's landmarks; `result` is a folder with the analysis'
    `reconstruction.json` and `subject.json`. `out` gets `mesh.sfm` and `landmarks.json`."""

    videos: tuple[Video, ...]
    frame: int
    calibration: Path | None
    corrections: Path
    cache: Path
    result: Path
    out: Path


class ProxyOrder(_Order):
    """A video for the browser and a small picture of it."""

    video: Path
    proxy: Path
    thumbnail: Path
