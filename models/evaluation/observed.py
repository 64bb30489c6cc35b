"""A take's files read once for all that the table asks of them; no scoring here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from models.capture.landmarks import FaceLandmarker
from models.capture.observation import ViewObservation
from models.capture.observe import QUICK_LOOK_EVERY_S, observe_view
from models.capture.workers import Progress, ViewReaders


class ObservedFiles:
    """First look at and full observation of each file, found out once and kept.

    The files are read in this process, one after the other: the table works on several takes at
    a time. Crops lie in `crops_dir`, which must outlive the readers.
    """

    def __init__(self, paths: Sequence[Path], crops_dir: Path) -> None:
        landmarker = FaceLandmarker()
        self._looks = {
            path: observe_view(path, sample_every_s=QUICK_LOOK_EVERY_S, landmarker=landmarker)
            for path in paths
        }
        self._observations = {
            path: observe_view(
                path, crops_path=crops_dir / f"{path.stem}.raw", landmarker=landmarker
            )
            for path in paths
        }

    @contextmanager
    def reading(self, paths: Sequence[Path]) -> Iterator[ViewReaders]:
        """Stand in for `models.capture.workers.reading` of some of the files."""
        yield _Kept(
            [self._looks[path] for path in paths], [self._observations[path] for path in paths]
        )


class _Kept:
    """Readers that know every answer."""

    def __init__(self, looks: list[ViewObservation], observations: list[ViewObservation]) -> None:
        self._looks, self._observations = looks, observations

    def look(self, progress: Progress | None = None) -> list[ViewObservation]:
        del progress
        return self._looks

    def observe(
        self, crops_dir: Path | None = None, progress: Progress | None = None
    ) -> list[ViewObservation]:
        del crops_dir, progress
        return self._observations
