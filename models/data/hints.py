"""Films the open head doing each movement of the protocol: the hints of the capture page.

python -m models.data.hints [FOLDER]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import torch
from numpy.typing import NDArray

from models.data.synthetic.lids import meet_lids
from models.data.synthetic.movements import INTENTS, SIDES, smooth_step, unit_name
from models.data.synthetic.patient import draw_patient
from models.head.model import HeadModel, load_head
from models.render.shaded import render_shaded

FOLDER = Path(__file__).resolve().parents[2] / "frontend/src/capture/hints"
SIZE_PX = 320
FPS = 25
SECONDS = 3.0
# Rest, rise, hold, fall, rest: the film ends as it begins, so that it can go round.
RISE_S, HOLD_S, FALL_S, REST_S = 0.48, 1.12, 0.48, 0.6
# The picture is drawn larger and averaged: the rasteriser has no soft edges.
_OVERSAMPLING = 2
_BATCH = 5
_DISTANCE_M = 1.0
# Height of the picture at the face, and where its middle lies.
_SPAN_M, _MIDDLE_M = 0.2, -0.04
_GROUND = 0.95
_SKIN, _EYES, _IRIS = 0.62, 0.95, 0.2
_IRIS_M = 0.0059


def strength(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T,) how far the movement is, 0 at rest and 1 in the hold."""
    rise = smooth_step((time_s - REST_S) / RISE_S)
    fall = smooth_step((time_s - REST_S - RISE_S - HOLD_S) / FALL_S)
    return np.asarray(rise * (1 - fall))


def expressions(head: HeadModel, movement: str, course: NDArray[np.float64]) -> torch.Tensor:
    """(T, E) unit activations at strengths `course` (T,), both sides alike."""
    rows = np.zeros((len(course), head.n_expression))
    for unit, full in INTENTS[movement].items():
        for name in {unit_name(unit, side) for side in SIDES}:
            if name in head.expression_names:
                rows[:, head.expression_names.index(name)] = full * course
    average = replace(draw_patient(head, 0), identity=np.zeros(head.n_shape))
    return torch.from_numpy(meet_lids(head, average, rows)).float()


def shades(head: HeadModel) -> torch.Tensor:
    """(V, 3) how light the surface is: skin, and eyes with an iris."""
    shade = np.full(len(head.template), _SKIN)
    vertices = head.template.numpy()
    for k, centre_mm in enumerate(head.topology.eye_centres_mm):
        eye = head.lbs_weights[:, 3 + k].numpy() > 0.5
        around = np.linalg.norm(vertices[:, :2] - centre_mm[:2] / 1000, axis=1)
        iris = eye & (around < _IRIS_M) & (vertices[:, 2] > centre_mm[2] / 1000)
        shade[eye], shade[iris] = _EYES, _IRIS
    return torch.from_numpy(shade).float()[:, None].expand(-1, 3)


@torch.no_grad()
def pictures(head: HeadModel, movement: str) -> Iterator[NDArray[np.uint8]]:
    """The frames of the film, (320, 320) grey, the face from the front."""
    side = SIZE_PX * _OVERSAMPLING
    focal = side * _DISTANCE_M / _SPAN_M
    K = torch.tensor([[focal, 0, side / 2], [0, focal, side / 2], [0, 0, 1]])
    pose = torch.diag(torch.tensor([1.0, -1.0, -1.0, 1.0]))
    pose[1, 3], pose[2, 3] = _MIDDLE_M, _DISTANCE_M
    faces = torch.from_numpy(np.ascontiguousarray(head.topology.faces)).long()
    albedo = shades(head)
    light = torch.zeros(9, 3)
    light[0], light[1], light[2], light[3] = 2.05, -0.55, -1.15, -0.35
    course = strength(np.arange(round(SECONDS * FPS)) / FPS).round(4)
    # The fall shows what the rise showed: each picture is drawn once.
    levels, shown = np.unique(course, return_inverse=True)
    rows = expressions(head, movement, levels)
    drawn: list[NDArray[np.uint8]] = []
    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        vertices = head(some.new_zeros(len(some), head.n_shape), some)
        seen = render_shaded(
            vertices, faces, K, (side, side), world_to_camera=pose, light=light, albedo=albedo
        )
        grey = seen.image[:, :1].clamp(0, 1) * seen.mask + _GROUND * (1 - seen.mask)
        small = torch.nn.functional.avg_pool2d(grey, _OVERSAMPLING)[:, 0]
        drawn += list((small * 255).round().to(torch.uint8).numpy())
    yield from (drawn[index] for index in shown)


def write_film(path: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
    """Write grey frames (H, W) as H.264."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width = stream.height = SIZE_PX
        stream.pix_fmt = "yuv420p"
        # One thread: the same film on every machine.
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"preset": "veryslow", "crf": "24"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode())


def main(folder: Path) -> None:
    """Write the film of each movement into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    head = load_head()
    for movement in INTENTS:
        path = folder / f"{movement}.mp4"
        write_film(path, pictures(head, movement))
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
