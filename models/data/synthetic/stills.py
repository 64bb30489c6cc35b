"""Endless single pictures with truth, for calibrating and training: any pose, any expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.data.synthetic import sensor as sensors
from models.data.synthetic import truth
from models.data.synthetic.acting import expression_rows
from models.data.synthetic.camera import FACING, look_at
from models.data.synthetic.chart import Chart
from models.data.synthetic.figure import Figure
from models.data.synthetic.filming import Studio
from models.data.synthetic.lids import meet_lids
from models.data.synthetic.light import draw_light
from models.data.synthetic.movements import INTENTS, SIDES, Activations, unit_name
from models.data.synthetic.palsy import BRANCH_OF_UNIT, afflict
from models.data.synthetic.patient import Patient, draw_patient, pose_body
from models.data.synthetic.session import shared_head
from models.head.topology import Topology
from models.reconstruction import Camera
from models.render import project, rasterize, to_camera

Array = NDArray[np.float64]

# Stills are small: a coarser skin serves them.
_TEXELS = 768
_IRISES = {"right": range(468, 473), "left": range(473, 478)}


@lru_cache(maxsize=1)
def _small_chart() -> Chart:
    return Chart.of(shared_head()[0].topology, _TEXELS)


@dataclass(frozen=True)
class Still:
    """image (H, W, 3) uint8 RGB; landmarks_px (478, 2) and visible (478,) of the embedding, irises
    at their true width; vertices_mm (V, 3) in the head frame; head_pose (4, 4) head to world, mm;
    yaw_deg > 0 when the camera sees more of the patient's left half; expression (n_expr,)."""

    image: NDArray[np.uint8]
    landmarks_px: Array
    visible: NDArray[np.bool_]
    vertices_mm: Array
    head_pose: Array
    camera: Camera
    yaw_deg: float
    expression: Array
    patient: Patient


def landmark_points(topology: Topology, vertices_mm: Array, iris_mm: float) -> Array:
    """(478, 3) points of the embedding on a face (V, 3); iris rims at `iris_mm` / 2."""
    corners = vertices_mm[topology.landmark_vertices]
    points = np.einsum("lk,lki->li", topology.landmark_weights, corners)
    for side, indices in _IRISES.items():
        eye = topology.regions[f"eye_{side}"]
        middle = vertices_mm[eye].mean(axis=0)
        centre, rim = indices[0], list(indices[1:])
        axis = points[centre] - middle
        radius = float(np.linalg.norm(axis))
        axis /= radius
        across = points[rim] - middle
        across -= (across @ axis)[:, None] * axis
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        half = 0.5 * iris_mm
        points[rim] = middle + half * across + np.sqrt(radius**2 - half**2) * axis
    return np.asarray(points)


def landmark_visibility(
    figure: Figure,
    body_mm: Array,
    points_mm: Array,
    head_to_camera: Array,
    K: Array,
    size: tuple[int, int],
) -> NDArray[np.bool_]:
    """(478,) whether nothing lies more than 3 mm in front of a landmark in a camera."""
    width, height = size
    screen = project(to_camera(figure.pose(body_mm), head_to_camera), K)
    found = rasterize(screen, figure.faces, (height, width))
    marks = project(to_camera(points_mm, head_to_camera), K)
    column, row = np.floor(marks[:, :2]).astype(int).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    depth = np.full(len(marks), -1.0)
    depth[inside] = found.depth[row[inside], column[inside]]
    return np.asarray(inside & ((depth < 0) | (marks[:, 2] <= depth + 3.0)))


def draw_activations(rng: np.random.Generator, patient: Patient) -> Activations:
    """Some moment of some expression: a movement of the protocol, or units at random; often
    one-sided, often with closed eyes."""
    one = np.ones(1)
    result: Activations = {}
    if rng.random() < 0.6:
        movement = str(rng.choice(list(INTENTS)))
        height = rng.uniform(0.2, 1.1)
        for unit, value in INTENTS[movement].items():
            for side in SIDES:
                gain = 1.0 if unit == "eyeBlink" and height > 0.6 else height
                result[unit_name(unit, side)] = one * min(value * gain, 1.15)
        result = afflict(result, patient.palsy, np.zeros(1), rng)
    else:
        for unit in rng.choice(list(BRANCH_OF_UNIT), 3, replace=False):
            height, balance = rng.uniform(0.1, 1.0), rng.uniform(-1, 1)
            for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
                share = np.clip(1 + sign * balance, 0, 1)
                result[unit_name(str(unit), side)] = one * height * share
    if rng.random() < 0.2:
        result["jawOpen"] = one * rng.uniform(0.05, 0.5)
    if rng.random() < 0.25:
        for side in SIDES:
            closed = rng.choice([0.0, rng.uniform(0.2, 0.8), 1.0], p=[0.15, 0.25, 0.6])
            result[unit_name("eyeBlink", side)] = one * closed
    return result


