"""A set of virtual patients on disk: who is in it, what is still to be filmed, and filming it.

Layout: `subjects.csv`; `subjects/<sid>/<session>/calibration.json`, `patient.json`,
`<action>/{left,center,right}.mp4` and `truth/<action>.npz`. A truth file is written after the
videos of its take, so a take with one is done, and a stopped run goes on where it was.
"""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from models.data.synthetic.patient import Patient, draw_patient
from models.data.synthetic.session import Session, shared_head
from models.data.synthetic.stills import Still, render_stills
from models.data.synthetic.writer import atomically, truth_path, write_json, write_truth
from models.errors import UnusableInputError
from models.movements import MOVEMENTS

SESSION = "s1"


@dataclass(frozen=True)
class Plan:
    """What a set holds; the same plan always gives the same set.

    palsy_share, off_basis_share: shares of the subjects, kept exactly up to rounding and spread
    evenly. size: (width, height).
    """

    subjects: int
    seed: int
    movements: tuple[str, ...] = tuple(MOVEMENTS)
    repetitions: int = 1
    seconds: float = 5.0
    size: tuple[int, int] = (1920, 1080)
    palsy_share: float = 0.75
    off_basis_share: float = 0.5

    def __post_init__(self) -> None:
        unknown = [name for name in self.movements if name not in MOVEMENTS]
        if unknown:
            raise UnusableInputError(
                f"There is no movement called {unknown[0]!r}.",
                f"Choose from {', '.join(MOVEMENTS)}.",
            )
        if self.subjects < 1 or self.repetitions < 1 or self.seconds < 2.0 * self.repetitions:
            raise UnusableInputError(
                "A set needs at least one subject, and each repetition at least 2 seconds."
            )
        if any(side < 64 or side % 2 for side in self.size):
            raise UnusableInputError("Width and height must be even and at least 64 pixels.")

    def sid(self, index: int) -> str:
        """Name of a subject's folder."""
        return f"v{self.seed:04d}_{index:03d}"

    def patient(self, index: int) -> Patient:
        """The subject with number `index`."""
        head, _ = shared_head()
        off_basis = _spread(index, self.off_basis_share)
        # The two shares are dealt out independently of each other.
        shuffled = int(np.random.default_rng([self.seed, 7]).permutation(self.subjects)[index])
        palsy = 1.0 if _spread(shuffled, self.palsy_share) else 0.0
        seed = int(np.random.SeedSequence([self.seed, index]).generate_state(1)[0])
        return draw_patient(head, seed, palsy_share=palsy, off_basis=off_basis)


def _spread(index: int, share: float) -> bool:
    """Whether item `index` belongs to an evenly spread `share` of all items."""
    return int((index + 1) * share + 1e-9) > int(index * share + 1e-9)


def pending(plan: Plan, out: Path) -> list[tuple[int, str]]:
    """Takes (subject index, movement) of `plan` that are not in `out` yet."""
    return [
        (index, movement)
        for index in range(plan.subjects)
        for movement in plan.movements
        if not truth_path(session_folder(plan, out, index), movement).exists()
    ]


def session_folder(plan: Plan, out: Path, index: int) -> Path:
    """Where the takes of a subject lie."""
    return out / "subjects" / plan.sid(index) / SESSION


def _check_plan(plan: Plan, out: Path) -> None:
    """Refuse to go on in a folder that holds a set of another plan."""
    path = out / "plan.json"
    content = asdict(plan) | {"movements": sorted(plan.movements), "size": list(plan.size)}
    fixed = {k: v for k, v in content.items() if k not in {"subjects", "movements"}}
    if path.exists():
        known = json.loads(path.read_text())
        if {k: known.get(k) for k in fixed} != fixed:
            raise UnusableInputError(
                f"{out} holds synthetic patients that were made with other settings.",
                "Name another folder, or repeat the settings in its plan.json.",
            )
    elif out.exists() and any(out.iterdir()):
        raise UnusableInputError(f"{out} is not empty.", "Name a new folder.")
    write_json(path, content)


