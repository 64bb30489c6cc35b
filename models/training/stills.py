"""Stills of virtual patients for learning: groups of one person in one view, with exact truth.

Seeds from `FIRST_SEED` upwards are kept for learning; evaluations take lower ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from models.data.synthetic.acting import expression_rows
from models.data.synthetic.camera import draw_cameras, sway
from models.data.synthetic.chart import Chart
from models.data.synthetic.figure import Figure
from models.data.synthetic.filming import Studio
from models.data.synthetic.light import draw_light
from models.data.synthetic.movements import SIDES, intend, plan_repetitions
from models.data.synthetic.palsy import afflict
from models.data.synthetic.patient import Patient, draw_patient, pose_body
from models.data.synthetic.sensor import draw_sensor, grainy, noise_field
from models.data.synthetic.stills import landmark_points
from models.data.synthetic.truth import lid_gap_mm
from models.head.model import HeadModel
from models.movements import PROTOCOL, View
from models.reconstruction import Array
from models.render import project, to_camera

FIRST_SEED = 900_000_000
# The landmark network looks at 192 px: half of full HD shows it all there is.
SIZE = (960, 540)
IRIS_PX = (18.0, 30.0)
# Coarser than for film: the network would not see more.
TEXELS = 768
SHADOW_RAYS = 20
# `mouthClose` only undoes `jawOpen`, and the eyes turn by their joints.
NOT_ALONE = ("mouthClose", "eyeLook")


@dataclass(frozen=True)
class Still:
    """One picture and what is true in it.

    image (H, W, 3) RGB; landmarks_px (478, 2) where the embedding's points are, hidden ones too
    (iris rims: the drawn iris); expression (n,) activations; `person` the patient's seed.
    """

    image: NDArray[np.uint8]
    landmarks_px: Array
    view: View
    person: int
    expression: Array


def film_stills(head: HeadModel, seed: int, count: int) -> Iterator[Still]:
    """`count` faces of the patient of `seed`, the first at rest, each in three views."""
    rng = np.random.default_rng([seed, 41])
    patient = draw_patient(head, seed, off_basis=bool(rng.random() < 0.5))
    topology = head.topology
    expression = np.stack(
        [_draw_face(head, patient, rng, rest=index == 0) for index in range(count)]
    )
    shut = np.zeros(head.n_expression)
    shut[[head.expression_names.index(f"eyeBlink{side.capitalize()}") for side in SIDES]] = 1.0
    gaze = np.repeat(rng.normal(0.0, 0.12, (count + 1, 1, 3)) * (1.0, 1.0, 0.0), 2, axis=1)
    gaze[-1] = 0.0
    bodies = pose_body(head, patient, np.concatenate([expression, shut[None]]), gaze)
    faces_mm = bodies[:, : len(head.template)]
    figure = Figure(Chart.of(topology, TEXELS), patient, faces_mm[0])
    cameras, pose = draw_cameras(rng, SIZE, patient.look.iris_mm, IRIS_PX)
    sensor, light = draw_sensor(rng), draw_light(rng)
    by_name = {str(view): camera for view, camera in cameras.items()}
    studio = Studio(
        figure, bodies[0], bodies[-1], light, sensor, by_name, pose, seed,
        shadow_rays=SHADOW_RAYS,
    )  # fmt: skip
    gaps_mm = lid_gap_mm(topology, faces_mm)
    grain = noise_field(rng)
    for index in range(count):
        turned = _turned(pose, rng, size_deg=3.0 if index == 0 else 6.0)
        closure = studio.closure(gaps_mm[index], gaps_mm[0])
        points = landmark_points(topology, faces_mm[index], patient.look.iris_mm)
        for view, camera in cameras.items():
            clean = studio.frame(view, bodies[index], turned, closure)
            image = np.empty_like(clean)
            row, column = rng.integers(0, 512, 2).tolist()
            grainy(clean, grain, (row, column), sensor.noise, image)
            marks = project(to_camera(points, camera.world_to_camera @ turned), camera.K)
            yield Still(image, marks[:, :2], view, seed, expression[index])


def _draw_face(head: HeadModel, patient: Patient, rng: np.random.Generator, *, rest: bool) -> Array:
    """(n_expression,) a face of the protocol at some moment, or a mixture of single units."""
    names = {name: index for index, name in enumerate(head.expression_names)}
    time_s = np.arange(0.0, 5.0, 1 / 30)
    plan = plan_repetitions(rng, 5.0, 1)
    movement = "rest" if rest else str(rng.choice([m.id for m in PROTOCOL[1:]]))
    intended = intend(movement, time_s, plan, rng, patient.habit)
    shown = afflict(intended, patient.palsy, time_s, rng)
    moment = 0 if rest else int(rng.uniform(plan[0].onset_s, plan[0].release_s) * 30)
    expression = expression_rows(head, shown, len(time_s))[moment]
    if not rest and rng.random() < 0.5:
        free = [index for name, index in names.items() if not name.startswith(NOT_ALONE)]
        drawn = rng.choice(free, rng.integers(1, 6), replace=False)
        expression[drawn] = np.maximum(expression[drawn], rng.beta(1.0, 1.3, len(drawn)))
    if not rest and rng.random() < 0.25:
        for side in SIDES:
            lids = names[f"eyeBlink{side.capitalize()}"]
            expression[lids] = min(1.0, rng.uniform(0.0, 1.3))
    return np.asarray(expression)


def _turned(pose: Array, rng: np.random.Generator, size_deg: float) -> Array:
    """The head pose (4, 4) turned a little about the neck, as a patient's head does."""
    swayed = sway(rng, pose, np.zeros(1))[0]
    angles = rng.normal(0.0, size_deg, 3) * (0.7, 1.0, 0.7)
    swayed[:3, :3] = swayed[:3, :3] @ Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    return np.asarray(swayed)