def render_stills(
    seed: int,
    n: int,
    *,
    size: tuple[int, int] = (512, 512),
    per_patient: int = 12,
    yaw_deg: tuple[float, float] = (-60.0, 60.0),
    iris_px: tuple[float, float] = (14.0, 24.0),
) -> Iterator[Still]:
    """Yield `n` stills, deterministic by `seed`, a new patient after every `per_patient`.

    size: (width, height); yaw uniform in `yaw_deg`; the front iris is `iris_px` pixels wide.
    """
    head, _ = shared_head()
    topology = head.topology
    chart = _small_chart()
    for start in range(0, n, per_patient):
        rng = np.random.default_rng([seed, start])
        count = min(per_patient, n - start)
        patient = draw_patient(
            head, int(rng.integers(2**31)), palsy_share=0.5, off_basis=bool(rng.random() < 0.5)
        )
        faces = np.zeros((2 + count, head.n_expression))
        for side in SIDES:
            faces[1, head.expression_names.index(unit_name("eyeBlink", side))] = 1.0
        for k in range(count):
            faces[2 + k] = expression_rows(head, draw_activations(rng, patient), 1)[0]
        faces = meet_lids(head, patient, faces)
        gaze = np.zeros((2 + count, 2, 3))
        gaze[2:, :, 0] = rng.normal(0, 0.08, (count, 1))
        gaze[2:, :, 1] = rng.normal(0, 0.15, (count, 1)) + np.array([-0.012, 0.012])
        bodies = pose_body(head, patient, faces, gaze)
        vertices = bodies[:, : len(head.template)]
        figure = Figure(chart, patient, vertices[0])
        pose = np.eye(4)
        pose[:3, :3] = FACING
        cameras: dict[str, Camera] = {}
        yaws = rng.uniform(*yaw_deg, count)
        for k in range(count):
            distance = rng.uniform(500, 1200)
            matrix = look_at(
                np.array([0.0, 30.0, 40.0]) + rng.normal(0, 10.0, 3),
                distance,
                yaws[k],
                rng.uniform(-18, 22),
            )
            roll = np.radians(rng.normal(0, 8))
            turn = np.eye(4)
            turn[:2, :2] = [[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]
            f = rng.uniform(*iris_px) / patient.look.iris_mm * distance
            K = np.array([[f, 0, size[0] / 2], [0, f, size[1] / 2], [0, 0, 1.0]])
            cameras[str(k)] = Camera(K, turn @ matrix, *size)
        sensor = sensors.draw_sensor(rng)
        studio = Studio(
            figure,
            bodies[0],
            bodies[1],
            draw_light(rng),
            sensor,
            cameras,
            pose,
            patient.seed,
            shadow_rays=20,
        )
        gap = truth.lid_gap_mm(topology, vertices)
        grain = sensors.noise_field(rng)
        for k in range(count):
            face, camera = vertices[2 + k], cameras[str(k)]
            clean = studio.frame(str(k), bodies[2 + k], pose, studio.closure(gap[2 + k], gap[0]))
            image = np.empty_like(clean)
            row, column = rng.integers(0, 512, 2).tolist()
            sensors.grainy(clean, grain, (row, column), sensor.noise, image)
            marks = landmark_points(topology, face, patient.look.iris_mm)
            to_view = camera.world_to_camera @ pose
            visible = landmark_visibility(figure, bodies[2 + k], marks, to_view, camera.K, size)
            yield Still(
                image,
                project(to_camera(marks, to_view), camera.K)[:, :2],
                visible,
                face,
                pose,
                camera,
                float(yaws[k]),
                faces[2 + k],
                patient,
            )
