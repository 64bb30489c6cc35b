"""Films a figure: one view of a take, frame by frame, from posed points to developed pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from models.data.synthetic import shadow
from models.data.synthetic.figure import CLOTH, SKIN_TEXELS, Figure
from models.data.synthetic.light import Illumination
from models.data.synthetic.sensor import Sensor, develop, tone_table
from models.data.synthetic.surroundings import draw_background, torso
from models.reconstruction import Camera
from models.render import project, to_camera, zbuffer
from models.render.deferred import (
    ATTRIBUTES,
    Lights,
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


@dataclass
class _Backdrop:
    """What stands still in a view: linear picture, its developed form, and its depth."""

    linear: Float32
    developed: UInt8
    inverse_depth: Array


class Studio:
    """A figure, its torso and light, for a mean head pose; gives frames of calibrated cameras.

    closed_mm: (V, 3) the same face with its lids closed: light is baked for both and blended.
    head_to_world: (4, 4) mean pose. Backgrounds and sensor are shared by all takes of a session.
    """

    def __init__(
        self,
        figure: Figure,
        closed_mm: Array,
        light: Illumination,
        sensor: Sensor,
        cameras: Mapping[str, Camera],
        head_to_world: Array,
        seed: int,
    ) -> None:
        rng = np.random.default_rng([seed, 21])
        self.figure, self.light, self.sensor, self.cameras = figure, light, sensor, cameras
        # Half the head's turn, so that the collar does not swing with it.
        points, faces = torso(figure.rest_mm[figure.neck_loop], rng, float(rng.uniform(0, 1)))
        upright = head_to_world.copy()
        turn = Rotation.from_matrix(head_to_world[:3, :3] @ np.diag([1.0, -1.0, -1.0]))
        upright[:3, :3] = Rotation.from_rotvec(0.4 * turn.as_rotvec()).as_matrix() @ np.diag(
            [1.0, -1.0, -1.0]
        )
        neck = figure.rest_mm[figure.neck_loop].mean(axis=0)
        upright[:3, 3] += (
            to_camera(neck[None], head_to_world)[0] - to_camera(neck[None], upright)[0]
        )
        self.torso_world = to_camera(points, upright)
        self.torso_faces = _outward(self.torso_world, faces)
        self._torso_uv()
        self._bake(closed_mm, head_to_world)
        self.exposure = 1.0
        self._levels: dict[int, Texture] = {0: figure.texture}
        self._backdrops: dict[str, _Backdrop] = {}
        background_rng = np.random.default_rng([seed, 22])
        room = light.surroundings[0] * 2
        self._rooms = {
            view: draw_background(background_rng, (camera.width, camera.height), room)
            for view, camera in cameras.items()
        }
        self.expose(figure.rest_mm, head_to_world)

    def _torso_uv(self) -> None:
        around, along = np.meshgrid(np.arange(48), np.arange(9))
        texel = np.stack([around.ravel() * 30.0 % 240, along.ravel() * 26.0 % 240], axis=1)
        uv = texel[self.torso_faces] + 4.0
        wraps = np.ptp(uv[..., 0], axis=1) > 120
        uv[wraps, :, 0] = np.where(uv[wraps, :, 0] < 120, uv[wraps, :, 0] + 0.0, 4.0)
        origin = np.array([SKIN_TEXELS + 256.0, 2 * 512 + 128.0])
        self._cloth_uv = np.ascontiguousarray(uv + origin, dtype=np.float32)

    def _bake(self, closed_mm: Array, head_to_world: Array) -> None:
        figure = self.figure
        world_to_head = np.asarray(np.linalg.inv(head_to_world), dtype=np.float64)
        towards = self.light.towards @ head_to_world[:3, :3]
        torso_head = to_camera(self.torso_world, world_to_head)
        n = figure.count
        faces = np.concatenate([figure.faces, self.torso_faces + n]).astype(np.int32)
        bias = np.full(n + len(torso_head), 2.0, dtype=np.float32)
        for start, part in figure.strands():
            bias[start : start + part.count] = 5.0
        baked = []
        for face in (figure.rest_mm, closed_mm):
            points = np.concatenate([figure.pose(face), torso_head])
            normals = np.zeros((len(points), 3), dtype=np.float32)
            surface = np.concatenate([figure.surface_faces, self.torso_faces + n])
            vertex_normals(points.astype(np.float32), surface.astype(np.int32), normals)
            # Lift the points off their own surface before they look at the light.
            lifted = points + 0.8 * normals
            state = np.random.default_rng(5)
            baked.append(
                shadow.bake(state, lifted, faces, normals, towards, self.light.spread, bias)
            )
        self.open_light, self.closed_light = (b[:n] for b in baked)
        self.torso_light = baked[0][n:]
        self.torso_light[:, 0] = 0.25 + 0.75 * self.torso_light[:, 0]
        for light in (self.open_light, self.closed_light):
            light[:, 0] = 0.12 + 0.88 * light[:, 0]

    def expose(self, face_mm: Array, head_to_world: Array) -> None:
        """Set the exposure by the light on the face in the front view, as a camera would."""
        view = "center" if "center" in self.cameras else next(iter(self.cameras))
        camera = self.cameras[view]
        layer, pix_to_face, _ = self._shade(camera, face_mm, head_to_world, 0.0, None)
        face = self.figure.topology.regions["face"]
        faces = self.figure.faces
        padded = np.zeros(self.figure.count, dtype=np.bool_)
        padded[: len(face)] = face
        skin = np.asarray(padded[faces].all(axis=1))
        seen = layer[(pix_to_face >= 0) & skin[pix_to_face]][:, :3] @ np.array([0.25, 0.65, 0.1])
        level = float(np.median(seen)) if len(seen) else 0.3
        # Dark skin is not exposed to the same grey as light skin.
        self.exposure = 0.33 * (level / 0.4) ** 0.45 / max(level, 1e-3)
        self._table = tone_table(self.sensor, self.exposure)
        self._backdrops = {v: self._backdrop(v) for v in self.cameras}

    def _lights(self, rotation: Array) -> Lights:
        return Lights(
            np.ascontiguousarray(self.light.towards @ rotation.T, dtype=np.float32),
            self.light.colour.astype(np.float32),
            self.light.surroundings.astype(np.float32),
        )

    def _texture(self, camera: Camera, distance_mm: float) -> tuple[Texture, float]:
        """The level of detail that fits the view, and its factor on texel coordinates."""
        texels_per_px = SKIN_TEXELS / (np.pi * 88.0) / (camera.K[0, 0] / distance_mm)
        level = int(np.clip(np.floor(np.log2(max(texels_per_px, 1.0)) + 0.15), 0, 4))
        for k in range(1, level + 1):
            if k not in self._levels:
                self._levels[k] = self._levels[k - 1].halved()
        return self._levels[level], 0.5**level

    def _backdrop(self, view: str) -> _Backdrop:
        camera = self.cameras[view]
        size = (camera.height, camera.width)
        linear = self._rooms[view].copy()
        points = to_camera(self.torso_world, camera.world_to_camera)
        screen = zbuffer.snap(project(points, camera.K))
        pix_to_face = np.full(size, -1, dtype=np.int32)
        inverse_depth = np.zeros(size)
        zbuffer.cover(screen, self.torso_faces, 50.0, pix_to_face, inverse_depth)
        points32 = points.astype(np.float32)
        normals = np.zeros_like(points32)
        vertex_normals(points32, self.torso_faces, normals)
        texture, factor = self._texture(camera, float(points[:, 2].mean()))
        attributes = self._attributes(normals, normals, self.torso_light, camera)
        layer = np.zeros((*size, 4), dtype=np.float32)
        self._run(
            layer,
            pix_to_face,
            screen,
            points32,
            self.torso_faces,
            self._cloth_uv * factor,
            np.full(len(self.torso_faces), CLOTH, dtype=np.uint8),
            attributes,
            texture,
            camera,
            (0.0, 0.0),
        )
        covered = layer[..., 3:]
        linear = linear * (1 - covered) + layer[..., :3]
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
        unit = soft / (np.linalg.norm(soft, axis=1, keepdims=True) + 1e-9)
        surroundings = self.light.surroundings.astype(np.float32)
        rows[:, 6:9] = irradiance(unit @ rotation, surroundings) * visible[:, :1]
        rows[:, 9:] = visible[:, 1:]
        return rows

    def _run(
        self,
        layer: Float32,
        pix_to_face: Int32,
        screen: Array,
        points: Float32,
        faces: Int32,
        uv: Float32,
        material: UInt8,
        attributes: Float32,
        texture: Texture,
        camera: Camera,
        origin: tuple[float, float],
    ) -> None:
        lights = self._lights(camera.world_to_camera[:3, :3])
        shade(
            pix_to_face,
            screen,
            points,
            faces,
            uv,
            material,
            attributes,
            self.figure.materials,
            texture.albedo,
            texture.slope,
            lights.towards,
            lights.colour,
            origin,
            1.0 / camera.K[0, 0],
            (camera.K[0, 2], camera.K[1, 2]),
            layer,
        )

    def _shade(
        self,
        camera: Camera,
        face_mm: Array,
        head_to_world: Array,
        closure: float | Float32,
        backdrop: _Backdrop | None,
    ) -> tuple[Float32, Int32, tuple[int, int, int, int]]:
        figure = self.figure
        pose = camera.world_to_camera @ head_to_world
        points = to_camera(figure.pose(face_mm), pose)
        screen = zbuffer.snap(project(points, camera.K))
        low = np.floor(screen[:, :2].min(axis=0)).astype(int) - _MARGIN
        high = np.ceil(screen[:, :2].max(axis=0)).astype(int) + _MARGIN
        x0, y0 = np.clip(low, 0, [camera.width, camera.height]).tolist()
        x1, y1 = np.clip(high, 0, [camera.width, camera.height]).tolist()
        shape = (y1 - y0, x1 - x0)
        pix_to_face = np.full(shape, -1, dtype=np.int32)
        if backdrop is None:
            inverse_depth = np.zeros(shape)
        else:
            inverse_depth = backdrop.inverse_depth[y0:y1, x0:x1].copy()
        screen[:, :2] -= [x0, y0]
        zbuffer.cover(screen, figure.faces, 50.0, pix_to_face, inverse_depth)
        screen[:, :2] += [x0, y0]
        points32 = points.astype(np.float32)
        normals = np.zeros_like(points32)
        vertex_normals(points32, figure.surface_faces, normals)
        rotation = pose[:3, :3].astype(np.float32)
        soft = figure.soften(normals)
        for start, part in figure.strands():
            own = slice(start, start + part.count)
            normals[own] = part.along.astype(np.float32) @ rotation.T
            soft[own] = part.outward.astype(np.float32) @ rotation.T
        weight = np.asarray(closure, dtype=np.float32)
        visible = self.open_light + weight * (self.closed_light - self.open_light)
        attributes = self._attributes(normals, soft, visible, camera)
        texture, factor = self._texture(camera, float(points[:, 2].mean()))
        layer = np.zeros((*shape, 4), dtype=np.float32)
        uv = figure.corner_uv if factor == 1.0 else figure.corner_uv * np.float32(factor)
        self._run(
            layer,
            pix_to_face,
            screen,
            points32,
            figure.faces,
            uv,
            figure.face_material,
            attributes,
            texture,
            camera,
            (float(x0), float(y0)),
        )
        return layer, pix_to_face, (x0, y0, x1, y1)

    def closure(self, gap_mm: Array, rest_gap_mm: Array) -> Float32:
        """(N, 1) how closed the lids near each point are, for gaps (2,) left and right."""
        shut = np.clip(1 - gap_mm / np.maximum(rest_gap_mm, 1.0), 0, 1)
        result = np.zeros((self.figure.count, 1), dtype=np.float32)
        x = self.figure.rest_mm[:, 0]
        result[: len(x), 0] = np.where(x > 0, shut[0], shut[1])
        return result

    def frame(
        self, view: str, face_mm: Array, head_to_world: Array, closure: float | Float32 = 0.0
    ) -> UInt8:
        """(H, W, 3) RGB of one view, without noise."""
        backdrop = self._backdrops[view]
        layer, _, (x0, y0, x1, y1) = self._shade(
            self.cameras[view], face_mm, head_to_world, closure, backdrop
        )
        picture = backdrop.developed.copy()
        window = np.ascontiguousarray(backdrop.linear[y0:y1, x0:x1])
        developed = np.empty((y1 - y0, x1 - x0, 3), dtype=np.uint8)
        develop(layer, window, self.sensor.blur, self.sensor.saturation, self._table, developed)
        picture[y0:y1, x0:x1] = developed
        return picture


def _outward(points: Array, faces: Int32) -> Int32:
    """Faces turned so that most of them look away from the middle."""
    corners = points[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = corners.mean(axis=1) - points.mean(axis=0)
    if (normal * away).sum(axis=1).mean() < 0:
        faces = faces[:, [0, 2, 1]]
    return np.ascontiguousarray(faces, dtype=np.int32)
