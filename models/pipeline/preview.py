"""The preview picture of a result: each view at rest and at the peak, the mesh, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.capture.verdict import Verdict
from models.head.normals import vertex_normals
from models.head.topology import Topology
from models.movements import MOVEMENTS, NOTICE, View
from models.pipeline.drawing import (
    SCALE_MM,
    VIEW_WORDS,
    Distort,
    FaceDrawing,
    UInt8,
    diverging_rgb,
    facing_faces,
    fitting_size,
    lay,
    legend_bar,
    text_block,
    text_width,
)
from models.reconstruction import Array, Camera
from models.render import project, rasterize

Words = tuple[str, int, tuple[int, int, int]]

_PAPER = (251, 251, 249)
_INK = (32, 36, 42)
_QUIET = (112, 118, 126)
_EMPTY = (232, 233, 232)
_VERDICTS: Mapping[Verdict, tuple[str, tuple[int, int, int], tuple[int, int, int]]] = {
    "ok": ("quality: ok", (255, 255, 255), (62, 104, 156)),
    "usable_with_warning": ("quality: usable with warning", _INK, (240, 178, 60)),
    "rejected": ("quality: rejected", (255, 255, 255), (60, 52, 50)),
}
# As somebody sees them who faces the patient.
_ORDER: tuple[View, ...] = ("right", "center", "left")
_MARGIN_PX = 16
_GAP_PX = 6
_CELL_PX = 300
_SMALL_CELL_PX = 200
_FINE = 2
# The mesh is seen from this far away, which spans this much of it from top to bottom.
_DISTANCE_MM = 900.0
_SPAN_MM = 235.0
_LIGHT = np.array([0.25, 0.45, 0.86])
_SKIN_RGB = np.array([222.0, 221.0, 217.0])
_INSIDE_RGB = np.array([96.0, 90.0, 90.0])
_EYE_RGB = np.array([240.0, 240.0, 238.0])
_IRIS_RGB = np.array([104.0, 116.0, 124.0])
_PUPIL_RGB = np.array([34.0, 36.0, 40.0])
_PUPIL_SHARE = 0.45
# Landmarks in the middle and on the rim of the irises, with their eyeballs.
_IRISES = (("eye_left", 473, 474), ("eye_right", 468, 469))


@dataclass(frozen=True)
class PreviewPicture:
    """What one camera showed at a moment.

    image: (S, S) grey or (S, S, 3) RGB uint8; from_frame: (2, 3) pixels of the full-size frame to
    pixels of `image` (a crop), NaN where the camera saw no face; head_pose: (4, 4) head to world.
    """

    image: UInt8
    from_frame: Array
    head_pose: Array


@dataclass(frozen=True)
class PreviewMoment:
    """A moment of a take: `words` such as "rest"; vertices_mm (V, 3) in the head frame, values_mm
    (V,) signed asymmetry for the colours, None without."""

    words: str
    time_s: float
    vertices_mm: NDArray[np.floating]
    values_mm: NDArray[np.floating] | None
    pictures: Mapping[View, PreviewPicture]


@dataclass(frozen=True)
class PreviewTake:
    """A take and what to show of it: usually rest and peak; a still has one moment.

    notes: short lines for a person, such as the main measures with their intervals.
    """

    movement: str
    verdict: Verdict
    notes: tuple[str, ...]
    moments: tuple[PreviewMoment, ...]


def write_preview(
    out: Path,
    takes: Sequence[PreviewTake],
    *,
    cameras: Mapping[View, Camera],
    topology: Topology,
    distort: Mapping[View, Distort] | None = None,
) -> None:
    """Write the picture of all takes, one below the other, as PNG, whole or not at all.

    cameras: of the upright full-size frames; distort: undistorted to recorded pixels (N, 2) of
    the views whose lens bends. The same input gives the same file.
    """
    views = [view for view in _ORDER if view in cameras]
    cell_px = _CELL_PX if len(takes) <= 1 else _SMALL_CELL_PX
    drawing = FaceDrawing(topology)
    parts = [_take_part(take, views, cameras, drawing, distort or {}, cell_px) for take in takes]
    width = max((part.shape[1] for part in parts), default=_CELL_PX * 2)
    parts.append(_footer(width))
    page = np.full((sum(len(part) for part in parts), width, 3), _PAPER, dtype=np.uint8)
    top = 0
    for part in parts:
        lay(page, part, 0, top)
        top += len(part)
    partial = out.with_name(f".{out.stem}.partial.png")
    try:
        Image.fromarray(page).save(partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _take_part(
    take: PreviewTake,
    views: Sequence[View],
    cameras: Mapping[View, Camera],
    drawing: FaceDrawing,
    distort: Mapping[View, Distort],
    cell_px: int,
) -> UInt8:
    step = cell_px + _GAP_PX
    grid_left = (
        _MARGIN_PX
        + max(text_width(words, 14) for words in ("000.00 s", *(m.words for m in take.moments)))
        + 2 * _GAP_PX
    )
    width = grid_left + (len(views) + 1) * step - _GAP_PX + _MARGIN_PX
    header = _header(take, width)
    captions_top = len(header)
    grid_top = captions_top + 24
    part = np.full((grid_top + len(take.moments) * step + _GAP_PX, width, 3), _PAPER, np.uint8)
    lay(part, header, 0, 0)
    captions = [*(VIEW_WORDS[view] for view in views), "mesh, from the front"]
    for column, caption in enumerate(captions):
        size = fitting_size(caption, 14, cell_px - 8)
        lay(
            part, text_block(caption, size, _QUIET, _PAPER), grid_left + column * step, captions_top
        )
    for row, moment in enumerate(take.moments):
        top = grid_top + row * step
        lay(part, text_block(moment.words, 14, _INK, _PAPER), _MARGIN_PX - 4, top)
        clock = text_block(f"{moment.time_s:.2f} s", 14, _QUIET, _PAPER)
        lay(part, clock, _MARGIN_PX - 4, top + 20)
        cells = [
            _view_cell(moment, view, cameras[view], drawing, distort.get(view), cell_px)
            for view in views
        ]
        cells.append(_mesh_cell(moment, drawing, cell_px))
        for column, cell in enumerate(cells):
            lay(part, cell, grid_left + column * step, top)
    return part


def _header(take: PreviewTake, width: int) -> UInt8:
    """The movement, the verdict at the right, and the notes below."""
    movement = MOVEMENTS.get(take.movement)
    title = movement.title if movement is not None else take.movement
    words, ink, paper = _VERDICTS[take.verdict]
    chip = text_block(words, 15, ink, paper)
    size = fitting_size(title, 26, width - chip.shape[1] - 3 * _MARGIN_PX)
    header = np.full((56 + 22 * len(take.notes), width, 3), _PAPER, dtype=np.uint8)
    lay(header, text_block(title, size, _INK, _PAPER), _MARGIN_PX - size // 3, 10)
    lay(header, chip, width - _MARGIN_PX - chip.shape[1], 16)
    for line, note in enumerate(take.notes):
        note_px = fitting_size(note, 15, width - 2 * _MARGIN_PX)
        block = text_block(note, note_px, _INK, _PAPER)
        lay(header, block, _MARGIN_PX - note_px // 3, 50 + 22 * line)
    return header


def _view_cell(
    moment: PreviewMoment,
    view: View,
    camera: Camera,
    drawing: FaceDrawing,
    distort: Distort | None,
    cell_px: int,
) -> UInt8:
    """(cell, cell, 3) a camera's picture with the mesh over it."""
    picture = moment.pictures.get(view)
    if picture is None or not np.isfinite(picture.from_frame).all():
        return _empty_cell("no face seen", cell_px)
    # Drawn large and shrunk, so that lines stay finer than a pixel.
    size = cell_px * _FINE
    image = cv2.resize(picture.image, (size, size), interpolation=cv2.INTER_CUBIC)
    if image.ndim == 2:
        image = np.repeat(image[:, :, None], 3, axis=2)
    cell = np.ascontiguousarray(image, dtype=np.uint8)
    screen = project(
        moment.vertices_mm.astype(np.float64),
        camera.K,
        camera.world_to_camera @ picture.head_pose,
    )
    recorded = screen[:, :2] if distort is None else distort(screen[:, :2])
    placed = recorded @ picture.from_frame[:, :2].T + picture.from_frame[:, 2]
    screen[:, 0] = placed[:, 0] * (size / picture.image.shape[1])
    screen[:, 1] = placed[:, 1] * (size / picture.image.shape[0])
    drawing.paint(cell, screen, moment.values_mm)
    return np.asarray(cv2.resize(cell, (cell_px, cell_px), interpolation=cv2.INTER_AREA))


