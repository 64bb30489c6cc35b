"""Grows hair: locks as ribbons that follow a style's flow over the head and hang below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.data.synthetic.appearance import Look
from models.data.synthetic.chart import Chart
from models.data.synthetic.skin import cloud, hairline
from models.render.deferred import Texture

Array = NDArray[np.float64]
Int32 = NDArray[np.int32]

_SEGMENTS = 7


@dataclass(frozen=True)
class Hair:
    """Ribbons in the head frame, mm.

    points (N, 3); faces (F, 3); along (N, 3) unit direction of growth; outward (N, 3) unit;
    uv (N, 2) in [0, 1], u across the texture, v from root to tip.
    """

    points: Array
    faces: Int32
    along: Array
    outward: Array
    uv: Array


@dataclass(frozen=True)
class _Style:
    locks: int
    length_mm: float
    lift_mm: float
    width_mm: float
    flow: tuple[float, float, float]
    sideways: float
    gravity: float
    unrest: float


_STYLES = {
    "cropped": _Style(3200, 9.0, 2.0, 1.1, (0.0, -0.3, 0.7), 0.3, 0.0, 0.35),
    "receding": _Style(2000, 12.0, 2.5, 1.2, (0.0, -0.5, -0.5), 0.2, 0.1, 0.3),
    "short": _Style(3800, 36.0, 6.0, 1.7, (0.0, 0.1, -0.35), 0.9, 0.35, 0.17),
    "swept": _Style(3600, 62.0, 7.0, 1.9, (0.0, 0.15, -1.0), 0.15, 0.1, 0.18),
    "tied": _Style(3200, 120.0, 3.5, 1.9, (0.0, 0.1, -1.0), 0.0, 0.0, 0.08),
    "bob": _Style(4200, 150.0, 9.0, 2.3, (0.0, -0.8, -0.5), 0.7, 1.0, 0.1),
    "long": _Style(4400, 270.0, 9.0, 2.6, (0.0, -0.8, -0.5), 0.7, 1.0, 0.1),
}


class _Skull:
    """How far the skin lies from the middle of the head in each direction."""

    def __init__(self, chart: Chart, skin_mm: Array) -> None:
        coarse = Chart(chart.topology, 256, chart.centre_mm)
        self.chart = coarse
        texels = coarse.position_mm.astype(np.float64)
        template = chart.topology.template_mm
        shift = (skin_mm - template).mean(axis=0)
        ratio = np.ptp(skin_mm, axis=0) / np.ptp(template, axis=0)
        self.centre = chart.centre_mm + shift
        self.radius = np.linalg.norm((texels - coarse.centre_mm) * ratio, axis=-1)

    def outside(self, points: Array, lift_mm: Array) -> Array:
        """`points` (N, 3) pushed out to at least `lift_mm` (N,) above the skin."""
        d = points - self.centre
        texel = self.chart.texel(d + self.chart.centre_mm)
        index = np.clip(texel.astype(int), 0, 255)
        wanted = self.radius[index[:, 1], index[:, 0]] + lift_mm
        length = np.linalg.norm(d, axis=1)
        # Far below the jaw a sphere's radius says nothing about the neck.
        above = np.clip((d[:, 1] + 95.0) / 30.0, 0, 1)
        factor = 1 + above * np.maximum(wanted / np.maximum(length, 1e-6) - 1, 0)
        return np.asarray(self.centre + d * factor[:, None])


def grow(chart: Chart, look: Look, skin_mm: Array, rng: np.random.Generator) -> Hair | None:
    """Hair of the look's style on a head whose skin is `skin_mm` (V, 3); None when bald."""
    if look.hair_style not in _STYLES:
        return None
    style = _STYLES[look.hair_style]
    topology = chart.topology
    eyes = topology.regions["eye_left"] | topology.regions["eye_right"] | topology.regions["ear"]
    faces = topology.faces[~eyes[topology.faces].any(axis=1)]
    template = topology.template_mm[faces]
    share = hairline(chart, look, rng, template.mean(axis=1).astype(np.float32))
    corners = skin_mm[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(normal, axis=1)
    weight = area * (share > 0.4)
    chosen = rng.choice(len(faces), style.locks, p=weight / weight.sum())
    mix = rng.dirichlet([1, 1, 1], style.locks)[:, :, None]
    root = (mix * corners[chosen]).sum(axis=1)
    origin = (mix * template[chosen]).sum(axis=1)
    keep = hairline(chart, look, rng, origin.astype(np.float32)) > rng.uniform(0.2, 0.9, len(root))
    root, chosen = root[keep], chosen[keep]
    outward = normal[chosen] / np.linalg.norm(normal[chosen], axis=1, keepdims=True)
    count = len(root)

    skull = _Skull(chart, skin_mm)
    length = style.length_mm * look.hair_length_mm * rng.uniform(0.65, 1.1, count)
    step = length / _SEGMENTS
    part = rng.uniform(-28, 28)
    side = np.tanh((root[:, 0] - part) / 12.0)
    flow = np.tile(np.array(style.flow), (count, 1))
    flow[:, 0] += style.sideways * side
    flow += rng.normal(0, style.unrest, (count, 3))
    flow += 0.25 * rng.normal(0, style.unrest, 3)
    if style.gravity > 0.8:
        # Long hair over the forehead is combed back before it falls.
        forehead = np.clip((root[:, 2] - skull.centre[2] - 15.0) / 40.0, 0, 1)
        flow[:, 2] -= 1.0 * forehead
        flow[:, 1] += 0.9 * forehead
    knot = skull.centre + np.array([0.0, 22.0, -108.0])
    ear_z = float(skull.centre[2])
    heading = 0.8 * outward + 0.6 * flow / np.linalg.norm(flow, axis=1, keepdims=True)
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    lift = style.lift_mm * rng.uniform(0.15, 1.25, count)
    path = [root - 0.5 * outward]
    for k in range(1, _SEGMENTS + 1):
        here = path[-1]
        radial = here - skull.centre
        radial /= np.linalg.norm(radial, axis=1, keepdims=True)
        wish = flow.copy()
        if look.hair_style == "tied":
            wish = knot - here
            wish /= np.linalg.norm(wish, axis=1, keepdims=True)
            close = np.linalg.norm(knot - here, axis=1) < step * 1.2
            wish[close] *= 0.05
        below = np.clip((skull.centre[1] + 10 - here[:, 1]) / 40, 0, 1)
        wish[:, 1] -= style.gravity * (0.4 + 2.0 * below)
        wish[:, 0] -= flow[:, 0] * below * 0.9
        # Hair that would fall over the face is combed back behind the cheek.
        front = np.clip((here[:, 2] - ear_z - 8.0) / 25.0, 0, 1) * np.clip(
            (skull.centre[1] + 62 - here[:, 1]) / 25.0, 0, 1
        )
        wish[:, 2] -= 2.6 * front
        wish[:, 0] += 0.5 * front * np.sign(here[:, 0])
        tangent = (
            wish - 0.85 * (1 - below)[:, None] * (wish * radial).sum(1, keepdims=True) * radial
        )
        heading = 0.35 * heading + 0.65 * tangent
        heading += rng.normal(0, 0.04 + 0.15 * style.unrest, (count, 3))
        heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-9
        rise = lift * min(1.0, 0.35 + k / 3.0)
        path.append(skull.outside(here + step[:, None] * heading, rise))
    spine = _off_the_face(np.stack(path, axis=1), chart, look, skull, rng)

    along = np.gradient(spine, axis=1)
    along /= np.linalg.norm(along, axis=2, keepdims=True) + 1e-9
    radial = spine - skull.centre
    radial[..., 1] *= np.where(radial[..., 1] < 0, 0.25, 1.0)
    radial /= np.linalg.norm(radial, axis=2, keepdims=True)
    across = np.cross(along, radial + rng.normal(0, 0.35, (count, 1, 3)))
    across /= np.linalg.norm(across, axis=2, keepdims=True) + 1e-9
    taper = np.interp(np.linspace(0, 1, _SEGMENTS + 1), [0, 0.15, 0.6, 1], [0.7, 1.0, 0.85, 0.15])
    half = 0.5 * style.width_mm * rng.uniform(0.6, 1.3, (count, 1, 1)) * taper[None, :, None]
    points = np.stack([spine - half * across, spine + half * across], axis=2).reshape(-1, 3)
    base = np.arange(count)[:, None] * 2 * (_SEGMENTS + 1) + 2 * np.arange(_SEGMENTS)
    quads = np.stack([base, base + 1, base + 3, base + 2], axis=-1).reshape(-1, 4)
    both = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.int32)
    u = rng.uniform(0.02, 0.9, (count, 1, 1)) + np.array([0.0, 0.07])
    v = np.linspace(0.02, 0.98, _SEGMENTS + 1)[None, :, None]
    uv = np.stack(np.broadcast_arrays(u, v), axis=-1).reshape(-1, 2)
    return Hair(
        points,
        both,
        np.repeat(along, 2, axis=1).reshape(-1, 3),
        np.repeat(radial, 2, axis=1).reshape(-1, 3),
        uv,
    )


