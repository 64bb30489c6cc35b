"""`python -m models.training.landmark_correction`: film, find landmarks, learn, write the asset.

Each patient's landmarks are kept in the work folder, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from models.assets import FOLDER, file_sha256, manifest, verified_path
from models.capture.correction import LandmarkCorrection, Patches, cut_patches
from models.capture.correction.correction import ASSET
from models.capture.correction.evidence import EYE_ASSET, MOUTH_ASSET
from models.capture.landmarks import FaceLandmarker, aligned_crop, head_pose
from models.capture.quality import luma
from models.head.model import HeadModel, load_head
from models.movements import VIEWS
from models.reconstruction import Array
from models.training.correction_fit import FitSettings, Stills, fit_correction
from models.training.evidence_fit import EvidenceSettings, fit_evidence, with_evidence_spread
from models.training.stills import FIRST_SEED, film_stills

FILE = "landmarks/correction.npz"
NETWORKS = {
    MOUTH_ASSET: "landmarks/mouth_evidence.onnx",
    EYE_ASSET: "landmarks/eye_evidence.onnx",
}
FACES = 20
# Every fifth patient is held out: the covariance is that of strangers.
HELD_OUT = 5
# Arrays with more numbers than this are stored in half precision.
LARGE = 5000


def film_patient(head: HeadModel, landmarker: FaceLandmarker, seed: int) -> dict[str, Array]:
    """Landmarks, truth and patches of one patient; pictures without a found face are left out."""
    rows: dict[str, list[object]] = {
        name: [] for name in ("found", "truth", "yaw", "roll", "view", "mouth", "eye")
    }
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
        crop, affine = aligned_crop(still.image, face.landmarks_px, 256)
        placed = face.landmarks_px[:, :2] @ affine[:, :2].T + affine[:, 2]
        patches = cut_patches(luma(crop), placed)
        rows["found"].append(face.landmarks_px)
        rows["truth"].append(still.landmarks_px)
        rows["yaw"].append(pose.yaw_deg)
        rows["roll"].append(pose.roll_deg)
        rows["view"].append(VIEWS.index(still.view))
        rows["mouth"].append(patches.mouth[0])
        rows["eye"].append(patches.eye[0])
    return {
        name: np.array(values, dtype=np.float16 if name in ("mouth", "eye") else np.float64)
        for name, values in rows.items()
    }


def gather(people: Sequence[Mapping[str, Array]]) -> Stills:
    """The stills of several patients as one set."""
    person = np.repeat(np.arange(len(people)), [len(p["yaw"]) for p in people])
    names = ("found", "truth", "yaw", "roll", "view")
    joined = {name: np.concatenate([p[name] for p in people]) for name in names}
    return Stills(
        landmarks_px=joined["found"],
        truth_px=joined["truth"],
        yaw_deg=joined["yaw"],
        roll_deg=joined["roll"],
        person=person,
        group=person * len(VIEWS) + joined["view"].astype(np.int64),
    )


def learn(people: Sequence[Mapping[str, Array]]) -> None:
    """Learn from filmed patients and write networks, correction and their manifest lines."""
    stills = gather(people)
    patches = Patches(
        np.concatenate([p["mouth"] for p in people]).astype(np.float32),
        np.concatenate([p["eye"] for p in people]).astype(np.float32),
    )
    held_out = stills.person % HELD_OUT == HELD_OUT - 1
    strangers = stills.of(held_out)
    correction = fit_correction(stills.of(~held_out), strangers, FitSettings())
    folder = FOLDER / Path(FILE).parent
    correction = fit_evidence(correction, stills, patches, held_out, folder, EvidenceSettings())
    for name, file in NETWORKS.items():
        register(name, file, len(people))
    seen = Patches(patches.mouth[held_out], patches.eye[held_out])
    save(with_evidence_spread(correction, strangers, seen), len(people))


def save(correction: LandmarkCorrection, people: int) -> None:
    """Write the asset, large arrays in half precision, and its line in the manifest."""
    arrays = {
        name: values.astype(np.float16 if values.size > LARGE else np.float32)
        for name, values in correction.pack().items()
    }
    np.savez_compressed(FOLDER / FILE, allow_pickle=False, **arrays)
    register(ASSET, FILE, people)


def register(name: str, file: str, people: int) -> None:
    """Put one learned file into the manifest, with the embedding that it aims at."""
    listing = FOLDER / "manifest.json"
    content = json.loads(listing.read_text(encoding="utf-8"))
    others = [entry for entry in content["assets"] if entry["name"] != name]
    (embedding,) = [entry for entry in others if entry["name"] == "open_head_landmarks"]
    others.append(
        {
            "name": name,
            "file": file,
            "sha256": file_sha256(FOLDER / file),
            "licence": "MIT",
            "source": f"learned on renders of {people} virtual patients",
            "aims_at": embedding["sha256"],
            "built_by": "models.training.landmark_correction",
        }
    )
    content["assets"] = others
    listing.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    manifest.cache_clear()
    verified_path.cache_clear()


def main() -> None:
    """Film and learn; the assets and the manifest are replaced at the end."""
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
            filmed = film_patient(head, landmarker, FIRST_SEED + index)
            np.savez(kept, allow_pickle=False, **filmed)
        with np.load(kept) as stored:
            people.append({name: stored[name] for name in stored.files})
    learn(people)


if __name__ == "__main__":
    main()
