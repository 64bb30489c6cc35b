"""One take as it happens in space: what face and head do, frame by frame, before any camera."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.data.synthetic.camera import sway
from models.data.synthetic.lids import meet_lids
from models.data.synthetic.movements import (
    CLOSURES,
    SIDES,
    Activations,
    Repetition,
    intend,
    plan_repetitions,
    unit_name,
    wander,
)
from models.data.synthetic.palsy import afflict
from models.data.synthetic.patient import Patient, pose_body
from models.head.model import HeadModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Performance:
    """A take of T frames.

    time_s (T,); plan: when the repetitions happen; expression (T, n_expr); gaze (T, 2, 3)
    axis-angle, left and right eye; body_mm (T, V + N, 3) in the head frame as `pose_body` gives it;
    head_pose (T, 4, 4) head to world, mm.
    """

    movement: str
    time_s: Array
    plan: tuple[Repetition, ...]
    expression: Array
    gaze: Array
    body_mm: Array
    head_pose: Array
    vertices: int

    @property
    def vertices_mm(self) -> Array:
        """(T, V, 3) the head's vertices."""
        return self.body_mm[:, : self.vertices]


def take_rng(seed: int, movement: str, stream: int) -> np.random.Generator:
    """Random numbers of one take that do not depend on which other takes are made."""
    return np.random.default_rng([seed, zlib.crc32(movement.encode()), stream])


def expression_rows(head: HeadModel, activations: Activations, frames: int) -> Array:
    """(frames, n_expr) of named activations; names that the head lacks are ignored."""
    rows = np.zeros((frames, head.n_expression))
    for index, name in enumerate(head.expression_names):
        if name in activations:
            rows[:, index] = activations[name]
    return rows


def look_about(rng: np.random.Generator, time_s: Array, closing: Array) -> Array:
    """(T, 2, 3) gaze: near the camera, with small saccades; the eyes turn up as lids close.

    closing (T, 2): intended closure of the left and the right lid, 0 to 1 (Bell's phenomenon).
    """
    steps = np.cumsum(rng.random(len(time_s)) < 0.03)
    fixations = rng.normal(0, 0.022, (int(steps[-1]) + 1, 2))
    yaw, down = fixations[steps].T + 0.002 * np.stack([wander(rng, time_s, 0.1) for _ in "xy"])
    bell = rng.uniform(0.05, 0.3)
    gaze = np.zeros((len(time_s), 2, 3))
    for k in range(2):
        gaze[:, k, 0] = down - bell * closing[:, k]
        gaze[:, k, 1] = yaw + (0.012 if k else -0.012)
    return gaze


def perform(
    head: HeadModel,
    patient: Patient,
    movement: str,
    head_to_world: Array,
    *,
    seconds: float = 5.0,
    repetitions: int = 1,
    fps: float = 30.0,
) -> Performance:
    """The take of `movement` by `patient`, around the mean pose `head_to_world` (4, 4)."""
    rng = take_rng(patient.seed, movement, 0)
    time_s = np.arange(round(seconds * fps)) / fps
    plan = plan_repetitions(rng, seconds, repetitions)
    intended = intend(movement, time_s, plan, rng, patient.habit)
    shown = afflict(intended, patient.palsy, time_s, take_rng(patient.seed, movement, 1))
    closing = np.stack(
        [intended.get(unit_name("eyeBlink", side), np.zeros_like(time_s)) for side in SIDES], axis=1
    )
    if movement not in CLOSURES:
        closing = 0.3 * closing
    gaze = look_about(rng, time_s, closing)
    expression = meet_lids(head, patient, expression_rows(head, shown, len(time_s)))
    body = pose_body(head, patient, expression, gaze)
    poses = sway(take_rng(patient.seed, movement, 2), head_to_world, time_s)
    return Performance(movement, time_s, plan, expression, gaze, body, poses, len(head.template))
