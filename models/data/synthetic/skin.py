"""Paints a skin: colour, gloss and fine relief in the head's chart, from a look's parameters."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from models.data.synthetic.appearance import Look
from models.data.synthetic.chart import Chart
from models.movements import Side
from models.render.deferred import Texture

Array = NDArray[np.float64]
Float32 = NDArray[np.float32]

_SIDES: tuple[Side, Side] = ("left", "right")


def blurred(layer: NDArray[np.floating], texels: float) -> Float32:
    """`layer` (H, W) or (H, W, 3) under a Gaussian of standard deviation `texels`."""
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), texels), dtype=np.float32)


def cloud(rng: np.random.Generator, size: int, texels: float) -> Float32:
    """(size, size) smooth noise of unit standard deviation with blobs of about `texels`."""
    cells = max(int(size / max(texels, 1.0)), 2)
    coarse = rng.standard_normal((cells + 2, cells + 2)).astype(np.float32)
    if cells < size:
        grid = np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC))
    else:
        grid = coarse[:size, :size]
    return np.asarray((grid - grid.mean()) / grid.std(), dtype=np.float32)


class SkinPainter:
    """Everything that a skin consists of, one method a layer; `paint` applies them in order."""

    def __init__(self, chart: Chart, look: Look, rng: np.random.Generator) -> None:
        self.chart, self.look, self.rng = chart, look, rng
        self.size = chart.size
        self.mm = chart.texels_per_mm
        self.position = chart.position_mm
        shape = (self.size, self.size)
        self.colour = np.broadcast_to(look.skin.astype(np.float32), (*shape, 3)).copy()
        self.gloss = np.full(shape, 0.45, dtype=np.float32)
        self.height = np.zeros(shape, dtype=np.float32)

    def paint(self) -> Texture:
        """All layers, as a texture."""
        self._mottling()
        self._regions()
        self._spots()
        self._pores()
        self._wrinkles()
        self._scalp_and_stubble()
        self._lips()
        self._lids()
        self._brows()
        return self._texture()

    def at(self, name: str) -> Array:
        """(3,) the template position of a named point."""
        topology = self.chart.topology
        return np.asarray(topology.template_mm[topology.points[name]], dtype=np.float64)

    def near(self, point: Array, radius_mm: tuple[float, float, float]) -> Float32:
        """(size, size) Gaussian bell about a template point, radii in x, y and z."""
        d = (self.position - point.astype(np.float32)) / np.array(radius_mm, dtype=np.float32)
        return np.asarray(np.exp(-0.5 * (d * d).sum(axis=-1)), dtype=np.float32)

    def cloud(self, size_mm: float) -> Float32:
        return cloud(self.rng, self.size, size_mm * self.mm)

    def tint(self, amount: Float32, factor: tuple[float, float, float]) -> None:
        """Multiply the colour by `factor` as far as `amount` (size, size) says."""
        for k in range(3):
            self.colour[..., k] *= 1 + amount * np.float32(factor[k] - 1)

    def cover(self, amount: Float32, colour: Array) -> None:
        """Lay `colour` (3,) over the skin with opacity `amount` (size, size)."""
        for k in range(3):
            self.colour[..., k] += amount * (np.float32(colour[k]) - self.colour[..., k])

    def _mottling(self) -> None:
        strength = 0.035 * self.look.mottling
        self.tint(strength * self.cloud(14.0), (1.3, 0.3, 0.2))
        self.tint(strength * self.cloud(5.0), (1.2, -0.2, -0.3))
        self.tint(0.6 * strength * self.cloud(2.0), (0.6, -0.2, -0.3))
        shade = 0.02 * self.look.mottling * self.cloud(30.0)
        self.tint(shade, (0.0, 0.0, 0.0))

    def _regions(self) -> None:
        red = (1.02, 0.72, 0.74)
        blush = 0.85 * self.look.blush
        for side in _SIDES:
            cheek = self.near(self.at(f"cheek_{side}"), (20.0, 16.0, 30.0))
            self.tint(0.7 * blush * cheek * (1 + 0.3 * self.cloud(6.0)), red)
            ear = self.near(self.at(f"tragion_{side}") + np.array([0, 8.0, -12]), (16, 26, 16))
            self.tint(0.5 * ear, (1.0, 0.72, 0.72))
            lower = self._lid_line(f"lid_lower_{side}").mean(axis=0) + np.array([0, -7.0, 0])
            self.tint(0.35 * self.near(lower, (12.0, 4.5, 20.0)), (0.86, 0.74, 0.78))
            upper = self._lid_line(f"lid_upper_{side}").mean(axis=0) + np.array([0, 5.0, 0])
            self.tint(0.3 * self.near(upper, (13.0, 5.0, 20.0)), (0.9, 0.76, 0.76))
            ala = self.at(f"ala_{side}") + np.array([0, -3.0, 0])
            self.tint(0.5 * self.near(ala, (4.0, 6.0, 8.0)), red)
        self.tint(0.8 * blush * self.near(self.at("pronasale"), (12.0, 11.0, 14.0)), red)
        self.tint(0.45 * blush * self.near(self.at("pogonion"), (13.0, 9.0, 16.0)), red)
        self.tint(
            0.4 * self.near(self.at("glabella") + np.array([0, 28.0, 0]), (38, 20, 50)),
            (1.02, 1.0, 0.95),
        )
        oily = self.near(self.at("glabella") + np.array([0, 22.0, 0]), (24.0, 22.0, 40.0))
        oily += self.near(self.at("pronasale") + np.array([0, 6.0, 0]), (9.0, 18.0, 20.0))
        oily += 0.5 * self.near(self.at("pogonion"), (13.0, 9.0, 20.0))
        for side in _SIDES:
            oily += 0.6 * self.near(self.at(f"cheek_{side}"), (13.0, 11.0, 20.0))
        self.gloss += 0.45 * self.look.oiliness * np.minimum(oily, 1.0)
        self.gloss *= 1 + 0.15 * self.cloud(3.0)

    def _spots(self) -> None:
        layer = np.zeros((self.size, self.size), dtype=np.float32)
        centres = [self.at("cheek_left"), self.at("cheek_right"), self.at("pronasale")]
        for _ in range(self.look.freckles):
            centre = centres[self.rng.integers(3)] + self.rng.normal(0, [16.0, 13.0, 0.0])
            self._dot(
                layer,
                self.chart.texel(centre),
                self.rng.uniform(0.3, 0.9),
                float(self.rng.uniform(0.2, 0.7)),
            )
        self.tint(blurred(layer, 0.25 * self.mm), (0.72, 0.52, 0.42))
        layer[:] = 0
        for _ in range(self.look.moles + int(max(self.look.age - 50, 0) / 3)):
            texel = self.size * self.rng.uniform([0.2, 0.25], [0.8, 0.85])
            self._dot(layer, texel, self.rng.uniform(0.5, 1.6), float(self.rng.uniform(0.25, 0.9)))
        layer = blurred(layer, 0.3 * self.mm)
        self.tint(layer, (0.5, 0.34, 0.28))
        self.height += 0.4 * layer

    def _dot(self, layer: Float32, texel: Array, radius_mm: float, value: float) -> None:
        centre = (int(texel[0] * 16), int(texel[1] * 16))
        radius = int(max(radius_mm * self.mm, 0.5) * 16)
        cv2.circle(layer, centre, radius, value, -1, cv2.LINE_AA, 4)

    def _pores(self) -> None:
        fine = cloud(self.rng, self.size, 0.5 * self.mm)
        pores = np.maximum(fine - 1.1, 0.0)
        grain = self.cloud(1.1)
        central = self.near(self.at("pronasale"), (38.0, 38.0, 40.0))
        amount = 0.35 + 0.65 * central
        self.height += 0.045 * grain - 0.09 * amount * pores + 0.02 * fine
        self.tint(0.13 * amount * pores, (0.7, 0.55, 0.5))
        self.tint(0.02 * grain, (0.0, 0.0, 0.0))

    def _wrinkles(self) -> None:
        """Fine lines that the mesh is too coarse for: deeper with age, as relief and shade."""
        depth = np.clip((self.look.age - 28) / 40, 0.03, 1.1)
        layer = np.zeros((self.size, self.size), dtype=np.float32)
        brow = self.at("glabella") + np.array([0, 14.0, 0.0])
        for k in range(4):
            across = np.linspace(-34, 34, 40) * self.rng.uniform(0.7, 1.0)
            line = np.stack([across, np.full(40, brow[1] + 9.0 * k), np.full(40, brow[2])], 1)
            line[:, 1] += 2.0 * np.sin(across / 14 + self.rng.uniform(0, 6)) - (across / 26) ** 2
            line[:, 2] -= (across / 11) ** 2 * 0.9
            self._stroke(layer, line, 0.7, float(self.rng.uniform(0.3, 0.8) * depth))
        for side in _SIDES:
            sign = 1.0 if side == "left" else -1.0
            corner = self.at(f"exocanthion_{side}")
            for k in range(4):
                angle = np.radians(-32 + 20 * k + self.rng.uniform(-5, 5))
                reach = np.linspace(5.0, self.rng.uniform(11, 19), 12)
                line = corner + np.stack(
                    [sign * reach * np.cos(angle), reach * np.sin(angle), -0.6 * reach], axis=1
                )
                self._stroke(layer, line, 0.5, float(self.rng.uniform(0.3, 0.8) * depth))
            ala, fold, mouth = (
                self.at(f"{name}_{side}") for name in ("ala", "nasolabial", "commissure")
            )
            t = np.linspace(0, 1, 20)[:, None]
            outer = mouth + np.array([sign * 6.0, 0.0, 0.0])
            start = ala + np.array([sign * 1.5, 3.0, -2.0])
            line = (1 - t) ** 2 * start + 2 * t * (1 - t) * fold + t**2 * outer
            self._stroke(layer, line, 1.1, float(0.25 + 0.6 * depth))
        layer = blurred(layer, 0.45 * self.mm)
        self.height -= 0.55 * layer
        self.tint(0.5 * layer, (0.82, 0.72, 0.7))

    def _stroke(self, layer: Float32, line_mm: Array, width_mm: float, value: float) -> None:
        texels = np.round(self.chart.texel(line_mm) * 16).astype(np.int32)
        width = max(round(width_mm * self.mm), 1)
        cv2.polylines(layer, [texels[:, None]], False, value, width, cv2.LINE_AA, 4)

    def _scalp_and_stubble(self) -> None:
        dots = np.maximum(cloud(self.rng, self.size, 0.45 * self.mm), 0.0)
        scalp = hairline(self.chart, self.look, self.rng, self.position)
        scalp *= 1 - self.chart.mask("ear")
        if self.look.hair_style != "bald":
            dense = {"cropped": 0.8, "receding": 0.75}.get(self.look.hair_style, 0.92)
            self.cover(np.clip(scalp * (dense + 0.15 * (dots - 0.5)), 0, 1), 0.8 * self.look.hair)
            self.gloss *= 1 - 0.7 * scalp
        else:
            self.tint(0.25 * scalp * dots, (0.7, 0.7, 0.7))
        if self.look.stubble > 0:
            mouth = 0.5 * (self.at("commissure_left") + self.at("commissure_right"))
            beard = self.near(mouth + np.array([0, -26.0, -22]), (52.0, 24.0, 60.0))
            beard += 0.9 * self.near(self.at("subnasale") + np.array([0, -6.0, 0]), (20, 6, 20))
            beard = np.clip(1.6 * beard - 0.45, 0, 1)
            lower = self.near(mouth + np.array([0, -11.0, 2]), (12.0, 3.5, 20.0))
            beard *= 1 - 0.6 * lower
            for side in _SIDES:
                beard *= 1 - 0.9 * self.near(self.at(f"cheek_{side}"), (24.0, 17.0, 50.0))
            shade = beard * self.look.stubble * (0.35 + 0.35 * dots)
            self.cover(np.clip(shade, 0, 0.85), 0.55 * self.look.hair + 0.12 * self.look.skin)
            self.height += 0.04 * beard * dots

    def _lips(self) -> None:
        topology = self.chart.topology
        loop = np.concatenate(
            [topology.loops["lip_outer_upper"], topology.loops["lip_outer_lower"][::-1]]
        )
        outline = np.round(self.chart.texel(topology.template_mm[loop]) * 16).astype(np.int32)
        mask = np.zeros((self.size, self.size), dtype=np.float32)
        cv2.fillPoly(mask, [outline[:, None]], 1.0, cv2.LINE_AA, 4)
        edge = blurred(mask, 1.0 * self.mm)
        mask = np.clip(0.55 * mask + 0.6 * edge - 0.08, 0, 1)
        u, v = np.meshgrid(np.arange(self.size), np.arange(self.size))
        creases = cv2.remap(
            self.cloud(0.9),
            (u + 0.0).astype(np.float32),
            (v * 0.18).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        self.cover(0.9 * mask, self.look.lips)
        self.tint(mask * (0.07 * creases + 0.05 * self.cloud(4.0)), (0.4, 0.0, 0.0))
        self.height += mask * 0.14 * creases
        self.gloss = self.gloss * (1 - mask) + mask * 0.95
        # The wet line where the lips meet is darker.
        inner = np.concatenate([topology.loops["lip_inner_upper"]])
        layer = np.zeros_like(mask)
        self._stroke(layer, np.asarray(topology.template_mm[inner], np.float64), 1.6, 1.0)
        layer = blurred(layer, 0.6 * self.mm)
        self.tint(np.minimum(layer, 1.0), (0.55, 0.38, 0.4))

    def _lid_line(self, name: str) -> Array:
        topology = self.chart.topology
        return np.asarray(topology.template_mm[topology.loops[name]], dtype=np.float64)

    def _lids(self) -> None:
        for side in _SIDES:
            layer = np.zeros((self.size, self.size), dtype=np.float32)
            self._stroke(layer, self._lid_line(f"lid_upper_{side}"), 0.9, 0.9)
            upper = blurred(layer, 0.35 * self.mm)
            self.cover(np.clip(upper, 0, 0.85), 0.5 * self.look.brow + 0.08 * self.look.skin)
            layer[:] = 0
            self._stroke(layer, self._lid_line(f"lid_lower_{side}"), 0.9, 0.7)
            lower = blurred(layer, 0.4 * self.mm)
            self.tint(np.clip(lower, 0, 1), (0.8, 0.55, 0.55))
            layer[:] = 0
            crease = self._lid_line(f"lid_upper_{side}")[1:-1] + np.array([0, 4.2, -1.0])
            self._stroke(layer, crease, 0.6, 0.6)
            layer = blurred(layer, 0.4 * self.mm)
            self.tint(layer, (0.72, 0.6, 0.6))
            self.height -= 0.5 * layer

    def _brows(self) -> None:
        layer = np.zeros((self.size, self.size), dtype=np.float32)
        under = np.zeros_like(layer)
        rng = self.rng
        for side in _SIDES:
            sign = 1.0 if side == "left" else -1.0
            medial, mid, lateral = (
                self.at(f"brow_{name}_{side}") for name in ("medial", "mid", "lateral")
            )
            control = 2 * mid - 0.5 * (medial + lateral)
            t = np.linspace(0, 1, 24)
            axis = (
                ((1 - t) ** 2)[:, None] * medial
                + (2 * t * (1 - t))[:, None] * control
                + (t**2)[:, None] * lateral
            )
            width = self.look.brow_width_mm * np.interp(t, [0, 0.15, 0.5, 1], [0.75, 1, 0.85, 0.25])
            for s, w in zip(axis, width, strict=True):
                self._dot(under, self.chart.texel(s), 0.36 * w, 0.55)
            for _ in range(int(520 * self.look.brow_density)):
                at = rng.beta(1.05, 1.2)
                base = np.array([np.interp(at, t, axis[:, k]) for k in range(3)])
                spread = float(np.interp(at, t, width)) * 0.42
                base[1] += rng.normal(0, 0.55) * spread
                lean = np.interp(at, [0, 0.25, 0.6, 1], [78, 42, 12, -22]) + rng.normal(0, 9)
                lean -= (
                    30
                    * np.clip((base[1] - np.interp(at, t, axis[:, 1])) / spread, -1, 1)
                    * (at > 0.2)
                )
                length = rng.uniform(4.0, 8.0) * np.interp(at, [0, 0.3, 1], [0.7, 1.0, 0.75])
                a = np.radians(lean)
                step = np.array([sign * np.cos(a), np.sin(a), -0.25 * np.cos(a)])
                curl = np.array([sign * 0.8, -0.6, 0.0])
                s = np.linspace(0, 1, 5)[:, None]
                line = base + length * (s * step + 0.12 * s * s * curl)
                self._stroke(layer, line, 0.16, float(rng.uniform(0.45, 0.95)))
        under = blurred(under, 1.5 * self.mm)
        self.cover(
            0.5 * self.look.brow_density * under, 0.6 * self.look.brow + 0.2 * self.look.skin
        )
        layer = np.clip(blurred(layer, 0.5), 0, 0.95)
        self.cover(layer, self.look.brow)
        self.height += 0.25 * layer
        self.gloss *= 1 - 0.7 * layer

    def _texture(self) -> Texture:
        albedo = np.empty((self.size, self.size, 4), dtype=np.uint8)
        albedo[..., :3] = np.clip(np.sqrt(np.clip(self.colour, 0, 1)) * 255 + 0.5, 0, 255)
        albedo[..., 3] = np.clip(self.gloss * 160, 0, 255)
        slope = np.stack(
            [np.gradient(self.height, axis=1), np.gradient(self.height, axis=0)], axis=-1
        )
        # Height is in mm: a slope is mm per mm; the chart's v runs downwards like its rows.
        steps = np.clip(np.round(slope * self.mm * 64), -127, 127)
        return Texture(albedo, steps.astype(np.int8))


# The hairline's height above the glabella in mm over azimuth in degrees: forehead, temple,
# sideburn, round the ear, nape.
_LINE_AT = (0.0, 22.0, 42.0, 56.0, 66.0, 78.0, 90.0, 112.0, 135.0, 180.0)
_LINE_FULL = (50.0, 47.0, 38.0, 20.0, -22.0, -58.0, -52.0, -70.0, -84.0, -88.0)
_LINE_RECEDING = (66.0, 84.0, 66.0, 30.0, -18.0, -55.0, -52.0, -70.0, -84.0, -88.0)


def hairline(
    chart: Chart, look: Look, rng: np.random.Generator, position: NDArray[np.float32]
) -> Float32:
    """Share of hair (...,) at template positions (..., 3): 1 on the scalp, 0 on the face."""
    topology = chart.topology
    glabella = topology.template_mm[topology.points["glabella"]]
    d = position - chart.centre_mm.astype(np.float32)
    azimuth = np.degrees(np.abs(np.arctan2(d[..., 0], d[..., 2])))
    receding = look.hair_style == "receding"
    line = PchipInterpolator(_LINE_AT, _LINE_RECEDING if receding else _LINE_FULL)(azimuth)
    above = position[..., 1] - glabella[1] - line
    if receding:
        crown = np.linalg.norm(d - np.array([0.0, 108.0, -12.0], dtype=np.float32), axis=-1)
        above = np.minimum(above, crown - 58.0)
    soft = above / 5.0
    if position.ndim == 3:
        soft = soft + 0.5 * cloud(rng, position.shape[0], 1.2 * chart.texels_per_mm)
    return np.asarray(np.clip(0.5 + 0.5 * soft, 0, 1), dtype=np.float32)
