"""Observed views kept in files, so that a recording is analysed again without its videos.

A folder holds per file `look<i>.npz` (the first look), `view<i>.npz` (every picture) and
`view<i>.raw` (its crops), and `complete` once all are there. What is read back equals what was
observed bit for bit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from models.capture.media import MediaInfo
from models.capture.observation import CropStore, FrameQuality, ViewObservation
from models.capture.workers import Progress, ViewReaders, reading
from models.errors import UnusableInputError

SCHEMA_VERSION = 1
_COMPLETE = "complete"
_TRACK = (
    "time_s",
    "landmarks_px",
    "pass_difference_px",
    "presence",
    "yaw_deg",
    "pitch_deg",
    "roll_deg",
)


def complete(folder: Path) -> bool:
    """Whether the folder holds all of a recording."""
    return (folder / _COMPLETE).is_file()


def remembering(folder: Path) -> Callable[[Sequence[Path]], AbstractContextManager[ViewReaders]]:
    """Open files like `models.capture.workers.reading`, but read each of them only once.

    What a first reading observes is kept in `folder`, crops included; with a folder that is
    complete nothing is decoded, and the files need not exist. Raises UnusableInputError when
    another version wrote it.
    """

    @contextmanager
    def opened(paths: Sequence[Path]) -> Iterator[ViewReaders]:
        if complete(folder):
            yield _Kept(folder, paths)
            return
        with reading(paths) as readers:
            yield _Keeping(folder, readers)

    return opened


class _Keeping:
    """Readers whose answers are kept."""

    def __init__(self, folder: Path, readers: ViewReaders) -> None:
        self._folder, self._readers = folder, readers

    def look(self, progress: Progress | None = None) -> list[ViewObservation]:
        looks = self._readers.look(progress)
        for index, look in enumerate(looks):
            _write(look, self._folder / f"look{index}.npz")
        return looks

    def observe(
        self, crops_dir: Path | None = None, progress: Progress | None = None
    ) -> list[ViewObservation]:
        del crops_dir  # the crops are kept as well
        observations = self._readers.observe(self._folder, progress)
        for index, observation in enumerate(observations):
            _write(observation, self._folder / f"view{index}.npz")
        (self._folder / _COMPLETE).touch()
        return observations


class _Kept:
    """Readers that answer from the folder."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self._folder, self._paths = folder, paths

    def look(self, progress: Progress | None = None) -> list[ViewObservation]:
        del progress
        return [
            _read(self._folder / f"look{index}.npz", None, path)
            for index, path in enumerate(self._paths)
        ]

    def observe(
        self, crops_dir: Path | None = None, progress: Progress | None = None
    ) -> list[ViewObservation]:
        del crops_dir, progress
        return [
            _read(self._folder / f"view{index}.npz", self._folder / f"view{index}.raw", path)
            for index, path in enumerate(self._paths)
        ]


def _write(observation: ViewObservation, path: Path) -> None:
    about: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "sha256": observation.sha256,
        "media": asdict(observation.media),
        "sampled": observation.sampled,
        "warnings": observation.warnings,
        "crop_size_px": None if observation.crops is None else observation.crops.size_px,
    }
    arrays = {name: getattr(observation, name) for name in _TRACK}
    arrays |= {
        f"quality_{field.name}": getattr(observation.quality, field.name)
        for field in fields(FrameQuality)
    }
    if observation.crops is not None:
        arrays["crop_affine"] = observation.crops.affine
    text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    np.savez(path, about=text, **arrays)


def _read(path: Path, crops: Path | None, video: Path) -> ViewObservation:
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
        if about["schema_version"] != SCHEMA_VERSION:
            raise UnusableInputError(
                "The kept landmarks were written by another version of this program.",
                "Analyse the recording again from its videos.",
            )
        size_px = about["crop_size_px"]
        return ViewObservation(
            path=video,
            sha256=about["sha256"],
            media=MediaInfo(**about["media"]),
            quality=FrameQuality(
                **{field.name: file[f"quality_{field.name}"] for field in fields(FrameQuality)}
            ),
            crops=None if crops is None else CropStore(crops, file["crop_affine"], size_px),
            sampled=about["sampled"],
            warnings=tuple(about["warnings"]),
            **{name: file[name] for name in _TRACK},
        )