def _empty_cell(words: str, cell_px: int) -> UInt8:
    cell = np.full((cell_px, cell_px, 3), _EMPTY, dtype=np.uint8)
    block = text_block(words, 14, _QUIET, _EMPTY)
    lay(cell, block, (cell_px - block.shape[1]) // 2, (cell_px - block.shape[0]) // 2)
    return cell


def _mesh_cell(moment: PreviewMoment, drawing: FaceDrawing, cell_px: int) -> UInt8:
    """(cell, cell, 3) the shaded mesh from the front in the colours of its asymmetry."""
    vertices = moment.vertices_mm.astype(np.float64)
    if not np.isfinite(vertices).all():
        return _empty_cell("not reconstructed", cell_px)
    size = cell_px * _FINE
    focal = size * _DISTANCE_MM / _SPAN_MM
    K = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1]])
    face = vertices[drawing.weight > 0]
    to_camera = np.diag([1.0, -1.0, -1.0, 1.0])
    to_camera[1, 3] = (face[:, 1].max() + face[:, 1].min()) / 2
    to_camera[2, 3] = _DISTANCE_MM
    screen = project(vertices, K, to_camera)
    front = facing_faces(screen, drawing.topology.faces)
    seen = rasterize(screen, front, (size, size), near=1.0)
    covered = seen.pix_to_face >= 0
    corners = front[seen.pix_to_face[covered]]
    colours = _lit(vertices, moment.values_mm, drawing)
    cell = np.full((size, size, 3), _PAPER, dtype=np.float64)
    # The mesh has no throat: between the lips one would look through the head.
    cv2.fillPoly(cell, [_between_lips(screen, drawing.topology)], _INSIDE_RGB.tolist())
    cell[covered] = np.einsum("pk,pkc->pc", seen.bary[covered], colours[corners])
    small = np.asarray(
        cv2.resize(cell, (cell_px, cell_px), interpolation=cv2.INTER_AREA) + 0.5, dtype=np.uint8
    )
    # The patient's right is on the left of whoever looks.
    right = text_block("right", 11, _QUIET, _PAPER)
    left = text_block("left", 11, _QUIET, _PAPER)
    lay(small, right, 0, cell_px - right.shape[0])
    lay(small, left, cell_px - left.shape[1], cell_px - left.shape[0])
    return small


