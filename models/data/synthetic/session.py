"""One sitting of a virtual patient: same room, cameras and clothes; takes are filmed in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.synthetic import sensor as sensors
from models.data.synthetic import truth
from models.data.synthetic.acting import Performance, perform, take_rng
from models.data.synthetic.camera import calibration, draw_cameras
from models.data.synthetic.chart import Chart
from models.data.synthetic.figure import Figure
from models.data.synthetic.filming import Studio
from models.data.synthetic.light import draw_light
from models.data.synthetic.movements import SIDES, unit_name
from models.data.synthetic.palsy import BRANCHES
from models.data.synthetic.patient import Patient, pose_body
from models.data.synthetic.writer import clip_path, truth_path, write_json, write_truth, write_video
from models.head.model import HeadModel, load_head
from models.movements import View

Array = NDArray[np.float64]

FPS = 30
TEXELS = 1536


@lru_cache(maxsize=1)
def shared_head() -> tuple[HeadModel, Chart]:
    """The open head and its chart with the positions under all texels, once a process."""
    head = load_head()
    chart = Chart.of(head.topology, TEXELS)
    return head, chart


class Session:
    """Films takes of one patient.

    size: (width, height); iris_px: range of the width of the iris in the front view, in pixels.
    The figure, its textures and light are made when the first frame is asked for.
    """

    def __init__(
        self,
        patient: Patient,
        size: tuple[int, int],
        *,
        iris_px: tuple[float, float] | None = None,
    ) -> None:
        self.patient = patient
        self.size = size
        self.head, self._chart = shared_head()
        rng = np.random.default_rng([patient.seed, 31])
        share = min(size[0] / 1920, size[1] / 1080)
        wanted = iris_px or (41.0 * share, 44.0 * share)
        self.cameras, self.head_to_world = draw_cameras(rng, size, patient.look.iris_mm, wanted)
        self.light = draw_light(rng)
        self.sensor = sensors.draw_sensor(rng)
        self._studio: Studio | None = None

    @property
    def studio(self) -> Studio:
        """The figure in its light, made on first use."""
        if self._studio is None:
            head, patient = self.head, self.patient
            faces = np.zeros((2, head.n_expression))
            for side in SIDES:
                faces[1, head.expression_names.index(unit_name("eyeBlink", side))] = 1.0
            still, closed = pose_body(head, patient, faces, np.zeros((2, 2, 3)))
            figure = Figure(self._chart, patient, still[: len(head.template)])
            self._studio = Studio(
                figure,
                still,
                closed,
                self.light,
                self.sensor,
                {str(view): camera for view, camera in self.cameras.items()},
                self.head_to_world,
                patient.seed,
            )
        return self._studio

    def act(self, movement: str, *, seconds: float = 5.0, repetitions: int = 1) -> Performance:
        """What happens in a take, without any picture."""
        return perform(
            self.head,
            self.patient,
            movement,
            self.head_to_world,
            seconds=seconds,
            repetitions=repetitions,
            fps=FPS,
        )

    def frames(self, performance: Performance, view: View) -> Iterator[NDArray[np.uint8]]:
        """The frames of one view as (H, W, 3) RGB, without sensor noise."""
        gap = truth.lid_gap_mm(self.head.topology, performance.vertices_mm)
        rest_gap = np.quantile(gap, 0.9, axis=0)
        for t, body in enumerate(performance.body_mm):
            shut = self.studio.closure(gap[t], rest_gap)
            yield self.studio.frame(view, body, performance.head_pose[t], shut)

    def _planes(self, performance: Performance, view: View) -> Iterator[NDArray[np.uint8]]:
        rng = take_rng(self.patient.seed, f"{performance.movement}/{view}", 3)
        grain = sensors.noise_field(rng)
        width, height = self.size
        for picture in self.frames(performance, view):
            planes = np.empty((height * 3 // 2, width), dtype=np.uint8)
            row, column = rng.integers(0, 512, 2).tolist()
            sensors.expose(picture, grain, (row, column), self.sensor.noise, planes)
            yield planes

    def write_take(
        self, folder: Path, movement: str, *, seconds: float = 5.0, repetitions: int = 1
    ) -> None:
        """Film `movement` into a session's folder: three videos, then the truth."""
        performance = self.act(movement, seconds=seconds, repetitions=repetitions)
        share = self.size[0] * self.size[1] / (1920 * 1080)
        bitrate = max(int(self.sensor.bitrate_bps * share), 300_000)
        for view in self.cameras:
            write_video(
                clip_path(folder, movement, view),
                self._planes(performance, view),
                self.size,
                FPS,
                bitrate,
            )
        write_truth(truth_path(folder, movement), self.truth(performance))

    def truth(self, performance: Performance) -> dict[str, Any]:
        """The arrays of `truth/<action>.npz`; see the layout in `dataset`."""
        topology, patient = self.head.topology, self.patient
        vertices = performance.vertices_mm
        measures = truth.measure(
            topology, vertices, performance.time_s, performance.movement, performance.plan
        )
        return {
            "vertices_mm": vertices.astype(np.float32),
            "time_s": performance.time_s,
            "head_pose": performance.head_pose,
            "expression": performance.expression.astype(np.float32),
            "expression_names": np.array(self.head.expression_names),
            "identity": patient.identity,
            "scale": np.float64(patient.scale),
            "lid_gap_mm": truth.lid_gap_mm(topology, vertices),
            "measures": np.array(json.dumps(measures)),
            "cameras": np.array(json.dumps(calibration(self.cameras))),
            "iris_mm": np.float64(patient.look.iris_mm),
            "in_basis": np.bool_(patient.in_basis),
            "side": np.array(patient.palsy.side),
            "severity": np.array([patient.palsy.weakness.get(b, 0.0) for b in BRANCHES]),
            "branches": np.array(BRANCHES),
            "seed": np.int64(patient.seed),
        }

    def write_description(self, folder: Path) -> None:
        """Write `calibration.json` and `patient.json` of the session."""
        write_json(folder / "calibration.json", calibration(self.cameras))
        palsy = self.patient.palsy
        write_json(
            folder / "patient.json",
            {
                "seed": self.patient.seed,
                "in_basis": self.patient.in_basis,
                "iris_mm": self.patient.look.iris_mm,
                "scale": self.patient.scale,
                "age_years": round(self.patient.look.age),
                "palsy": asdict(palsy) | {"severity": palsy.severity, "grade": palsy.grade},
            },
        )
