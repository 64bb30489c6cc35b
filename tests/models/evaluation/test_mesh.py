"""Evaluation against a scan: known displacements give known figures, in every file format."""

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from models.errors import UnusableInputError
from models.evaluation.mesh import LANDMARKS, evaluate_meshes, markdown
from models.head.topology import Topology, load_topology


@pytest.fixture(scope="module")
def topology() -> Topology:
    return load_topology()


def write_obj(path: Path, vertices: np.ndarray, faces: np.ndarray) -> Path:
    lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices]
    lines += [f"f {a}/1 {b}/1 {c}/1" for a, b, c in faces + 1]
    path.write_text("\n".join(["vt 0 0", *lines]) + "\n")
    return path


def moved(vertices: np.ndarray) -> np.ndarray:
    turn = Rotation.from_euler("xyz", (4, -7, 3), degrees=True).as_matrix()
    return vertices @ turn.T + (12.0, -30.0, 8.0)


@pytest.fixture
def scan(tmp_path: Path, topology: Topology) -> Path:
    return write_obj(tmp_path / "scan.obj", topology.template_mm, topology.faces)


@pytest.mark.parametrize("ending", [".obj", ".ply", ".npz"])
def test_the_same_face_elsewhere_is_at_distance_zero(
    tmp_path: Path, topology: Topology, scan: Path, ending: str
) -> None:
    vertices, faces = moved(topology.template_mm), topology.faces
    path = tmp_path / f"mesh{ending}"
    if ending == ".npz":
        np.savez(path, vertices_mm=vertices[None].astype(np.float32), faces=faces)
    elif ending == ".obj":
        write_obj(path, vertices, faces)
    else:
        trimesh.Trimesh(vertices, faces, process=False).export(path)
    (row,) = evaluate_meshes(path, scan)
    for error in (row.with_scale, row.without_scale):
        assert error.mean_mm < 0.01
        assert error.under_half_mm == 1.0
        assert error.correspondence_mean_mm is not None
        assert error.correspondence_mean_mm < 0.02
    assert row.scale == pytest.approx(1.0, abs=1e-4)


def test_a_size_error_shows_only_without_scale(
    tmp_path: Path, topology: Topology, scan: Path
) -> None:
    larger = write_obj(tmp_path / "mesh.obj", 1.05 * moved(topology.template_mm), topology.faces)
    (row,) = evaluate_meshes(larger, scan)
    assert row.scale == pytest.approx(1 / 1.05, rel=1e-4)
    assert row.with_scale.mean_mm < 0.01
    assert row.without_scale.mean_mm > 0.5


def test_metres_are_recognised(tmp_path: Path, topology: Topology, scan: Path) -> None:
    mesh = write_obj(tmp_path / "mesh.obj", topology.template_mm / 1000, topology.faces)
    (row,) = evaluate_meshes(mesh, scan)
    assert row.without_scale.mean_mm < 0.01


def test_a_bulge_of_known_height_is_measured(
    tmp_path: Path, topology: Topology, scan: Path
) -> None:
    vertices = topology.template_mm.copy()
    normals = trimesh.Trimesh(vertices, topology.faces, process=False).vertex_normals
    cheek = topology.regions["cheek"] & (topology.side > 0)
    vertices[cheek] += 3.0 * normals[cheek]
    (row,) = evaluate_meshes(write_obj(tmp_path / "m.obj", vertices, topology.faces), scan)
    face = topology.regions["face"]
    share = (cheek & face).sum() / face.sum()
    assert row.without_scale.under_2mm == pytest.approx(1 - share, abs=0.03)
    assert row.without_scale.mean_mm == pytest.approx(3.0 * share, abs=0.35)


def test_another_topology_needs_landmarks_and_then_works(
    tmp_path: Path, topology: Topology, scan: Path
) -> None:
    vertices, faces = trimesh.remesh.subdivide(topology.template_mm, topology.faces)
    marks = [topology.template_mm[topology.points[name]] for name in LANDMARKS]
    at = moved(np.array(marks))
    mesh = write_obj(tmp_path / "peer.obj", moved(vertices), faces)
    with pytest.raises(UnusableInputError, match="landmarks are not known"):
        evaluate_meshes(mesh, scan)
    file = tmp_path / "landmarks.json"
    named = {name: topology.points[name] for name in LANDMARKS}
    file.write_text(
        json.dumps(
            {
                "scan": {name: int(vertex) for name, vertex in named.items()},
                "mesh": {name: at[i].tolist() for i, name in enumerate(LANDMARKS)},
            }
        )
    )
    (row,) = evaluate_meshes(mesh, scan, file)
    assert row.with_scale.mean_mm < 0.02
    assert row.with_scale.correspondence_mean_mm is None


def test_a_folder_gives_a_row_for_each_mesh(tmp_path: Path, topology: Topology, scan: Path) -> None:
    folder = tmp_path / "meshes"
    folder.mkdir()
    for name in ("b", "a"):
        write_obj(folder / f"{name}.obj", topology.template_mm, topology.faces)
    (folder / "notes.txt").write_text("not a mesh")
    rows = evaluate_meshes(folder, scan)
    assert [row.name for row in rows] == ["a.obj", "b.obj"]
    assert markdown(rows).count("a.obj") == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mesh.obj", b"v 1 2\nv nonsense"),
        ("mesh.obj", b""),
        ("mesh.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n"),
        ("mesh.ply", b"not a ply"),
        ("mesh.npz", b"not an npz"),
        ("mesh.txt", b"v 0 0 0"),
    ],
)
def test_broken_meshes_are_refused_plainly(
    tmp_path: Path, scan: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnusableInputError) as caught:
        evaluate_meshes(path, scan)
    assert caught.value.next_step
