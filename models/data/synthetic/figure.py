"""The drawable person in the head frame: head, mouth, lashes, hair, neck; no torso, no light."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.data.synthetic import eyes as eyeballs
from models.data.synthetic import hair as hairdressing
from models.data.synthetic.chart import Chart
from models.data.synthetic.lashes import Lashes
from models.data.synthetic.mouth import Mouth
from models.data.synthetic.patient import Patient
from models.data.synthetic.skin import SkinPainter
from models.data.synthetic.surroundings import paint_cloth, tube
from models.head.topology import Topology
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
    Material(gloss=0.05, kind=STRAND),
)

SKIN_TEXELS = 1536
_SMALL = 512


@dataclass(frozen=True)
class Part:
    """Some faces of a figure. faces (F, 3) count from the part's own first point; uv (F, 3, 2)
    texels of the atlas. `along` and `outward` (N, 3) are empty for surfaces."""

    count: int
    faces: Int32
    uv: Array
    material: int
    along: Array = field(default_factory=lambda: np.zeros((0, 3)))
    outward: Array = field(default_factory=lambda: np.zeros((0, 3)))


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


class Figure:
    """A patient ready to be drawn.

    Attributes: faces (F, 3), corner_uv (F, 3, 2), face_material (F,), materials (M, 9), texture,
    parts; `rest_mm` (V, 3) the face at rest in the head frame.
    """

    def __init__(self, topology: Topology, chart: Chart, patient: Patient, rest_mm: Array) -> None:
        rng = np.random.default_rng([patient.seed, 11])
        look = patient.look
        self.topology = topology
        self.rest_mm = rest_mm
        template = topology.template_mm.astype(np.float64)
        left, right = topology.regions["eye_left"], topology.regions["eye_right"]
        on_eye = (left | right)[topology.faces].all(axis=1)
        skin_faces = topology.faces[~on_eye]

        column = SKIN_TEXELS
        head_uv = chart.corner_uv.copy() * (SKIN_TEXELS / chart.size)
        for mask, centre in zip((left, right), topology.eye_centres_mm, strict=True):
            chosen = mask[topology.faces].all(axis=1)
            d = template[topology.faces[chosen]] - centre
            d /= np.linalg.norm(d, axis=-1, keepdims=True)
            texel = eyeballs.eye_texel(d, _SMALL - 4) + 2.0
            head_uv[chosen] = texel + np.array([column, 0.0])
        self.parts: list[Part] = [
            Part(len(template), skin_faces.astype(np.int32), head_uv[~on_eye], SKIN),
            Part(0, topology.faces[on_eye].astype(np.int32), head_uv[on_eye], EYE),
        ]

        loops = boundary_loops(skin_faces)
        heights = [template[loop, 1].mean() for loop in loops]
        self.neck_loop = loops[int(np.argmin(heights))]
        stomion = template[topology.points["stomion_superius"]]
        self.mouth_loop = min(
            (loop for loop in loops if loop is not self.neck_loop),
            key=lambda loop: float(np.linalg.norm(template[loop].mean(axis=0)[:2] - stomion[:2])),
        )
        self._add_neck(chart)
        swatch = np.array([column, 2 * _SMALL], dtype=np.float64)
        self.mouth = Mouth(topology, self.mouth_loop, rest_mm)
        for faces, uv in self.mouth.parts(swatch):
            self.parts.append(Part(0, faces, uv, MOUTH))
        self.lashes = Lashes(topology, rng)
        lash_uv = np.full((len(self.lashes.faces), 3, 2), 0.0) + swatch + [384 + 64, 64.0]
        self.parts.append(
            Part(
                self.lashes.count,
                self.lashes.faces,
                lash_uv,
                LASH,
                np.zeros((self.lashes.count, 3)),
                np.zeros((self.lashes.count, 3)),
            )
        )
        self.hair = hairdressing.grow(chart, look, rest_mm, rng)
        if self.hair is not None:
            uv = self.hair.uv[self.hair.faces] * (_SMALL - 4) + 2 + np.array([column, _SMALL])
            self.parts.append(
                Part(
                    len(self.hair.points),
                    self.hair.faces,
                    uv,
                    HAIR,
                    self.hair.along,
                    self.hair.outward,
                )
            )
        self._assemble()
        self.texture = self._paint(chart, patient, rng)
        self._smooth = _smoothing(skin_faces.astype(np.int32), len(template))

    def _add_neck(self, chart: Chart) -> None:
        """A skin tube below the head's border, which the collar hides."""
        loop = self.neck_loop
        middle = self.rest_mm[loop].mean(axis=0)
        spread = self.rest_mm[loop] - middle
        down = np.array([0.0, -1.0, 0.0])
        inner = middle + spread * [1.03, 0.3, 1.03] + 22.0 * down
        outer = middle + spread * [1.15, 0.0, 1.1] + 60.0 * down + np.array([0, 0, -6.0])
        self.neck_rings = np.stack([self.rest_mm[loop], inner, outer])
        _, faces = tube(list(self.neck_rings))
        texel = chart.texel(self.topology.template_mm[loop].astype(np.float64))
        uv = np.tile(texel * (SKIN_TEXELS / chart.size), (3, 1))[faces]
        wraps = np.ptp(uv[..., 0], axis=1) > SKIN_TEXELS / 2
        uv[wraps, :, 0] = np.where(
            uv[wraps, :, 0] < SKIN_TEXELS / 2, SKIN_TEXELS - 20.0, uv[wraps, :, 0]
        )
        self.parts.append(Part(3 * len(loop), faces, uv, SKIN))

    def _assemble(self) -> None:
        # Parts with their own points follow one another; eyes and mouth refer to the head's or
        # to the mouth's points, which come last.
        starts, at = [], 0
        for part in self.parts:
            shared = part.count == 0
            starts.append(0 if shared else at)
            at += part.count
        self.mouth_start = at
        self.count = at + self.mouth.count
        faces = []
        for part, start in zip(self.parts, starts, strict=True):
            moved = part.faces + start
            if part.material == MOUTH:
                # Mouth faces name the head's vertices as they are and their own after them.
                own = part.faces >= len(self.rest_mm)
                moved = np.where(own, part.faces - len(self.rest_mm) + at, part.faces)
            faces.append(moved)
        self.starts = starts
        self.faces = np.ascontiguousarray(np.concatenate(faces), dtype=np.int32)
        self.corner_uv = np.ascontiguousarray(
            np.concatenate([part.uv for part in self.parts]), dtype=np.float32
        )
        self.face_material = np.concatenate(
            [np.full(len(part.faces), part.material, dtype=np.uint8) for part in self.parts]
        )
        self.materials = np.stack([material.row() for material in MATERIALS])
        strand = np.array([m.kind == STRAND for m in MATERIALS])[self.face_material]
        self.surface_faces = np.ascontiguousarray(self.faces[~strand])

    def _paint(self, chart: Chart, patient: Patient, rng: np.random.Generator) -> Texture:
        look = patient.look
        skin = SkinPainter(chart, look, rng).paint()
        radius = 12.0 * patient.scale
        pieces = [
            (0, 0, skin),
            (SKIN_TEXELS, 0, eyeballs.paint_eye(look, rng, _SMALL, radius)),
            (SKIN_TEXELS, _SMALL, hairdressing.paint_hair(look, rng, _SMALL)),
        ]
        albedo = np.zeros((SKIN_TEXELS, SKIN_TEXELS + _SMALL, 4), dtype=np.uint8)
        slope = np.zeros((SKIN_TEXELS, SKIN_TEXELS + _SMALL, 2), dtype=np.int8)
        for x, y, texture in pieces:
            h, w = texture.albedo.shape[:2]
            albedo[y : y + h, x : x + w] = texture.albedo
            slope[y : y + h, x : x + w] = texture.slope
        corner = albedo[2 * _SMALL :, SKIN_TEXELS:]
        self.mouth.paint(corner, rng)
        corner[:128, 384:, :3] = np.sqrt(np.clip(0.45 * look.brow + 0.005, 0, 1)) * 255
        corner[:128, 384:, 3] = 60
        cloth = paint_cloth(look.cloth, rng, 256).albedo
        corner[128:384, 256:] = cloth
        return Texture(albedo, slope)

    def pose(self, face_mm: Array) -> Array:
        """(N, 3) all points in the head frame for a face `face_mm` (V, 3)."""
        points = np.empty((self.count, 3))
        at = 0
        n = len(face_mm)
        points[:n] = face_mm
        at = n
        ring = len(self.neck_loop)
        points[at : at + ring] = face_mm[self.neck_loop]
        points[at + ring : at + 3 * ring] = self.neck_rings[1:].reshape(-1, 3)
        at += 3 * ring
        points[at : at + self.lashes.count] = self.lashes.pose(face_mm)
        at += self.lashes.count
        if self.hair is not None:
            points[at : at + len(self.hair.points)] = self.hair.points
        points[self.mouth_start :] = self.mouth.pose(face_mm)
        return points

    def soften(self, normals: Float32) -> Float32:
        """Normals (N, 3) with those of the skin smoothed over a few edges; not unit."""
        soft = normals.copy()
        n = len(self.rest_mm)
        soft[:n] = self._smooth @ normals[:n]
        return soft

    def strands(self) -> list[tuple[int, Part]]:
        """Start and part of all strands, whose normals are directions of growth."""
        return [
            (start, part)
            for start, part in zip(self.starts, self.parts, strict=True)
            if len(part.along)
        ]
