"""Teeth, tongue, mouth cavity and lashes of the open head, for rendering; never measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.assets import verified_path
from models.head.asset import read_npz

Array = NDArray[np.float64]
Ids = NDArray[np.int32]

INNER_PARTS = ("upper_teeth", "lower_teeth", "tongue", "cavity")
# Per lid row (upper, lower): lashes, their length, and how the curve leaves and bends back.
_LASHES = ((44, 8.5, 0.6, -0.9), (26, 5.0, 0.7, -0.6))
_ROOT_WIDTH_MM = 0.34
_ALONG = np.array([0.0, 0.4, 0.75, 1.0])


@dataclass(frozen=True)
class HeadExtras:
    """Parts that move with the open head's identity (S) and expression units (E); mm.

    template_mm (N,3), shape_mm (N,3,S), expression_mm (N,3,E) and weights (N,5) are those of
    INNER_PARTS; `faces` maps each of them to triangles. The cavity's faces look into the mouth.
    lash_margin, lash_base (4,P): head vertices where lashes stand and of the lid behind them,
    rows upper left, lower left, upper right, lower right.
    """

    template_mm: Array
    shape_mm: Array
    expression_mm: Array
    weights: Array
    faces: dict[str, Ids]
    lash_margin: Ids
    lash_base: Ids

    def inner_mm(self, identity: Array, expression: Array) -> Array:
        """Inner parts (...,N,3) in the unposed head frame for (S,) and expressions (...,E)."""
        rest = self.template_mm + self.shape_mm @ identity
        return np.asarray(rest + np.einsum("nce,...e->...nc", self.expression_mm, expression))

    def lashes_mm(self, vertices_mm: Array, eye_centres_mm: Array) -> Array:
        """Lash strips (...,M,3) on a skin (...,V,3), whatever its pose; mm.

        `eye_centres_mm` (...,2,3) left, right. Triangles are `lash_faces()`; each lash tapers
        from the lid's edge outwards and curls away from the other lid.
        """
        strips = []
        for row in range(4):
            count, length, leave, bend = _LASHES[row % 2]
            at = np.linspace(0.8, self.lash_margin.shape[1] - 1.4, count)
            margin = _between(vertices_mm[..., self.lash_margin[row], :], at)
            base = _between(vertices_mm[..., self.lash_base[row], :], at)
            ahead = _between(vertices_mm[..., self.lash_margin[row], :], at + 0.3)
            out = _unit(margin - eye_centres_mm[..., row // 2, None, :])
            edge = _unit(margin - base)
            side = _unit(ahead - margin)
            centred = np.linspace(-1, 1, count)[:, None]
            reach = length * (1 - 0.35 * centred**2 + 0.12 * centred)
            rows = []
            for s in _ALONG:
                curve = (
                    s * (0.85 * out + leave * edge + 0.35 * centred * side) + s * s * bend * edge
                )
                point = margin + reach * curve
                half = 0.5 * _ROOT_WIDTH_MM * (1 - 0.9 * s) * side
                rows += [point - half, point + half]
            strip = np.stack(rows, axis=-2)
            strips.append(strip.reshape(*strip.shape[:-3], -1, 3))
        return np.concatenate(strips, axis=-2)

    def lash_faces(self) -> Ids:
        """Triangles of all lash strips, indexing the result of `lashes_mm`."""
        steps = len(_ALONG)
        ladder = [
            triangle
            for k in range(steps - 1)
            for triangle in ((2 * k, 2 * k + 1, 2 * k + 3), (2 * k, 2 * k + 3, 2 * k + 2))
        ]
        lashes = 2 * sum(row[0] for row in _LASHES)
        first = 2 * steps * np.arange(lashes)[:, None, None]
        return np.asarray((first + np.array(ladder)).reshape(-1, 3), np.int32)


def _between(points: Array, at: Array) -> Array:
    """Points (...,n,3) of a polyline (...,p,3) at fractional indices `at` (n,)."""
    low = np.clip(np.floor(at).astype(int), 0, points.shape[-2] - 2)
    share = (at - low)[:, None]
    return np.asarray((1 - share) * points[..., low, :] + share * points[..., low + 1, :])


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


@cache
def load_extras() -> HeadExtras:
    """The committed extras. Raises AssetError when they are missing or altered."""
    data = read_npz(verified_path("open_head_extras"))
    return HeadExtras(
        template_mm=data["template_mm"].astype(np.float64),
        shape_mm=np.moveaxis(data["shape_mm"].astype(np.float64), 0, 2),
        expression_mm=np.moveaxis(data["expression_mm"].astype(np.float64), 0, 2),
        weights=data["weights"].astype(np.float64),
        faces={name: data[f"faces_{name}"].astype(np.int32) for name in INNER_PARTS},
        lash_margin=data["lash_margin"].astype(np.int32),
        lash_base=data["lash_base"].astype(np.int32),
    )