def _write_subjects(plan: Plan, out: Path) -> None:
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(["sid", "affected_side", "house_brackmann", "severity", "in_basis", "split"])
    for index in range(plan.subjects):
        patient = plan.patient(index)
        palsy = patient.palsy
        writer.writerow(
            [
                plan.sid(index),
                palsy.side,
                palsy.grade,
                f"{palsy.severity:.3f}",
                str(patient.in_basis).lower(),
                "test",
            ]
        )
    atomically(out / "subjects.csv", lambda stream: stream.write(rows.getvalue().encode()))


def _film_subject(plan: Plan, out: Path, index: int, movements: Sequence[str]) -> int:
    """Film some takes of one subject; one process, one thread."""
    torch.set_num_threads(1)
    session = Session(plan.patient(index), plan.size)
    folder = session_folder(plan, out, index)
    session.write_description(folder)
    for movement in movements:
        session.write_take(folder, movement, seconds=plan.seconds, repetitions=plan.repetitions)
    return len(movements)


def synthesize(
    plan: Plan,
    out: Path,
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Film what `plan` still lacks in `out`, in `jobs` processes; all cores by default.

    `progress(done, total)` counts takes. Raises UnusableInputError when the folder holds
    something else.
    """
    _check_plan(plan, out)
    _write_subjects(plan, out)
    todo = pending(plan, out)
    total = plan.subjects * len(plan.movements)
    done = total - len(todo)
    report = progress or (lambda *_: None)
    report(done, total)
    # A batch shares one figure (some seconds to make), yet is short enough to keep cores busy.
    batches: list[tuple[int, list[str]]] = []
    for index, movement in todo:
        if batches and batches[-1][0] == index and len(batches[-1][1]) < 5:
            batches[-1][1].append(movement)
        else:
            batches.append((index, [movement]))
    workers = min(jobs or os.cpu_count() or 1, max(len(batches), 1))
    if workers == 1:
        for index, movements in batches:
            done += _film_subject(plan, out, index, movements)
            report(done, total)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [pool.submit(_film_subject, plan, out, i, m) for i, m in batches]
        try:
            for future in as_completed(futures):
                done += future.result()
                report(done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def write_stills(
    plan: Plan, out: Path, count: int, *, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write `count` stills of the plan's seed as `stills/<number>.png` with `.npz` beside them.

    Each npz holds `landmarks_px` (478, 2), `visible` (478,), `vertices_mm` (V, 3), `head_pose`,
    `world_to_camera` (4, 4), `K` (3, 3), `yaw_deg` and `expression`. Stills come in batches of one
    patient; a batch that is complete is kept.
    """
    folder = out / "stills"
    per_patient = 12
    for start in range(0, count, per_patient):
        number = min(per_patient, count - start)
        paths = [folder / f"{start + k:06d}.npz" for k in range(number)]
        if not all(path.exists() for path in paths):
            seed = int(np.random.SeedSequence([plan.seed, start]).generate_state(1)[0])
            for path, still in zip(paths, render_stills(seed, number), strict=True):
                _write_still(path, still)
        if progress is not None:
            progress(start + number, count)


def _write_still(path: Path, still: Still) -> None:
    picture = Image.fromarray(still.image)
    atomically(path.with_suffix(".png"), lambda stream: picture.save(stream, format="PNG"))
    arrays = {
        "landmarks_px": still.landmarks_px,
        "visible": still.visible,
        "vertices_mm": still.vertices_mm.astype(np.float32),
        "head_pose": still.head_pose,
        "world_to_camera": still.camera.world_to_camera,
        "K": still.camera.K,
        "yaw_deg": np.float64(still.yaw_deg),
        "expression": still.expression.astype(np.float32),
    }
    write_truth(path, arrays)