def _off_the_face(
    spine: Array, chart: Chart, look: Look, skull: _Skull, rng: np.random.Generator
) -> Array:
    """Locks (N, K, 3) cut where they would enter the space in front of the face."""
    d = spine - skull.centre
    template = (d + chart.centre_mm).astype(np.float32)
    share = hairline(chart, look, rng, template.reshape(-1, 3)).reshape(spine.shape[:2])
    entering = (d[..., 2] > 14.0) & (share < 0.35) & (d[..., 1] > -150.0)
    entering[:, 0] = False
    steps = spine.shape[1]
    allowed = np.where(entering.any(axis=1), entering.argmax(axis=1) - 1, steps - 1)
    at = np.linspace(0, 1, steps)[None] * np.maximum(allowed, 0.6)[:, None]
    low = np.minimum(at.astype(int), steps - 2)
    part = (at - low)[..., None]
    row = np.arange(len(spine))[:, None]
    return np.asarray((1 - part) * spine[row, low] + part * spine[row, low + 1])


def paint_hair(look: Look, rng: np.random.Generator, size: int) -> Texture:
    """Streaks along v: every strand has its own shade; roots are darker."""
    fine = cloud(rng, size, 1.5)[:1].repeat(size, axis=0)
    wide = cloud(rng, size, 12.0)[:1].repeat(size, axis=0)
    drift = cloud(rng, size, 40.0)
    shade = np.clip(1 + 0.28 * fine + 0.2 * wide + 0.06 * drift, 0.3, 1.9)
    root = np.linspace(0, 1, size)[:, None] ** 0.5
    colour = look.hair * (shade * (0.55 + 0.5 * root))[..., None]
    albedo = np.empty((size, size, 4), dtype=np.uint8)
    albedo[..., :3] = np.clip(np.sqrt(np.clip(colour, 0, 1)) * 255 + 0.5, 0, 255)
    albedo[..., 3] = np.clip(150 * (0.6 + 0.3 * fine + 0.3 * root), 0, 255)
    return Texture(albedo, np.zeros((size, size, 2), dtype=np.int8))
