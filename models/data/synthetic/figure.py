"""The drawable person in the head frame: head, mouth, lashes, hair, neck; no torso, no light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.data.synthetic import eyes as eyeballs
from models.data.synthetic import hair as hairdressing
from models.data.synthetic.chart import Chart
from models.data.synthetic.mouth import mouth_uv, paint_mouth
from models.data.synthetic.movements import SIDES
from models.data.synthetic.patient import Patient
from models.data.synthetic.skin import SkinPainter
from models.data.synthetic.surroundings import paint_cloth, tube
from models.head.extras import INNER_PARTS, load_extras
from models.render.deferred import STRAND, Material, Texture

Array = NDArray[np.float64]
Int32 = NDArray[np.int32]
Float32 = NDArray[np.float32]

SKIN, EYE, HAIR, CLOTH, MOUTH, LASH = range(6)
MATERIALS = (
    Material(
        wrap=(0.34, 0.2, 0.14), gloss=1.0, roughness=0.56, sharp=0.36, sharp_share=0.3, bump=0.7
    ),
    Material(
        wrap=(0.3, 0.25, 0.2), gloss=1.3, roughness=0.3, sharp=0.13, sharp_share=0.7, bump=1.0
    ),
    Material(gloss=0.5, kind=STRAND),
    Material(wrap=(0.12, 0.12, 0.12)),
    Material(wrap=(0.3, 0.2, 0.15), gloss=1.0, roughness=0.4, sharp=0.22, sharp_share=0.5),
    Material(wrap=(0.5, 0.5, 0.5)),
)


_LASH_LENGTH, _LASH_WIDTH_MM = 0.68, 0.1


@dataclass(frozen=True)
class Strands:
    """Points from `start` on that are strands: `along` and `outward` (N, 3), unit, head frame."""

    start: int
    along: Array
    outward: Array


def boundary_loops(faces: NDArray[np.integer]) -> list[Int32]:
    """Ordered vertex loops along the borders of a mesh, longest first."""
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    known = {(int(a), int(b)) for a, b in directed}
    following = {a: b for a, b in known if (b, a) not in known}
    loops = []
    while following:
        start, at = next(iter(following.items()))
        loop = [start]
        del following[start]
        while at != start and at in following:
            loop.append(at)
            at = following.pop(at)
        loops.append(np.array(loop, dtype=np.int32))
    return sorted(loops, key=len, reverse=True)


def _smoothing(faces: Int32, count: int) -> sparse.csr_matrix:
    """(V, V) averages over the neighbours, a few edges wide."""
    i = np.concatenate([faces[:, a] for a in (0, 1, 2, 1, 2, 0)])
    j = np.concatenate([faces[:, b] for b in (1, 2, 0, 0, 1, 2)])
    edges = sparse.csr_matrix((np.ones(len(i)), (i, j)), shape=(count, count))
    edges.data[:] = 1.0
    near = sparse.csr_matrix(edges + sparse.identity(count))
    mean = sparse.csr_matrix(sparse.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near)
    return sparse.csr_matrix(mean @ mean @ mean)


def _trimmed(ribbons: Array) -> Array:
    """Lashes (N, 3), four pairs of points each: shorter, and wide enough to meet a pixel."""
    lashes = ribbons.reshape(-1, 4, 2, 3)
    middle = lashes.mean(axis=2, keepdims=True)
    half = lashes - middle
    width = np.linalg.norm(half, axis=3, keepdims=True)
    root = middle[:, :1]
    middle = root + _LASH_LENGTH * (middle - root)
    wide = half * np.maximum(1.0, _LASH_WIDTH_MM / (width + 1e-9))
    return np.asarray((middle + wide).reshape(-1, 3))


class Figure:
    """A patient ready to be drawn.

    rest_mm: (V, 3) the face at rest in the head frame. faces (F, 3), corner_uv (F, 3, 2) texels,
    face_material (F,) rows of `materials`; surface_faces: those that are no strands; strands: what
    is one; `count` points in all; inner_openness (N,): light that reaches teeth and tongue.
    """

    def __init__(self, chart: Chart, patient: Patient, rest_mm: Array) -> None:
        rng = np.random.default_rng([patient.seed, 11])
        self.topology = topology = chart.topology
        self.rest_mm = rest_mm
        self.count = 0
        self.strands: list[Strands] = []
        self._faces: list[Int32] = []
        self._uv: list[Array] = []
        self._material: list[int] = []
        self._extras = load_extras()
        # The atlas: skin on the left, a column of three small squares on the right.
        self._skin, self._small = chart.size, chart.size // 3

        head, on_eye = topology.faces, self._eye_faces()
        uv = self._head_uv(chart)
        self._add(len(rest_mm), head[~on_eye], uv[~on_eye], SKIN)
        self._add(0, head[on_eye], uv[on_eye], EYE, start=0)
        loops = boundary_loops(head[~on_eye])
        self.neck_loop = min(loops, key=lambda loop: float(rest_mm[loop, 1].mean()))
        corner = np.array([self._skin, 2 * self._small], dtype=np.float64)
        for name in INNER_PARTS:
            faces = self._extras.faces[name]
            uv = mouth_uv(self._extras, name) * self._small + corner
            self._add(0, faces, uv, MOUTH, start=len(rest_mm))
        self.count += len(self._extras.template_mm)
        depth = self._extras.template_mm[:, 2]
        # Share of the light that gets past open lips, less and less towards the throat.
        share = np.clip((depth + 25.0) / 55.0, 0, 1) ** 1.5
        self.inner_openness = np.asarray(0.02 + 0.5 * share, dtype=np.float32)
        self._add_neck(chart)
        lashes = self._extras.lash_faces()
        uv = np.full((len(lashes), 3, 2), corner + self._small * np.array([0.875, 0.125]))
        self._lash_start = self.count
        self._add(int(lashes.max()) + 1, lashes, uv, LASH)
        self.hair = hairdressing.grow(chart, patient.look, rest_mm, rng)
        if self.hair is not None:
            inner = self.hair.uv[self.hair.faces] * (self._small - 4) + 2
            self.strands.append(Strands(self.count, self.hair.along, self.hair.outward))
            uv = inner + np.array([self._skin, self._small])
            self._add(len(self.hair.points), self.hair.faces, uv, HAIR)

        self.faces = np.ascontiguousarray(np.concatenate(self._faces), dtype=np.int32)
        self.corner_uv = np.ascontiguousarray(np.concatenate(self._uv), dtype=np.float32)
        self.face_material = np.concatenate(
            [
                np.full(len(faces), material, dtype=np.uint8)
                for faces, material in zip(self._faces, self._material, strict=True)
            ]
        )
        self.materials = np.stack([material.row() for material in MATERIALS])
        self.surface_faces = np.ascontiguousarray(self.faces[self.face_material != HAIR])
        self.texture = self._paint(chart, patient, rng)
        self._smooth = _smoothing(head[~on_eye], len(rest_mm))

    @property
    def cloth_corner(self) -> Array:
        """(2,) texel where the square of cloth begins; its side is half a small square."""
        return np.array([self._skin + self._small // 2, 2 * self._small + self._small // 2])

    @property
    def cloth_side(self) -> int:
        """Side of the square of cloth in texels."""
        return self._small // 2

    def _add(
        self, count: int, faces: Int32, uv: Array, material: int, *, start: int | None = None
    ) -> None:
        """Append faces; they count from their own first new point, or from `start`."""
        self._faces.append(faces.astype(np.int32) + (self.count if start is None else start))
        self._uv.append(uv)
        self._material.append(material)
        self.count += count

    def _eye_faces(self) -> NDArray[np.bool_]:
        regions = self.topology.regions
        eyes = regions["eye_left"] | regions["eye_right"]
        return np.asarray(eyes[self.topology.faces].all(axis=1))

    def _head_uv(self, chart: Chart) -> Array:
        topology = self.topology
        uv = chart.corner_uv.copy()
        masks = (topology.regions["eye_left"], topology.regions["eye_right"])
        for mask, centre in zip(masks, topology.eye_centres_mm, strict=True):
            chosen = mask[topology.faces].all(axis=1)
            d = topology.template_mm[topology.faces[chosen]] - centre
            d /= np.linalg.norm(d, axis=-1, keepdims=True)
            uv[chosen] = eyeballs.eye_texel(d, self._small - 4) + np.array([self._skin + 2.0, 2.0])
        return uv

    def _add_neck(self, chart: Chart) -> None:
        """A skin tube below the head's border, which the collar hides."""
        loop = self.neck_loop
        middle = self.rest_mm[loop].mean(axis=0)
        spread = self.rest_mm[loop] - middle
        inner = middle + spread * [1.1, 0.6, 1.08] + np.array([0.0, -20.0, -2.0])
        outer = middle + spread * [1.35, 0.0, 1.2] + np.array([0.0, -60.0, -8.0])
        self._neck_rings = np.concatenate([inner, outer])
        _, faces = tube([self.rest_mm[loop], inner, outer])
        # All round it wears the skin of the throat: no hair, and no seam.
        border = self.topology.template_mm[loop]
        front = np.flatnonzero(border[:, 2] > np.quantile(border[:, 2], 0.6))
        alike = front[np.abs(border[:, None, 0] - border[None, front, 0]).argmin(axis=1)]
        uv = np.tile(chart.texel(border[alike] + np.array([0.0, 6.0, 0.0])), (3, 1))[faces]
        self._neck_start = self.count
        self._add(3 * len(loop), faces, uv, SKIN)

    def _paint(self, chart: Chart, patient: Patient, rng: np.random.Generator) -> Texture:
        look, skin, small = patient.look, self._skin, self._small
        albedo = np.zeros((skin, skin + small, 4), dtype=np.uint8)
        slope = np.zeros((skin, skin + small, 2), dtype=np.int8)
        pieces = (
            (0, 0, SkinPainter(chart, look, rng).paint()),
            (skin, 0, eyeballs.paint_eye(look, rng, small, 12.0 * patient.scale)),
            (skin, small, hairdressing.paint_hair(look, rng, small)),
            (*self.cloth_corner.tolist(), paint_cloth(look.cloth, rng, self.cloth_side)),
        )
        for x, y, texture in pieces:
            h, w = texture.albedo.shape[:2]
            albedo[y : y + h, x : x + w] = texture.albedo
            slope[y : y + h, x : x + w] = texture.slope
        area = albedo[2 * small : 3 * small, skin:]
        paint_mouth(area, self._extras, rng)
        dark = np.sqrt(np.clip(0.5 * look.brow + 0.03 * look.skin, 0, 1)) * 255
        area[: small // 4, 3 * small // 4 :, :3] = dark
        area[: small // 4, 3 * small // 4 :, 3] = 60
        return Texture(albedo, slope)

    def pose(self, body_mm: Array) -> Array:
        """(N, 3) all points in the head frame for a body (V + inner parts, 3) of `pose_body`."""
        points = np.empty((self.count, 3))
        points[: len(body_mm)] = body_mm
        ring = len(self.neck_loop)
        at = self._neck_start
        points[at : at + ring] = body_mm[self.neck_loop]
        points[at + ring : at + 3 * ring] = self._neck_rings
        regions = self.topology.regions
        face = body_mm[: len(self.rest_mm)]
        eyes = np.stack([face[regions[f"eye_{side}"]].mean(axis=0) for side in SIDES])
        lashes = _trimmed(self._extras.lashes_mm(face, eyes))
        points[self._lash_start : self._lash_start + len(lashes)] = lashes
        if self.hair is not None:
            points[self.count - len(self.hair.points) :] = self.hair.points
        return points

    def soften(self, normals: Float32) -> Float32:
        """Normals (N, 3) with those of the skin smoothed over a few edges; not unit."""
        soft = normals.copy()
        n = len(self.rest_mm)
        soft[:n] = self._smooth @ normals[:n]
        return soft

    def facing(self, camera_mm: Array) -> NDArray[np.bool_]:
        """(F,) faces that a camera at (3,) in the head frame may see; not hair behind the head."""
        keep = np.ones(len(self.faces), dtype=np.bool_)
        if self.hair is not None:
            corner = self.hair.faces[:, 0]
            towards = camera_mm - self.hair.points[corner]
            cosine = (towards * self.hair.outward[corner]).sum(axis=1)
            keep[len(keep) - len(corner) :] = cosine > -0.35 * np.linalg.norm(towards, axis=1)
        return keep
