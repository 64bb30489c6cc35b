"""Stills of virtual patients for learning: groups of one person in one view, with exact truth.

Seeds from `FIRST_SEED` upwards are kept for learning; evaluations take lower ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from models.data.synthetic.camera import draw_cameras, sway
from models.data.synthetic.chart import Chart
from models.data.synthetic.figure import SKIN_TEXELS, Figure
from models.data.synthetic.filming import Studio
from models.data.synthetic.light import draw_light
from models.data.synthetic.movements import SIDES, intend, plan_repetitions
from models.data.synthetic.palsy import afflict
from models.data.synthetic.patient import Patient, draw_patient, pose_face
from models.data.synthetic.sensor import draw_sensor
from models.data.synthetic.truth import lid_gap_mm
from models.head.model import HeadModel
from models.head.topology import Topology
from models.movements import PROTOCOL, View
from models.reconstruction import Array, Camera

FIRST_SEED = 900_000_000
# The landmark network looks at 192 px: half of full HD shows it all there is.
SIZE = (960, 540)
IRIS_PX = (18.0, 30.0)
# `mouthClose` only undoes `jawOpen`, and the eyes turn by their joints.
NOT_ALONE = ("mouthClose", "eyeLook")
IRISES = ((468, range(469, 473)), (473, range(474, 478)))


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
    gaze = rng.normal(0.0, 0.12, (count, 1, 3)) * (1.0, 1.0, 0.0)
    faces_mm = pose_face(head, patient, expression, np.repeat(gaze, 2, axis=1))
    shut = np.zeros((1, head.n_expression))
    shut[0, [head.expression_names.index(f"eyeBlink{side.capitalize()}") for side in SIDES]] = 1.0
    closed_mm = pose_face(head, patient, shut, np.zeros((1, 2, 3)))[0]
    figure = Figure(topology, Chart.of(topology, SKIN_TEXELS), patient, faces_mm[0])
    cameras, pose = draw_cameras(rng, SIZE, patient.look.iris_mm, IRIS_PX)
    sensor = draw_sensor(rng)
    studio = Studio(figure, closed_mm, draw_light(rng), sensor, cameras, pose, seed)
    gaps_mm = lid_gap_mm(topology, faces_mm)
    for index, face in enumerate(faces_mm):
        turned = _turned(pose, rng, size_deg=3.0 if index == 0 else 6.0)
        closure = studio.closure(gaps_mm[index], gaps_mm[0])
        points = landmarks_mm(topology, face, patient.look.iris_mm)
        for view, camera in cameras.items():
            image = studio.frame(view, face, turned, closure)
            grain = rng.normal(0.0, sensor.noise, image.shape)
            yield Still(
                np.clip(image + grain, 0, 255).astype(np.uint8),
                _project(points, turned, camera),
                view,
                seed,
                expression[index],
            )


def landmarks_mm(topology: Topology, face_mm: Array, iris_mm: float) -> Array:
    """(478, 3) the embedding's points on a face (V, 3), the iris rims at the drawn diameter."""
    points = np.einsum("lc,lcd->ld", topology.landmark_weights, face_mm[topology.landmark_vertices])
    for centre, rim in IRISES:
        offset = points[list(rim)] - points[centre]
        radius = np.linalg.norm(offset, axis=1, keepdims=True)
        points[list(rim)] = points[centre] + offset / radius * (iris_mm / 2)
    return np.asarray(points)


def _draw_face(head: HeadModel, patient: Patient, rng: np.random.Generator, *, rest: bool) -> Array:
    """(n_expression,) a face of the protocol at some moment, or a mixture of single units."""
    expression = np.zeros(head.n_expression)
    names = {name: index for index, name in enumerate(head.expression_names)}
    time_s = np.arange(0.0, 5.0, 1 / 30)
    plan = plan_repetitions(rng, 5.0, 1)
    movement = "rest" if rest else str(rng.choice([m.id for m in PROTOCOL[1:]]))
    intended = intend(movement, time_s, plan, rng, patient.habit)
    shown = afflict(intended, patient.palsy, time_s, rng)
    moment = 0 if rest else int(rng.uniform(plan[0].onset_s, plan[0].release_s) * 30)
    for name, course in shown.items():
        if name in names:
            expression[names[name]] = course[moment]
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
    return swayed


def _project(points_mm: Array, head_to_world: Array, camera: Camera) -> Array:
    pose = camera.world_to_camera @ head_to_world
    seen = points_mm @ pose[:3, :3].T + pose[:3, 3]
    pixels = seen @ camera.K.T
    return np.asarray(pixels[:, :2] / pixels[:, 2:])
