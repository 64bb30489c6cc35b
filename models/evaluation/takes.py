"""Takes of a synthetic folder in the FPD-100-like layout: where they are, what is true of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import UnusableInputError
from models.movements import MOVEMENTS, VIEWS, View
from models.reconstruction import Array

# The order in which a subset takes movements: mouth, lids and brow first.
SUBSET_MOVEMENTS = (
    "full_smile",
    "gentle_closure",
    "brow_raise",
    "pucker",
    "nose_wrinkle",
    "lower_teeth",
    "tight_closure",
    "gentle_smile",
    "rest",
)


@dataclass(frozen=True)
class SyntheticTake:
    """One take `subjects/<sid>/<session>/<movement>/{left,center,right}.mp4` of the folder."""

    sid: str
    session: str
    movement: str
    folder: Path

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.sid}/{self.session}/{self.movement}"

    @property
    def calibration(self) -> Path:
        """The calibration of the session's cameras."""
        return self.folder.parent / "calibration.json"

    @property
    def truth(self) -> Path:
        """The exact truth beside the videos."""
        return self.folder.parent / "truth" / f"{self.movement}.npz"

    def video(self, view: View) -> Path:
        """The file of one view."""
        return self.folder / f"{view}.mp4"

    def digest(self) -> str:
        """SHA-256 over all files of the take, in a fixed order."""
        digest = hashlib.sha256()
        for path in (*map(self.video, VIEWS), self.calibration, self.truth):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


@dataclass(frozen=True)
class Truth:
    """What is true of a take: vertices (T, V, 3) in the head frame, on the videos' clock."""

    vertices_mm: Array
    time_s: Array


def load_truth(take: SyntheticTake) -> Truth:
    """Read `truth/<movement>.npz`."""
    try:
        with np.load(take.truth, allow_pickle=False) as stored:
            return Truth(
                vertices_mm=stored["vertices_mm"].astype(np.float64),
                time_s=stored["time_s"].astype(np.float64),
            )
    except (OSError, KeyError, ValueError) as error:
        raise UnusableInputError(
            f"The truth of {take.name} cannot be read.", "Run `sfpfr synthesize` again."
        ) from error


def is_in_basis(take: SyntheticTake) -> bool:
    """Whether the take's geometry lies inside the head model's own basis."""
    with np.load(take.truth, allow_pickle=False) as stored:
        return bool(stored["in_basis"])


def list_takes(folder: Path, subset: str | None = None) -> list[SyntheticTake]:
    """All complete takes of a folder, or a fixed subset `SUBJECTSxMOVEMENTS` such as `2x3`.

    A subset takes subjects with and without geometry from outside the basis in turn, in the
    order of their names, so that the same folder and subset always give the same takes.
    """
    takes = [
        SyntheticTake(path.parts[-3], path.parts[-2], path.name, path)
        for path in sorted((folder / "subjects").glob("*/*/*"))
        if path.name in MOVEMENTS
    ]
    takes = [
        take
        for take in takes
        if take.truth.is_file() and all(take.video(view).is_file() for view in VIEWS)
    ]
    if not takes:
        raise UnusableInputError(
            f"No finished take was found in {folder}.",
            "Make one with `sfpfr synthesize --out DIR --subjects N --seed S`.",
        )
    return takes if subset is None else _choose(takes, subset)


def _choose(takes: list[SyntheticTake], subset: str) -> list[SyntheticTake]:
    subjects, _, movements = subset.partition("x")
    if not (subjects.isdecimal() and movements.isdecimal() and int(subjects) and int(movements)):
        raise UnusableInputError(
            f"The subset {subset!r} is not of the form SUBJECTSxMOVEMENTS.", "Write it like 2x3."
        )
    by_basis: dict[bool, list[str]] = {True: [], False: []}
    for take in takes:
        if take.sid not in by_basis[True] + by_basis[False]:
            by_basis[is_in_basis(take)].append(take.sid)
    inside, outside = by_basis[True], by_basis[False]
    in_turn = [
        sid
        for rank in range(max(len(inside), len(outside)))
        for sid in (*inside[rank : rank + 1], *outside[rank : rank + 1])
    ]
    chosen = in_turn[: int(subjects)]
    wanted = SUBSET_MOVEMENTS[: int(movements)]
    return [take for take in takes if take.sid in chosen and take.movement in wanted]
