"""Films a figure: one view of a take, frame by frame, from posed points to developed pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from models.data.synthetic import shadow
from models.data.synthetic.camera import FACING
from models.data.synthetic.figure import CLOTH, Figure
from models.data.synthetic.light import Illumination
from models.data.synthetic.sensor import Sensor, develop, tone_table
from models.data.synthetic.surroundings import draw_background, torso
from models.reconstruction import Camera
from models.render import project, to_camera, zbuffer
from models.render.deferred import (
    ATTRIBUTES,
    Texture,
    irradiance,
    shade,
    vertex_normals,
)

Array = NDArray[np.float64]
Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]

_MARGIN = 4
_HEAD_WIDTH_MM = 88.0 * np.pi


@dataclass(frozen=True)
class _Surface:
    """Faces with texel coordinates (F, 3, 2) and materials (F,) as one view draws them."""

    faces: Int32
    uv: Float32
    material: UInt8
    texture: Texture


@dataclass(frozen=True)
class _Backdrop:
    """What stands still in a view: linear picture, its developed form, and its depth."""

    linear: Float32
    developed: UInt8
    inverse_depth: Array


class Studio:
    """A figure, its torso and light, for a mean head pose; gives frames of calibrated cameras.

    open_mm, closed_mm: bodies of `pose_body` at rest with open and with closed lids: light is baked
    for both and blended. head_to_world: (4, 4) mean pose. shadow_rays: quality of that light.
    """

    def __init__(
        self,
        figure: Figure,
        open_mm: Array,
        closed_mm: Array,
        light: Illumination,
        sensor: Sensor,
        cameras: Mapping[str, Camera],
        head_to_world: Array,
        seed: int,
        *,
        shadow_rays: int = 48,
    ) -> None:
        rng = np.random.default_rng([seed, 21])
        self.figure, self.light, self.sensor, self.cameras = figure, light, sensor, cameras
        self._levels = [figure.texture]
        neck = figure.rest_mm[figure.neck_loop]
        points, self._torso_faces, uv = torso(neck, rng, float(rng.uniform(0, 1)))
        self._torso_mm = to_camera(points, _upright(head_to_world, neck.mean(axis=0)))
        self._torso_uv = uv * (figure.cloth_side - 2) + 1 + figure.cloth_corner
        self._bake((open_mm, closed_mm), head_to_world, shadow_rays)
        self._surfaces = {
            view: self._surface(camera, head_to_world) for view, camera in cameras.items()
        }
        self._table = tone_table(sensor, self._exposure(open_mm, head_to_world))
        room_rng = np.random.default_rng([seed, 22])
        self._backdrops = {
            view: self._backdrop(camera, head_to_world, room_rng)
            for view, camera in cameras.items()
        }

    def closure(self, gap_mm: Array, rest_gap_mm: Array) -> Float32:
        """(N, 1) how closed the lids near each point are, for gaps (2,) left and right."""
        shut = np.clip(1 - gap_mm / np.maximum(rest_gap_mm, 1.0), 0, 1)
        result = np.zeros((self.figure.count, 1), dtype=np.float32)
        x = self.figure.rest_mm[:, 0]
        result[: len(x), 0] = np.where(x > 0, shut[0], shut[1])
        return result

    def frame(
        self, view: str, body_mm: Array, head_to_world: Array, closure: Float32 | None = None
    ) -> UInt8:
        """(H, W, 3) RGB of one view, without noise."""
        backdrop = self._backdrops[view]
        layer, _, (x0, y0, x1, y1) = self._draw(
            view, body_mm, head_to_world, closure, backdrop.inverse_depth
        )
        picture = backdrop.developed.copy()
        window = np.ascontiguousarray(backdrop.linear[y0:y1, x0:x1])
        developed = np.empty((y1 - y0, x1 - x0, 3), dtype=np.uint8)
        develop(layer, window, self.sensor.blur, self.sensor.saturation, self._table, developed)
        picture[y0:y1, x0:x1] = developed
        return picture

    def _bake(self, bodies: tuple[Array, Array], head_to_world: Array, rays: int) -> None:
        figure = self.figure
        torso_mm = to_camera(self._torso_mm, np.asarray(np.linalg.inv(head_to_world)))
        towards = self.light.towards @ head_to_world[:3, :3]
        n = figure.count
        faces = np.concatenate([figure.faces, self._torso_faces + np.int32(n)])
        surface = np.concatenate([figure.surface_faces, self._torso_faces + np.int32(n)])
        bias = np.full(n + len(torso_mm), 2.0, dtype=np.float32)
        for strands in figure.strands:
            bias[strands.start : strands.start + len(strands.along)] = 5.0
        baked = []
        for body in bodies:
            points = np.concatenate([figure.pose(body), torso_mm])
            normals = np.zeros((len(points), 3), dtype=np.float32)
            vertex_normals(points.astype(np.float32), surface, normals)
            # Lift the points off their own surface before they look at the light.
            light = shadow.bake(
                np.random.default_rng(5),
                points + 0.8 * normals,
                faces,
                normals,
                towards,
                self.light.spread,
                bias,
                rays,
            )
            # Light that bounces between skin, cloth and room fills even the deepest fold a little.
            light[:n, 0] = 0.12 + 0.88 * light[:n, 0]
            light[n:, 0] = 0.25 + 0.75 * light[n:, 0]
            # At rest the lips hide what light would fall on teeth and tongue.
            inner = slice(len(figure.rest_mm), len(body))
            light[inner] = figure.inner_openness[:, None]
            baked.append(light)
        self._open_light, self._closed_light = baked[0][:n], baked[1][:n]
        self._torso_light = baked[0][n:]

    def _exposure(self, body_mm: Array, head_to_world: Array) -> float:
        """What a camera would choose for the face in the front view (or the first one)."""
        view = "center" if "center" in self.cameras else next(iter(self.cameras))
        layer, pix_to_face, _ = self._draw(view, body_mm, head_to_world, None, None)
        face = self.figure.topology.regions["face"]
        inside = np.zeros(self.figure.count, dtype=np.bool_)
        inside[: len(face)] = face
        skin = np.asarray(inside[self._surfaces[view].faces].all(axis=1))
        seen = layer[(pix_to_face >= 0) & skin[pix_to_face], :3] @ np.array([0.25, 0.65, 0.1])
        level = float(np.median(seen)) if len(seen) else 0.3
        # Dark skin is not lifted to the same grey as light skin.
        return float(0.33 * (level / 0.4) ** 0.45 / max(level, 1e-3))

    def _detail(self, camera: Camera, distance_mm: float) -> tuple[Texture, float]:
        """The level of detail that fits the view, and its factor on texel coordinates."""
        texels = self.figure.texture.albedo.shape[0]
        per_px = texels / _HEAD_WIDTH_MM * distance_mm / camera.K[0, 0]
        level = int(np.clip(np.floor(np.log2(max(per_px, 1.0)) + 0.15), 0, 4))
        while len(self._levels) <= level:
            self._levels.append(self._levels[-1].halved())
        return self._levels[level], 0.5**level

    def _surface(self, camera: Camera, head_to_world: Array) -> _Surface:
        figure = self.figure
        pose = camera.world_to_camera @ head_to_world
        keep = figure.facing(-pose[:3, :3].T @ pose[:3, 3])
        texture, factor = self._detail(camera, float(pose[2, 3]))
        return _Surface(
            np.ascontiguousarray(figure.faces[keep]),
            np.ascontiguousarray(figure.corner_uv[keep] * np.float32(factor)),
            np.ascontiguousarray(figure.face_material[keep]),
            texture,
        )

    def _backdrop(
        self, camera: Camera, head_to_world: Array, rng: np.random.Generator
    ) -> _Backdrop:
        size = (camera.height, camera.width)
        room = draw_background(rng, (camera.width, camera.height), 2 * self.light.surroundings[0])
        points = to_camera(self._torso_mm, camera.world_to_camera)
        screen = zbuffer.snap(project(points, camera.K))
        pix_to_face = np.full(size, -1, dtype=np.int32)
        inverse_depth = np.zeros(size)
        zbuffer.cover(screen, self._torso_faces, 50.0, pix_to_face, inverse_depth)
        normals = np.zeros((len(points), 3), dtype=np.float32)
        vertex_normals(points.astype(np.float32), self._torso_faces, normals)
        distance = float((camera.world_to_camera @ head_to_world)[2, 3])
        texture, factor = self._detail(camera, distance)
        cloth = _Surface(
            self._torso_faces,
            np.ascontiguousarray(self._torso_uv * factor, dtype=np.float32),
            np.full(len(self._torso_faces), CLOTH, dtype=np.uint8),
            texture,
        )
        attributes = self._attributes(normals, normals, self._torso_light, camera)
        layer = np.zeros((*size, 4), dtype=np.float32)
        self._shade(layer, pix_to_face, screen, points, cloth, attributes, camera, (0.0, 0.0))
        linear = room * (1 - layer[..., 3:]) + layer[..., :3]
        developed = np.empty((*size, 3), dtype=np.uint8)
        empty = np.zeros((*size, 4), dtype=np.float32)
        develop(empty, linear, self.sensor.blur, self.sensor.saturation, self._table, developed)
        return _Backdrop(linear, developed, inverse_depth)

    def _attributes(
        self, normals: Float32, soft: Float32, visible: Float32, camera: Camera
    ) -> Float32:
        rows = np.empty((len(normals), ATTRIBUTES), dtype=np.float32)
        rows[:, :3] = normals
        rows[:, 3:6] = soft
        rotation = camera.world_to_camera[:3, :3].astype(np.float32)
        unit = soft / (np.linalg.norm(soft, axis=1, keepdims=True) + np.float32(1e-9))
        surroundings = self.light.surroundings.astype(np.float32)
        rows[:, 6:9] = irradiance(unit @ rotation, surroundings) * visible[:, :1]
        rows[:, 9:] = visible[:, 1:]
        return rows

    def _shade(
        self,
        layer: Float32,
        pix_to_face: Int32,
        screen: Array,
        points: Array,
        surface: _Surface,
        attributes: Float32,
        camera: Camera,
        origin: tuple[float, float],
    ) -> None:
        towards = self.light.towards @ camera.world_to_camera[:3, :3].T
        shade(
            pix_to_face,
            screen,
            points.astype(np.float32),
            surface.faces,
            surface.uv,
            surface.material,
            attributes,
            self.figure.materials,
            surface.texture.albedo,
            surface.texture.slope,
            np.ascontiguousarray(towards, dtype=np.float32),
            self.light.colour.astype(np.float32),
            origin,
            1.0 / camera.K[0, 0],
            (camera.K[0, 2], camera.K[1, 2]),
            layer,
        )

    def _draw(
        self,
        view: str,
        body_mm: Array,
        head_to_world: Array,
        closure: Float32 | None,
        inverse_depth: Array | None,
    ) -> tuple[Float32, Int32, tuple[int, int, int, int]]:
        """Linear layer (h, w, 4), faces (h, w), and the window x0, y0, x1, y1 they stand for."""
        figure, camera, surface = self.figure, self.cameras[view], self._surfaces[view]
        pose = camera.world_to_camera @ head_to_world
        points = to_camera(figure.pose(body_mm), pose)
        screen = zbuffer.snap(project(points, camera.K))
        limits = [camera.width, camera.height]
        low = np.floor(screen[:, :2].min(axis=0)).astype(int) - _MARGIN
        high = np.ceil(screen[:, :2].max(axis=0)).astype(int) + _MARGIN
        x0, y0 = np.clip(low, 0, limits).tolist()
        x1, y1 = np.clip(high, 0, limits).tolist()
        shape = (y1 - y0, x1 - x0)
        pix_to_face = np.full(shape, -1, dtype=np.int32)
        depth = np.zeros(shape) if inverse_depth is None else inverse_depth[y0:y1, x0:x1].copy()
        screen[:, :2] -= [x0, y0]
        zbuffer.cover(screen, surface.faces, 50.0, pix_to_face, depth)
        screen[:, :2] += [x0, y0]
        normals = np.zeros((len(points), 3), dtype=np.float32)
        vertex_normals(points.astype(np.float32), figure.surface_faces, normals)
        rotation = pose[:3, :3].astype(np.float32)
        soft = figure.soften(normals)
        for strands in figure.strands:
            own = slice(strands.start, strands.start + len(strands.along))
            normals[own] = strands.along.astype(np.float32) @ rotation.T
            soft[own] = strands.outward.astype(np.float32) @ rotation.T
        visible = self._open_light
        if closure is not None:
            visible = visible + closure * (self._closed_light - visible)
        attributes = self._attributes(normals, soft, visible, camera)
        layer = np.zeros((*shape, 4), dtype=np.float32)
        corner = (float(x0), float(y0))
        self._shade(layer, pix_to_face, screen, points, surface, attributes, camera, corner)
        return layer, pix_to_face, (x0, y0, x1, y1)


def _upright(head_to_world: Array, neck_mm: Array) -> Array:
    """Pose (4, 4) of a torso that turns less than its head and meets it at the neck (3,)."""
    turn = Rotation.from_matrix(head_to_world[:3, :3] @ FACING.T)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec(0.4 * turn.as_rotvec()).as_matrix() @ FACING
    pose[:3, 3] = to_camera(neck_mm, head_to_world) - pose[:3, :3] @ neck_mm
    return pose
