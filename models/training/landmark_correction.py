"""`python -m models.training.landmark_correction`: film, find landmarks, learn, write the asset.

Each patient's landmarks are kept in the work folder, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.assets import FOLDER, file_sha256, manifest
from models.capture.correction import LandmarkCorrection
from models.capture.correction.correction import ASSET
from models.capture.landmarks import FaceLandmarker, head_pose
from models.head.model import HeadModel, load_head
from models.movements import VIEWS
from models.reconstruction import Array
from models.training.correction_fit import FitSettings, Stills, fit_correction
from models.training.stills import FIRST_SEED, film_stills

FILE = "landmarks/correction.npz"
FACES = 20
# Every fifth patient is held out: the covariance is that of strangers.
HELD_OUT = 5
# Arrays with more numbers than this are stored in half precision.
LARGE = 5000


def film_patient(head: HeadModel, landmarker: FaceLandmarker, seed: int) -> dict[str, Array]:
    """Landmarks and truth of one patient's stills; pictures without a found face are left out."""
    rows: dict[str, list[object]] = {name: [] for name in ("found", "truth", "yaw", "roll", "view")}
    previous: dict[str, Array] = {}
    for still in film_stills(head, seed, FACES):
        face = landmarker.track(still.image, previous.get(still.view))
        # Once more from its own region, as a tracked face of a video is seen.
        face = face and landmarker.track(still.image, face.landmarks_px)
        if face is None:
            previous.pop(still.view, None)
            continue
        previous[still.view] = face.landmarks_px.astype(np.float64)
        pose = head_pose(face.landmarks_px)
        rows["found"].append(face.landmarks_px)
        rows["truth"].append(still.landmarks_px)
        rows["yaw"].append(pose.yaw_deg)
        rows["roll"].append(pose.roll_deg)
        rows["view"].append(VIEWS.index(still.view))
    return {name: np.array(values, dtype=np.float64) for name, values in rows.items()}


def gather(people: Sequence[dict[str, Array]]) -> Stills:
    """The stills of several patients as one set."""
    person = np.repeat(np.arange(len(people)), [len(p["yaw"]) for p in people])
    joined = {name: np.concatenate([p[name] for p in people]) for name in people[0]}
    return Stills(
        landmarks_px=joined["found"],
        truth_px=joined["truth"],
        yaw_deg=joined["yaw"],
        roll_deg=joined["roll"],
        person=person,
        group=person * len(VIEWS) + joined["view"].astype(np.int64),
    )


def embedding_digest() -> str:
    """SHA-256 of the landmark embedding that a correction aims at."""
    return manifest()["open_head_landmarks"].sha256


def save(correction: LandmarkCorrection, path: Path, people: int) -> None:
    """Write the asset in half precision and its line in the manifest."""
    arrays = {
        name: values.astype(np.float16 if values.size > LARGE else np.float32)
        for name, values in correction.pack().items()
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)
    listing = FOLDER / "manifest.json"
    content = json.loads(listing.read_text(encoding="utf-8"))
    others = [entry for entry in content["assets"] if entry["name"] != ASSET]
    others.append(
        {
            "name": ASSET,
            "file": FILE,
            "sha256": file_sha256(path),
            "licence": "MIT",
            "source": f"learned on renders of {people} virtual patients",
            "aims_at": embedding_digest(),
            "built_by": "models.training.landmark_correction",
        }
    )
    content["assets"] = others
    listing.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Film and learn; the asset and the manifest are replaced at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--work", type=Path, required=True, help="folder for what is kept")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    head, landmarker = load_head(), FaceLandmarker()
    people = []
    for index in range(arguments.people):
        kept = arguments.work / f"{index:05d}.npz"
        if not kept.is_file():
            np.savez(kept, allow_pickle=False, **film_patient(head, landmarker, FIRST_SEED + index))
        with np.load(kept) as stored:
            people.append(
                {name: stored[name] for name in ("found", "truth", "yaw", "roll", "view")}
            )
    held_out = [p for index, p in enumerate(people) if index % HELD_OUT == HELD_OUT - 1]
    learned = [p for index, p in enumerate(people) if index % HELD_OUT != HELD_OUT - 1]
    correction = fit_correction(gather(learned), gather(held_out), FitSettings())
    save(correction, FOLDER / FILE, len(people))


if __name__ == "__main__":
    main()
