"""`python -m models.training.landmark_offset`: how far the head's landmarks lie from the network's.

The head's landmark embedding and the learned correction together should leave no constant offset:
here resting strangers are filmed, and what is the same in all of them is told from chance.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.capture.landmarks import FaceLandmarker, topology
from models.capture.observe import observe_view
from models.capture.recording import bring_together
from models.head.model import load_head
from models.movements import VIEWS, View
from models.pipeline.views import views_for_fit
from models.reconstruction import Array
from models.training.stills import Still, film_stills

# Strangers to every calibration.
FIRST_STRANGER = 5001
_NAMED = {
    "brows": ("left_brow_upper", "left_brow_lower", "right_brow_upper", "right_brow_lower"),
    "lids": ("left_upper_lid", "left_lower_lid", "right_upper_lid", "right_lower_lid"),
    "nose": ("nose_ridge", "nose_base"),
    "lips": ("lips_outer_upper", "lips_outer_lower", "lips_inner_upper", "lips_inner_lower"),
    "irises": ("left_iris", "right_iris"),
    "outline": ("oval",),
}


def groups() -> dict[str, NDArray[np.int64]]:
    """Landmark numbers by part of the face; each landmark is in one of them."""
    found = {
        name: np.unique(np.concatenate([topology.CONTOURS[line] for line in lines]))
        for name, lines in _NAMED.items()
    }
    found["irises"] = np.union1d(found["irises"], [topology.LEFT_IRIS[0], topology.RIGHT_IRIS[0]])
    named = np.concatenate(list(found.values()))
    return found | {"other skin": np.setdiff1d(np.arange(topology.COUNT), named)}


def constant_offset(errors: Array) -> float:
    """RMS over landmarks of what errors (people, N, 2) have in common, less what chance leaves."""
    known = np.isfinite(errors).all(axis=(0, 2))
    mean = errors[:, known].mean(axis=0)
    chance = errors[:, known].var(axis=0, ddof=1) / len(errors)
    return float(np.sqrt(max(0.0, np.mean(np.sum(mean**2 - chance, axis=1)))))


def error_shares(people: int) -> dict[View, Array]:
    """Per view (people, 478, 2) corrected landmark minus true one, over the canthus distance."""
    head, landmarker = load_head(), FaceLandmarker()
    errors: dict[View, list[Array]] = {view: [] for view in VIEWS}
    with TemporaryDirectory() as folder:
        for seed in range(FIRST_STRANGER, FIRST_STRANGER + people):
            for still in film_stills(head, seed, 1):
                errors[still.view] += _error_share(still, Path(folder), landmarker)
    return {view: np.stack(rows) for view, rows in errors.items()}


def _error_share(still: Still, folder: Path, landmarker: FaceLandmarker) -> Iterator[Array]:
    """The error in one picture; nothing where no face was found."""
    picture = folder / "still.png"
    Image.fromarray(still.image).save(picture)
    seen = observe_view(picture, crops_path=folder / "still.raw", landmarker=landmarker)
    if not seen.seen.any():
        return
    (evidence,) = views_for_fit(bring_together([seen], [still.view], {}), None, None).evidence
    canthi = still.landmarks_px[[topology.LEFT_OUTER_CANTHUS, topology.RIGHT_OUTER_CANTHUS]]
    # From the side the distance is foreshortened.
    width_px = np.linalg.norm(canthi[0] - canthi[1]) / np.cos(np.deg2rad(seen.yaw_deg[0]))
    known = evidence.precision[0, :, :1, 0] > 0
    yield np.where(known, evidence.target_px[0] - still.landmarks_px, np.nan) / width_px


def table(errors: Mapping[View, Array]) -> dict[str, dict[str, float]]:
    """Constant offset in percent of the outer-canthus distance, by view and part of the face."""
    return {
        view: {
            name: round(100.0 * constant_offset(shares[:, members]), 2)
            for name, members in groups().items()
        }
        for view, shares in errors.items()
    }


def main() -> None:
    """Film strangers and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.write_text(json.dumps(table(error_shares(options.people)), indent=2) + "\n")


if __name__ == "__main__":
    main()
