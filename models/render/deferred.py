"""Portrait shading in one pass over the pixels a rasteriser has covered; float32, compiled.

Not differentiable, and not physically exact: wrapped diffuse light stands for scattering under
the skin, two rational lobes for its gloss, Kajiya-Kay for hair. It exists to be fast and to look
like a photograph once a sensor has been simulated on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
UInt8 = NDArray[np.uint8]

SURFACE, STRAND = 0, 1

# Columns of a vertex attribute row.
_NORMAL, _SOFT, _AMBIENT, _VISIBLE = 0, 3, 6, 9
LIGHTS = 3
ATTRIBUTES = _VISIBLE + LIGHTS


@dataclass(frozen=True)
class Material:
    """How one kind of face reflects.

    wrap: how far diffuse light reaches round into the shade, per channel, 0 to 1.
    gloss: factor on the texture's gloss; roughness: of the wide lobe; sharp: of the narrow one.
    sharp_share: weight of the narrow lobe. bump: factor on the texture's slopes.
    kind: SURFACE, or STRAND whose vertex normals are directions of growth.
    """

    wrap: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gloss: float = 0.0
    roughness: float = 0.5
    sharp: float = 0.25
    sharp_share: float = 0.3
    bump: float = 0.0
    kind: int = SURFACE

    def row(self) -> Float32:
        """(12,) the values in the order the kernel reads them."""
        lobes = (self.roughness**4, self.sharp**4, self.sharp_share)
        scale = [1 / (1 + wrap) for wrap in self.wrap]
        row = [*self.wrap, self.gloss, *lobes, self.bump / 64.0, float(self.kind), *scale]
        return np.array(row, dtype=np.float32)


@dataclass(frozen=True)
class Texture:
    """albedo (H, W, 4) uint8: RGB as the square root of linear reflectance, and gloss.

    slope (H, W, 2) int8: height derivative along u and v, 1/64 per unit.
    """

    albedo: UInt8
    slope: NDArray[np.int8]

    def halved(self) -> Texture:
        """The next coarser level of detail."""
        a, s = (x.astype(np.int32) for x in (self.albedo, self.slope))
        a, s = (
            (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2] + 2) // 4 for x in (a, s)
        )
        return Texture(a.astype(np.uint8), s.astype(np.int8))


@numba.njit(cache=True, nogil=True)
def vertex_normals(points: Float32, faces: Int32, out: Float32) -> None:
    """Unit normals (N, 3) of `points` into `out`, weighted by area, zero where none."""
    out[:] = 0
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
        vx, vy = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1]
        uz, vz = points[b, 2] - points[a, 2], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for v in (a, b, c):
            out[v, 0] += nx
            out[v, 1] += ny
            out[v, 2] += nz
    for v in range(out.shape[0]):
        length = np.sqrt(out[v, 0] ** 2 + out[v, 1] ** 2 + out[v, 2] ** 2)
        if length > 0:
            out[v] /= length


def irradiance(normals: Float32, surroundings: Float32) -> Float32:
    """(N, 3) light from the surroundings on unit `normals` (N, 3)."""
    x, y, z = normals.T
    basis = np.stack(
        [np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], axis=1
    )
    return np.asarray(np.maximum(basis @ surroundings, 0), dtype=np.float32)


# Single precision throughout: a Python literal would turn the whole pixel into doubles.
_0, _1, _HALF = np.float32(0), np.float32(1), np.float32(0.5)
_TINY = np.float32(1e-20)


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _inverse_length(x: Any, y: Any, z: Any) -> Any:
    return _1 / np.sqrt(x * x + y * y + z * z + _TINY)


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def shade(
    pix_to_face: Int32,
    screen: Float64,
    camera: Float32,
    faces: Int32,
    corner_uv: Float32,
    face_material: UInt8,
    attributes: Float32,
    materials: Float32,
    albedo: UInt8,
    slope: NDArray[np.int8],
    towards: Float32,
    colour: Float32,
    origin: tuple[float, float],
    inverse_focal: float,
    centre: tuple[float, float],
    out: Float32,
) -> None:
    """Write linear RGB and coverage 1 into `out` (h, w, 4) wherever `pix_to_face` (h, w) >= 0.

    `origin` (x, y) is the corner of this window in the frame `screen` refers to; `camera` (N, 3)
    are the vertices in camera space; `corner_uv` (F, 3, 2) are texel coordinates.
    """
    height, width = pix_to_face.shape
    u_limit = np.float32(albedo.shape[1] - 1.01)
    v_limit = np.float32(albedo.shape[0] - 1.01)
    scale = np.float32(1.0 / (255.0 * 255.0))
    gloss_scale = np.float32(1.0 / 255.0)
    share_soft, share_own = np.float32(0.7), np.float32(0.3)
    hair_wrap, hair_norm = np.float32(0.4), np.float32(1 / 1.4)
    f0, f1 = np.float32(0.04), np.float32(0.96)
    rim0, rim1 = np.float32(0.03), np.float32(0.5)
    quarter, least = np.float32(0.25), np.float32(0.05)
    per_focal = np.float32(inverse_focal)
    row = np.empty(ATTRIBUTES, dtype=np.float32)
    texel = np.empty(4, dtype=np.float32)
    corner = np.empty((3, 3), dtype=np.float32)
    tangent = np.zeros(6, dtype=np.float32)
    last = bent = np.uintp(len(faces))
    for i in range(height):
        for j in range(width):
            if pix_to_face[i, j] < 0:
                continue
            # Unsigned indices spare the check for negative ones.
            f = np.uintp(pix_to_face[i, j])
            a, b, c = np.uintp(faces[f, 0]), np.uintp(faces[f, 1]), np.uintp(faces[f, 2])
            if f != last:
                last = f
                for k in range(2):
                    corner[0, k] = screen[a, k] - origin[k]
                    corner[1, k] = screen[b, k] - origin[k]
                    corner[2, k] = screen[c, k] - origin[k]
                corner[0, 2] = 1.0 / screen[a, 2]
                corner[1, 2] = 1.0 / screen[b, 2]
                corner[2, 2] = 1.0 / screen[c, 2]
            x, y = np.float32(j) + _HALF, np.float32(i) + _HALF
            ax, ay = corner[0, 0] - x, corner[0, 1] - y
            bx, by = corner[1, 0] - x, corner[1, 1] - y
            cx, cy = corner[2, 0] - x, corner[2, 1] - y
            wa = abs(bx * cy - by * cx) * corner[0, 2]
            wb = abs(cx * ay - cy * ax) * corner[1, 2]
            wc = abs(ax * by - ay * bx) * corner[2, 2]
            total = _1 / (wa + wb + wc + _TINY)
            wa, wb, wc = wa * total, wb * total, wc * total
            for k in range(ATTRIBUTES):
                row[k] = wa * attributes[a, k] + wb * attributes[b, k] + wc * attributes[c, k]
            m = np.uintp(face_material[f])

            u = wa * corner_uv[f, 0, 0] + wb * corner_uv[f, 1, 0] + wc * corner_uv[f, 2, 0]
            v = wa * corner_uv[f, 0, 1] + wb * corner_uv[f, 1, 1] + wc * corner_uv[f, 2, 1]
            u = min(max(u - _HALF, _0), u_limit)
            v = min(max(v - _HALF, _0), v_limit)
            u0, v0 = np.uintp(u), np.uintp(v)
            u_next, v_next = u0 + np.uintp(1), v0 + np.uintp(1)
            fu, fv = u - np.float32(u0), v - np.float32(v0)
            w11 = fu * fv
            w01, w10 = fu - w11, fv - w11
            w00 = _1 - fu - w10
            for k in range(4):
                texel[k] = (
                    w00 * np.float32(albedo[v0, u0, k])
                    + w01 * np.float32(albedo[v0, u_next, k])
                    + w10 * np.float32(albedo[v_next, u0, k])
                    + w11 * np.float32(albedo[v_next, u_next, k])
                )
            gloss = materials[m, 3] * texel[3] * gloss_scale

            inverse = _inverse_length(row[0], row[1], row[2])
            nx, ny, nz = row[0] * inverse, row[1] * inverse, row[2] * inverse
            inverse = _inverse_length(row[3], row[4], row[5])
            sx, sy, sz = row[3] * inverse, row[4] * inverse, row[5] * inverse
            vx = (np.float32(centre[0] - origin[0]) - x) * per_focal
            vy = (np.float32(centre[1] - origin[1]) - y) * per_focal
            inverse = _inverse_length(vx, vy, _1)
            vx, vy, vz = vx * inverse, vy * inverse, -inverse

            bump = materials[m, 7]
            if bump > _0:
                if f != bent:
                    bent = f
                    u1 = corner_uv[f, 1, 0] - corner_uv[f, 0, 0]
                    v1 = corner_uv[f, 1, 1] - corner_uv[f, 0, 1]
                    u2 = corner_uv[f, 2, 0] - corner_uv[f, 0, 0]
                    v2 = corner_uv[f, 2, 1] - corner_uv[f, 0, 1]
                    turned = _1 if u1 * v2 > u2 * v1 else -_1
                    for k in range(3):
                        e1, e2 = camera[b, k] - camera[a, k], camera[c, k] - camera[a, k]
                        tangent[k] = (v2 * e1 - v1 * e2) * turned
                        tangent[3 + k] = (u1 * e2 - u2 * e1) * turned
                    iu = _inverse_length(tangent[0], tangent[1], tangent[2])
                    iv = _inverse_length(tangent[3], tangent[4], tangent[5])
                    for k in range(3):
                        tangent[k] *= iu
                        tangent[3 + k] *= iv
                du = bump * (
                    w00 * np.float32(slope[v0, u0, 0])
                    + w01 * np.float32(slope[v0, u_next, 0])
                    + w10 * np.float32(slope[v_next, u0, 0])
                    + w11 * np.float32(slope[v_next, u_next, 0])
                )
                dv = bump * (
                    w00 * np.float32(slope[v0, u0, 1])
                    + w01 * np.float32(slope[v0, u_next, 1])
                    + w10 * np.float32(slope[v_next, u0, 1])
                    + w11 * np.float32(slope[v_next, u_next, 1])
                )
                nx -= du * tangent[0] + dv * tangent[3]
                ny -= du * tangent[1] + dv * tangent[4]
                nz -= du * tangent[2] + dv * tangent[5]
                inverse = _inverse_length(nx, ny, nz)
                nx, ny, nz = nx * inverse, ny * inverse, nz * inverse

            red, green, blue = row[6], row[7], row[8]
            shine_r, shine_g, shine_b = _0, _0, _0
            strand = materials[m, 8] > _HALF
            ndv = nx * vx + ny * vy + nz * vz
            for light in range(LIGHTS):
                visible = row[_VISIBLE + light]
                if visible <= _0:
                    continue
                lx, ly, lz = towards[light, 0], towards[light, 1], towards[light, 2]
                ndl = nx * lx + ny * ly + nz * lz
                sdl = sx * lx + sy * ly + sz * lz
                shine = _0
                if strand:
                    sin_l = np.sqrt(max(_0, _1 - ndl * ndl))
                    sin_v = np.sqrt(max(_0, _1 - ndv * ndv))
                    facing = visible * max(_0, (sdl + hair_wrap) * hair_norm)
                    lit_r = lit_g = lit_b = sin_l * facing
                    along = max(_0, sin_l * sin_v - ndl * ndv)
                    along = along * along
                    along = along * along
                    along = along * along
                    shine = gloss * along * along * along * facing
                else:
                    # Red light travels farthest under the skin: it sees the smoothed surface.
                    deep = share_soft * sdl + share_own * ndl
                    w0, w1, w2 = materials[m, 0], materials[m, 1], materials[m, 2]
                    lit_r = visible * max(_0, (deep + w0) * materials[m, 9])
                    lit_g = visible * max(_0, (ndl + w1) * materials[m, 10])
                    lit_b = visible * max(_0, (ndl + w2) * materials[m, 11])
                    if gloss > _0 and ndl > _0:
                        hx, hy, hz = lx + vx, ly + vy, lz + vz
                        inverse = _inverse_length(hx, hy, hz)
                        ndh = max(_0, (nx * hx + ny * hy + nz * hz) * inverse)
                        ldh = max(least, (lx * hx + ly * hy + lz * hz) * inverse)
                        away = _1 - ldh
                        fresnel = away * away
                        fresnel = f0 + f1 * fresnel * fresnel * away
                        square = ndh * ndh
                        wide, narrow, share = materials[m, 4], materials[m, 5], materials[m, 6]
                        d0 = square * (wide - _1) + _1
                        d1 = square * (narrow - _1) + _1
                        d0, d1 = d0 * d0, d1 * d1
                        # Both lobes over one common denominator: divisions are dear.
                        lobes = (_1 - share) * wide * d1 + share * narrow * d0
                        shine = gloss * fresnel * ndl * visible * quarter * lobes
                        shine /= d0 * d1 * ldh * ldh
                red += colour[light, 0] * lit_r
                green += colour[light, 1] * lit_g
                blue += colour[light, 2] * lit_b
                shine_r += colour[light, 0] * shine
                shine_g += colour[light, 1] * shine
                shine_b += colour[light, 2] * shine
            if not strand:
                rim = _1 - max(ndv, _0)
                rim = gloss * (rim0 + rim1 * rim * rim * rim * rim * rim)
                shine_r += row[6] * rim
                shine_g += row[7] * rim
                shine_b += row[8] * rim
            out[i, j, 0] = texel[0] * texel[0] * scale * red + shine_r
            out[i, j, 1] = texel[1] * texel[1] * scale * green + shine_g
            out[i, j, 2] = texel[2] * texel[2] * scale * blue + shine_b
            out[i, j, 3] = _1
