"""`sfpfr evaluate mesh`: how far reconstructed meshes are from a scan of the same face.

Protocol (`method.md`, "Evaluation"): a similarity from seven landmarks, then rigid ICP on the
face region; then the distance of each vertex of the region to the scan's surface. The same
without scale, where the landmarks may only turn and shift the mesh. A small distance is no proof
of the right shape: points may slide along the surface unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from models.errors import UnusableInputError
from models.evaluation.meshfile import ENDINGS, Mesh, read_mesh
from models.evaluation.surface import Surface
from models.head.topology import Topology, load_topology
from models.measures.frame import rigid_fit
from models.request import read_json

Array = NDArray[np.float64]

LANDMARKS = (
    "exocanthion_right",
    "endocanthion_right",
    "endocanthion_left",
    "exocanthion_left",
    "pronasale",
    "commissure_right",
    "commissure_left",
)
# Of meshes in another topology, the face is what lies this near to the tip of the nose.
FACE_RADIUS_MM = 95.0
# A mesh this much smaller than a scan in millimetres was stored in metres.
METRES_SCALE = 100.0
ICP_ROUNDS = 60
ICP_STOP_MM = 1e-4
# Pairs beyond this multiple of the median distance don't pull: hair, clothes, holes.
ICP_TRIM = 4.0


@dataclass(frozen=True)
class SurfaceError:
    """Distances from the face region to the scan after alignment.

    `left_out` is the share of the region whose nearest point is the rim of the scan.
    `correspondence_mean_mm` is the mean distance between equal vertices, where scan and mesh
    have the same topology, and None otherwise.
    """

    mean_mm: float
    median_mm: float
    under_half_mm: float
    under_2mm: float
    left_out: float
    correspondence_mean_mm: float | None


@dataclass(frozen=True)
class MeshError:
    """The figures of one mesh; `scale` is what the landmarks found, 1 for a metric mesh."""

    name: str
    vertices: int
    scale: float
    with_scale: SurfaceError
    without_scale: SurfaceError

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain values for JSON."""
        return asdict(self)


Point = tuple[float, float, float]
Places = dict[str, Point | Annotated[int, Field(ge=0)]]


class _LandmarksFile(BaseModel):
    """Seven landmarks of the scan, and of the meshes: positions, or numbers of vertices."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scan: Places | None = None
    mesh: Places | None = None


def evaluate_meshes(
    pred: Path, truth: Path, landmarks: Path | None = None, frame: int = 0
) -> list[MeshError]:
    """Measure one mesh, or each mesh of a folder, against the scan `truth` (mm).

    `landmarks` may be missing where both have the open head's 5,023 vertices, and its `mesh`
    part where the mesh has. Raises UnusableInputError.
    """
    topology = load_topology()
    scan = read_mesh(truth, frame)
    if not len(scan.faces):
        raise UnusableInputError(
            f"{truth} has points but no triangles.", "Export the scan as a surface."
        )
    named = _LandmarksFile()
    if landmarks is not None:
        named = read_json(landmarks, TypeAdapter(_LandmarksFile), "landmarks file")
    scan_marks = _positions(named.scan, scan, topology, truth)
    surface = Surface(scan.vertices, scan.faces)
    rows = []
    for path in _meshes(pred):
        mesh = read_mesh(path, frame)
        marks = _positions(named.mesh, mesh, topology, path)
        rows.append(_evaluate(path.name, mesh, marks, scan, scan_marks, surface, topology))
    return rows


def markdown(rows: Sequence[MeshError]) -> str:
    """The figures as a table, with and without scale."""
    lines = [
        "| mesh | alignment | mean, mm | median, mm | < 0.5 mm | < 2 mm | by vertex, mm |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for title, error in (
            (f"similarity, scale {row.scale:.4f}", row.with_scale),
            ("rigid", row.without_scale),
        ):
            by_vertex = error.correspondence_mean_mm
            lines.append(
                f"| {row.name} | {title} | {error.mean_mm:.3f} | {error.median_mm:.3f} "
                f"| {100 * error.under_half_mm:.2f} % | {100 * error.under_2mm:.2f} % "
                f"| {'–' if by_vertex is None else f'{by_vertex:.3f}'} |"
            )
    return "\n".join(lines)


def _meshes(pred: Path) -> list[Path]:
    if not pred.is_dir():
        return [pred]
    result = pred / "meshes.npz"
    found = [result] if result.is_file() else sorted(pred.iterdir())
    found = [path for path in found if path.suffix.lower() in ENDINGS]
    if not found:
        raise UnusableInputError(
            f"{pred} holds no mesh.", f"Give a file or a folder of {', '.join(ENDINGS)}."
        )
    return found


def _positions(named: Places | None, mesh: Mesh, topology: Topology, path: Path) -> Array:
    """(7, 3) the landmarks of a mesh, by the landmarks file or by the open head's topology."""
    if named is None:
        if len(mesh.vertices) != len(topology.template_mm):
            raise UnusableInputError(
                f"{path} has {len(mesh.vertices)} vertices: its landmarks are not known.",
                "Give them with --landmarks; docs/files.md shows the format.",
            )
        return mesh.vertices[[topology.points[name] for name in LANDMARKS]]
    absent = [name for name in LANDMARKS if name not in named]
    if absent:
        raise UnusableInputError(
            f"The landmarks of {path} lack {absent[0]}.", f"Give all of: {', '.join(LANDMARKS)}."
        )
    places = [named[name] for name in LANDMARKS]
    if any(isinstance(place, int) and place >= len(mesh.vertices) for place in places):
        raise UnusableInputError(
            f"{path} has {len(mesh.vertices)} vertices, fewer than a landmark's number.",
            "Vertices are counted from 0.",
        )
    return np.array([mesh.vertices[p] if isinstance(p, int) else p for p in places], np.float64)


