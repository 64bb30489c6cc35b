"""One mesh as Wavefront OBJ or binary PLY, in millimetres; no animation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Array


def obj_text(
    vertices_mm: NDArray[np.floating],
    faces: NDArray[np.integer],
    *,
    uv: Array | None = None,
    uv_faces: NDArray[np.integer] | None = None,
    comment: str = "",
) -> str:
    """A mesh (V, 3) in mm with faces (F, 3) as OBJ text.

    uv (N, 2) and uv_faces (F, 3) are texture coordinates per corner. `comment` goes into the
    first lines, such as the notice and the model's version.
    """
    lines = [f"# {line}" for line in comment.splitlines()]
    lines.append("# millimetres; x to the subject's left, y up, z forward")
    lines += [f"v {x:z.4f} {y:z.4f} {z:z.4f}" for x, y, z in vertices_mm.tolist()]
    if uv is not None and uv_faces is not None:
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in uv.tolist()]
        corners = np.stack([faces, uv_faces], axis=-1) + 1
        lines += [f"f {a}/{ta} {b}/{tb} {c}/{tc}" for (a, ta), (b, tb), (c, tc) in corners.tolist()]
    else:
        lines += [f"f {a} {b} {c}" for a, b, c in (faces + 1).tolist()]
    return "\n".join(lines) + "\n"


def ply_bytes(
    vertices_mm: NDArray[np.floating],
    faces: NDArray[np.integer],
    *,
    scalars: Mapping[str, NDArray[np.floating]] | None = None,
    comment: str = "",
) -> bytes:
    """A mesh (V, 3) in mm with faces (F, 3) as binary little-endian PLY.

    scalars: (V,) per name, written as float vertex properties (`asymmetry_mm`, `sigma_mm`).
    """
    scalars = scalars or {}
    names = ("x", "y", "z", *scalars)
    table = np.empty(len(vertices_mm), dtype=[(name, "<f4") for name in names])
    for axis, name in enumerate("xyz"):
        table[name] = vertices_mm[:, axis]
    for name, values in scalars.items():
        table[name] = values
    corners = np.empty(len(faces), dtype=[("count", "u1"), ("corners", "<i4", (3,))])
    corners["count"] = 3
    corners["corners"] = faces
    header = [
        "ply",
        "format binary_little_endian 1.0",
        *(f"comment {line}" for line in comment.splitlines()),
        "comment millimetres; x to the subject's left, y up, z forward",
        f"element vertex {len(table)}",
        *(f"property float {name}" for name in names),
        f"element face {len(corners)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    return ("\n".join(header) + "\n").encode("ascii") + table.tobytes() + corners.tobytes()