def _between_lips(screen: Array, topology: Topology) -> NDArray[np.int32]:
    """(N, 2) outline of the opening of the mouth in whole pixels."""
    loops = topology.loops
    outline = np.concatenate([loops["lip_inner_upper"], loops["lip_inner_lower"][::-1]])
    return np.asarray(np.round(screen[outline, :2]), dtype=np.int32)


def _lit(vertices_mm: Array, values_mm: NDArray[np.floating] | None, drawing: FaceDrawing) -> Array:
    """(V, 3) colours 0-255: asymmetry on the face, plain skin elsewhere, a dark mouth."""
    topology = drawing.topology
    base = np.tile(_SKIN_RGB, (len(vertices_mm), 1))
    base[topology.regions["inside"]] = _INSIDE_RGB
    _paint_eyes(base, vertices_mm, topology)
    if values_mm is not None:
        share = drawing.weight[:, None].astype(np.float64)
        base = base * (1 - share) + diverging_rgb(values_mm) * share
    normals = vertex_normals(vertices_mm, topology.faces)
    light = _LIGHT / np.linalg.norm(_LIGHT)
    facing = np.clip(normals @ light, 0.0, 1.0)[:, None]
    return np.asarray(np.clip(base * (0.42 + 0.62 * facing), 0, 255))


def _paint_eyes(colours: Array, vertices_mm: Array, topology: Topology) -> None:
    """Give the eyeballs irises and pupils, so that one sees where they look."""
    for ball, middle, rim in _IRISES:
        vertices = np.flatnonzero(topology.regions[ball])
        centre, edge = (
            topology.landmark_weights[point] @ vertices_mm[topology.landmark_vertices[point]]
            for point in (middle, rim)
        )
        away = np.linalg.norm(vertices_mm[vertices] - centre, axis=1)
        radius = 1.01 * np.linalg.norm(edge - centre)
        colours[vertices] = _EYE_RGB
        colours[vertices[away <= radius]] = _IRIS_RGB
        colours[vertices[away <= _PUPIL_SHARE * radius]] = _PUPIL_RGB


def _footer(width: int) -> UInt8:
    """The colour scale with its meaning, and the notice."""
    footer = np.full((66, width, 3), _PAPER, dtype=np.uint8)
    bar = legend_bar(min(220, width // 4), 12)
    bar_left = _MARGIN_PX
    lay(footer, bar, bar_left, 6)
    for words, place in ((f"{-SCALE_MM:.0f}", 0.0), ("0", 0.5), (f"+{SCALE_MM:.0f} mm", 1.0)):
        tick = text_block(words, 11, _INK, _PAPER)
        lay(footer, tick, bar_left + round(place * (bar.shape[1] - tick.shape[1])), 18)
    meaning = "asymmetry: blue lies deeper, orange stands out farther than the mirrored other side"
    left = bar_left + bar.shape[1] + 3 * _MARGIN_PX
    size = fitting_size(meaning, 14, width - left - _MARGIN_PX)
    lay(footer, text_block(meaning, size, _INK, _PAPER), left, 4)
    notice_px = fitting_size(NOTICE, 13, width - 2 * _MARGIN_PX)
    lay(footer, text_block(NOTICE, notice_px, _QUIET, _PAPER), _MARGIN_PX - notice_px // 3, 40)
    return footer