def _evaluate(
    name: str,
    mesh: Mesh,
    marks: Array,
    scan: Mesh,
    scan_marks: Array,
    surface: Surface,
    topology: Topology,
) -> MeshError:
    scale = _spread(scan_marks) / _spread(marks)
    unit = 1000.0 if scale > METRES_SCALE else 1.0
    own = len(mesh.vertices) == len(topology.template_mm)
    same = own and len(scan.vertices) == len(mesh.vertices)

    def error(factor: float) -> SurfaceError:
        rotation, shift = rigid_fit(factor * marks, scan_marks)
        vertices = factor * mesh.vertices @ rotation.T + shift
        if own:
            region = topology.regions["face"]
        else:
            tip = scan_marks[LANDMARKS.index("pronasale")]
            region = np.linalg.norm(vertices - tip, axis=1) < FACE_RADIUS_MM
        placed = _icp(vertices[region], surface)
        found = surface.nearest(placed)
        if found.on_rim.all():
            raise UnusableInputError(
                f"{name} and the scan do not overlap.", "Check the landmarks and the units."
            )
        distance = found.distance[~found.on_rim]
        apart = np.linalg.norm(placed - scan.vertices[region], axis=1) if same else None
        return SurfaceError(
            mean_mm=float(distance.mean()),
            median_mm=float(np.median(distance)),
            under_half_mm=float(np.mean(distance < 0.5)),
            under_2mm=float(np.mean(distance < 2.0)),
            left_out=float(found.on_rim.mean()),
            correspondence_mean_mm=None if apart is None else float(apart.mean()),
        )

    return MeshError(name, len(mesh.vertices), scale / unit, error(scale), error(unit))


def _spread(points: Array) -> float:
    return float(np.linalg.norm(points - points.mean(axis=0)))


def _icp(points: Array, surface: Surface) -> Array:
    """Points (N, 3) moved rigidly onto the surface, by distances along its normals."""
    for _ in range(ICP_ROUNDS):
        found = surface.nearest(points)
        gap = np.einsum("nc,nc->n", found.points - points, found.normals)
        pulls = ~found.on_rim & (found.distance <= ICP_TRIM * np.median(found.distance))
        if pulls.sum() < 6:
            break
        # Six unknowns: a small turn about the middle, and a shift.
        middle = points.mean(axis=0)
        turns = np.cross(points - middle, found.normals)
        rows = np.concatenate([turns, found.normals], axis=1)[pulls]
        step = np.linalg.lstsq(rows, gap[pulls], rcond=1e-6)[0]
        moved = (points - middle) @ _rotation(step[:3]).T + middle + step[3:]
        change = float(np.abs(moved - points).max())
        points = moved
        if change < ICP_STOP_MM:
            break
    return points


def _rotation(vector: Array) -> Array:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(vector).as_matrix())
