"""A small, exactly symmetric face and takes of it whose true measures are known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from models.measures import mesh_lid_gap_mm
from models.reconstruction import Take, VertexUncertainty

MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass
class SmallTopology:
    """What `models.head.topology.Topology` has and measures read, on a few hundred vertices."""

    template_mm: np.ndarray
    faces: np.ndarray
    mirror: np.ndarray
    side: np.ndarray
    regions: dict[str, np.ndarray]
    loops: dict[str, np.ndarray]
    points: dict[str, int] = field(default_factory=dict)


def build() -> SmallTopology:
    nx, ny = 25, 33
    xs, ys = np.linspace(-72, 72, nx), np.linspace(-100, 60, ny)
    grid_x, grid_y = np.meshgrid(xs, ys)

    def depth(x, y):
        dome = 60 - 0.008 * np.asarray(x) ** 2 - 0.003 * (np.asarray(y) + 20) ** 2
        return dome + 18 * np.exp(-((np.asarray(x) / 12) ** 2) - ((np.asarray(y) + 25) / 20) ** 2)

    ids = np.arange(nx * ny).reshape(ny, nx)
    quads = np.stack([ids[:-1, :-1], ids[:-1, 1:], ids[1:, 1:], ids[1:, :-1]], -1).reshape(-1, 4)
    left = grid_x[:-1, :-1].reshape(-1) >= 0
    faces = np.concatenate(
        [
            quads[left][:, [0, 1, 2]],
            quads[left][:, [0, 2, 3]],
            quads[~left][:, [0, 1, 3]],
            quads[~left][:, [1, 2, 3]],
        ]
    )
    vertices = [np.stack([grid_x, grid_y, depth(grid_x, grid_y)], -1).reshape(-1, 3)]
    mirror = [ids[:, ::-1].reshape(-1)]
    count = nx * ny
    loops: dict[str, np.ndarray] = {}
    points: dict[str, int] = {}

    def add_pair(left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nonlocal count
        n = len(left)
        a, b = np.arange(count, count + n), np.arange(count + n, count + 2 * n)
        vertices.extend([left, left * MIRROR])
        mirror.extend([b, a])
        count += 2 * n
        return a, b

    def on_face(x, y):
        return np.stack([np.asarray(x), np.asarray(y), depth(x, y)], -1).astype(float)

    along = np.linspace(0, 1, 9)
    for lid, height in (("upper", 6.0), ("lower", -4.0)):
        arc = on_face(16 + 30 * along, height * np.sin(np.pi * along))
        loops[f"lid_{lid}_left"], loops[f"lid_{lid}_right"] = add_pair(arc)
    for name, y, bow in (
        ("lip_outer_upper", -60, 6.0),
        ("lip_inner_upper", -60, 1.0),
        ("lip_inner_lower", -60, -1.0),
        ("lip_outer_lower", -60, -8.0),
    ):
        t = np.linspace(0.125, 1, 8)
        left, right = add_pair(on_face(25 * t, y + bow * (1 - t**2)))
        middle = on_face(np.zeros(1), np.array([y + bow]))
        vertices.append(middle)
        mirror.append(np.array([count]))
        loops[name] = np.concatenate([right[::-1], [count], left])
        count += 1
    sided = {
        "brow_medial": (14, 22), "brow_mid": (30, 27), "brow_lateral": (45, 22),
        "ala": (16, -32), "nasolabial": (28, -46), "commissure": (25, -60),
        "lower_lip_lateral": (12, -66), "upper_lip_lateral": (12, -55),
        "endocanthion": (16, 0), "exocanthion": (46, 0), "pupil": (31, 0),
    }  # fmt: skip
    for name, (x, y) in sided.items():
        left, right = add_pair(on_face([x], [y]))
        points[f"{name}_left"], points[f"{name}_right"] = int(left[0]), int(right[0])
    for name, loop in (
        ("labiale_superius", "lip_outer_upper"),
        ("labiale_inferius", "lip_outer_lower"),
        ("stomion_superius", "lip_inner_upper"),
        ("stomion_inferius", "lip_inner_lower"),
    ):
        points[name] = int(loops[loop][8])
    template = np.concatenate(vertices)
    template = (template + template[np.concatenate(mirror)] * MIRROR) / 2
    x, y = np.abs(template[:, 0]), template[:, 1]
    regions = {
        "face": x < 70,
        "stable": (x < 13) & (y > -25) & (y < 30),
        "brow": (y > 14) & (x < 70),
        "periocular": (y > -12) & (y <= 14) & (x > 10) & (x < 55),
        "nose": (y > -45) & (y <= 14) & (x <= 26),
        "cheek": (y > -55) & (y <= -12) & (x > 26) & (x < 70),
        "upper_lip": (y > -60.2) & (y <= -45) & (x < 30),
        "lower_lip": (y <= -60.2) & (x < 30),
        "perioral": (y > -75) & (y <= -45) & (x < 35),
        "upper_third": (y > 10) & (x < 70),
        "middle_third": (y > -40) & (y <= 10) & (x < 70),
        "lower_third": (y <= -40) & (x < 70),
    }
    return SmallTopology(
        template_mm=template,
        faces=faces.astype(np.int32),
        mirror=np.concatenate(mirror).astype(np.int32),
        side=np.where(x < 1e-9, 0, np.sign(template[:, 0])).astype(np.int8),
        regions=regions,
        loops=loops,
        points=points,
    )


def plateau(time_s, start, rise=0.3, hold=1.0, fall=0.4):
    """0 at rest, 1 while held, with a smooth way up and down."""
    up = np.clip((time_s - start) / rise, 0, 1)
    down = np.clip((time_s - start - rise - hold) / fall, 0, 1)
    return 0.5 - 0.5 * np.cos(np.pi * up) - (0.5 - 0.5 * np.cos(np.pi * down))


def patch(topology, point, radius_mm=14.0):
    """(V,) smooth weight around a named point, 1 at it, on its own half only."""
    centre = topology.template_mm[topology.points[point]]
    distance = np.linalg.norm(topology.template_mm - centre, axis=1)
    own = np.sign(topology.template_mm[:, 0]) == np.sign(centre[0])
    return np.where(own, np.cos(np.clip(distance / radius_mm, 0, 1) * np.pi / 2), 0.0)


def make_take(topology, movement, moves, *, seconds=5.0, fps=30, affected=None, base=None):
    """A take without error; `moves` are (point, vector_mm in the head frame, course (T,))."""
    time_s = np.arange(round(seconds * fps)) / fps
    vertices = np.repeat((topology.template_mm if base is None else base)[None], len(time_s), 0)
    for point, vector, course in moves:
        course = course(time_s) if callable(course) else course
        weight = patch(topology, point)
        vertices = vertices + course[:, None, None] * weight[None, :, None] * np.asarray(vector)
    vertices = vertices.astype(np.float32)
    n, v = vertices.shape[:2]
    return Take(
        movement=movement,
        vertices_mm=vertices,
        time_s=time_s,
        valid=np.ones(n, bool),
        uncertainty=VertexUncertainty(
            np.zeros((n, v), np.float32),
            np.zeros((0, v, 3), np.float32),
            np.zeros((0, n, 0), np.float32),
            np.zeros((0, n, 2), np.float32),
        ),
        lid_gap_mm=mesh_lid_gap_mm(vertices, topology).astype(np.float32),
        affected_side=affected,
    )


def with_noise(take, rng, *, fixed_mm, frame_mm, draws=40, modes=60):
    """The take with errors drawn from a model, and the uncertainty that states that model.

    Errors are smooth over neighbouring vertices only by chance of the modes: `fixed_mm` is the
    per-axis SD of what all frames share, `frame_mm` of what each frame has of its own.
    """
    n, v = take.vertices_mm.shape[:2]
    shapes = (rng.normal(size=(modes, v, 3)) / np.sqrt(modes)).astype(np.float32)

    def errors(count):
        fixed = rng.normal(size=(count, 1, modes)) * fixed_mm
        return (fixed + rng.normal(size=(count, n, modes)) * frame_mm).astype(np.float32)

    def gaps(count):
        fixed = rng.normal(size=(count, 1, 2)) * fixed_mm
        return (fixed + rng.normal(size=(count, n, 2)) * frame_mm).astype(np.float32)

    noise = np.tensordot(errors(1)[0], shapes, axes=1)
    sigma = np.full((n, v), np.hypot(fixed_mm, frame_mm), np.float32)
    return replace(
        take,
        vertices_mm=(take.vertices_mm + noise).astype(np.float32),
        lid_gap_mm=take.lid_gap_mm + gaps(1)[0],
        uncertainty=VertexUncertainty(sigma, shapes, errors(draws), gaps(draws)),
    )


def mirrored_take(take, topology):
    """What the same patient seen in a mirror would have given."""
    swap = {"left": "right", "right": "left"}
    m = topology.mirror
    return replace(
        take,
        vertices_mm=(take.vertices_mm[:, m] * MIRROR).astype(np.float32),
        lid_gap_mm=take.lid_gap_mm[:, ::-1],
        affected_side=swap.get(take.affected_side, take.affected_side),
        uncertainty=VertexUncertainty(
            take.uncertainty.sigma_mm[:, m],
            (take.uncertainty.modes_mm[:, m] * MIRROR).astype(np.float32),
            take.uncertainty.coefficients,
            take.uncertainty.lid_gap_mm[..., ::-1],
        ),
    )
