"""Observed views kept in files, so that a recording is analysed again without its videos.

What is read back equals what was observed bit for bit. The files are named in `kept`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from models.capture.kept import SCHEMA_VERSION, crops_file, look_file, observation_file
from models.capture.media import MediaInfo
from models.capture.observation import CropStore, FrameQuality, ViewObservation
from models.capture.workers import Progress, ViewReaders, reading
from models.errors import UnusableInputError

_TRACK = (
    "time_s",
    "landmarks_px",
    "pass_difference_px",
    "presence",
    "yaw_deg",
    "pitch_deg",
    "roll_deg",
)


def remembering(folder: Path) -> Callable[[Sequence[Path]], AbstractContextManager[ViewReaders]]:
    """Open files like `models.capture.workers.reading`, but look at each of them only once.

    What is observed is kept in `folder`, crops included; what is there already is not decoded
    again, and the files need not exist for it. Raises UnusableInputError when another version
    wrote it.
    """

    @contextmanager
    def opened(paths: Sequence[Path]) -> Iterator[ViewReaders]:
        with ExitStack() as stack:
            yield _Remembering(folder, paths, lambda: stack.enter_context(reading(paths)))

    return opened


class _Remembering:
    """Readers that answer from the folder what they can, and open the files for the rest."""

    def __init__(
        self, folder: Path, paths: Sequence[Path], open_files: Callable[[], ViewReaders]
    ) -> None:
        self._folder, self._paths, self._open = folder, paths, open_files
        self._opened: ViewReaders | None = None

    def look(self, progress: Progress | None = None) -> list[ViewObservation]:
        files = [look_file(self._folder, index) for index in range(len(self._paths))]
        if all(file.is_file() for file in files):
            return [_read(file, None, path) for file, path in zip(files, self._paths, strict=True)]
        looks = self._readers().look(progress)
        for look, file in zip(looks, files, strict=True):
            _write(look, file)
        return looks

    def observe(
        self, crops_dir: Path | None = None, progress: Progress | None = None
    ) -> list[ViewObservation]:
        del crops_dir  # the crops are kept as well
        files = [observation_file(self._folder, index) for index in range(len(self._paths))]
        if all(file.is_file() for file in files):
            return [
                _read(file, crops_file(self._folder, index), path)
                for index, (file, path) in enumerate(zip(files, self._paths, strict=True))
            ]
        observations = self._readers().observe(self._folder, progress)
        for observation, file in zip(observations, files, strict=True):
            _write(observation, file)
        return observations

    def _readers(self) -> ViewReaders:
        if self._opened is None:
            self._opened = self._open()
        return self._opened


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
    partial = path.with_name(f".{path.name}")
    with partial.open("wb") as file:
        np.savez(file, about=text, **arrays)
    partial.replace(path)


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
