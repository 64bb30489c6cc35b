"""Exports open in other readers and hold the same surface."""

from __future__ import annotations

import io

import numpy as np
import pygltflib
import pytest
import trimesh

from models.export import glb_bytes, obj_text, ply_bytes, write_meshes_npz
from models.reconstruction import Camera


@pytest.fixture(scope="module")
def moving():
    """A tetrahedron that grows, 7 frames."""
    base = np.array([[0, 0, 0], [90, 0, 0], [0, 90, 0], [0, 0, 90]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)
    time_s = 2.0 + np.arange(7) / 30
    return (base[None] * (1 + 0.1 * np.arange(7))[:, None, None]).astype(np.float32), faces, time_s


def accessor(document, index):
    a = document.accessors[index]
    view = document.bufferViews[a.bufferView]
    dtype = {5126: "<f4", 5125: "<u4"}[a.componentType]
    width = {"SCALAR": 1, "VEC3": 3}[a.type]
    start = view.byteOffset
    data = np.frombuffer(document.binary_blob()[start : start + view.byteLength], dtype)
    assert view.byteOffset % 4 == 0
    assert data.size == a.count * width
    if a.max:
        assert np.allclose(data.reshape(a.count, -1).max(axis=0), a.max)
    return data.reshape(a.count, -1)


def test_glb_animates_every_frame_in_metres(moving):
    vertices, faces, time_s = moving
    document = pygltflib.GLTF2.load_from_bytes(glb_bytes(vertices, faces, time_s, comment="(c)"))
    (primitive,) = document.meshes[0].primitives
    base = accessor(document, primitive.attributes.POSITION)
    assert np.allclose(base, vertices[0] / 1000, atol=1e-7)
    assert np.array_equal(accessor(document, primitive.indices).reshape(-1, 3), faces)
    normals = accessor(document, primitive.attributes.NORMAL)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    assert (normals[0] < 0).all()
    targets = np.stack([accessor(document, t["POSITION"]) for t in primitive.targets])
    sampler = document.animations[0].samplers[0]
    weights = accessor(document, sampler.output).reshape(7, 6)
    times = accessor(document, sampler.input)[:, 0]
    assert np.allclose(times, time_s - time_s[0], atol=1e-6)
    frames = base + np.tensordot(weights, targets, axes=1)
    assert np.allclose(frames, vertices / 1000, atol=1e-6)
    assert document.asset.copyright == "(c)"


def test_glb_can_be_thinned_and_a_still_has_no_animation(moving):
    vertices, faces, time_s = moving
    thin = pygltflib.GLTF2.load_from_bytes(
        glb_bytes(vertices, faces, time_s, greatest_rate_hz=15.0)
    )
    assert len(thin.meshes[0].primitives[0].targets) == 3
    still = pygltflib.GLTF2.load_from_bytes(glb_bytes(vertices[:1], faces, time_s[:1]))
    assert not still.animations
    assert not still.meshes[0].primitives[0].targets


def test_glb_is_read_by_trimesh(moving):
    vertices, faces, time_s = moving
    scene = trimesh.load(io.BytesIO(glb_bytes(vertices, faces, time_s)), file_type="glb")
    (mesh,) = scene.geometry.values()
    assert mesh.volume == pytest.approx(0.09**3 / 6, rel=1e-4)


def test_obj_round_trip(moving):
    vertices, faces, _ = moving
    text = obj_text(vertices[3], faces, comment="research use")
    mesh = trimesh.load(io.StringIO(text), file_type="obj", process=False)
    assert np.allclose(mesh.vertices, vertices[3], atol=1e-4)
    assert np.array_equal(mesh.faces, faces)
    assert text.startswith("# research use\n")
    uv = np.array([[0, 0], [1, 0], [0, 1]], float)
    textured = obj_text(vertices[3], faces, uv=uv, uv_faces=np.tile([0, 1, 2], (4, 1)))
    assert "f 1/1 3/2 2/3" in textured
    assert textured.count("vt ") == 3


def test_ply_round_trip_with_scalars(moving):
    vertices, faces, _ = moving
    data = ply_bytes(vertices[2], faces, scalars={"sigma_mm": np.arange(4.0)}, comment="a\nb")
    mesh = trimesh.load(io.BytesIO(data), file_type="ply", process=False)
    assert np.allclose(mesh.vertices, vertices[2])
    assert np.array_equal(mesh.faces, faces)
    assert np.array_equal(
        mesh.metadata["_ply_raw"]["vertex"]["data"]["sigma_mm"].reshape(-1), np.arange(4.0)
    )


def test_npz_has_the_documented_fields_and_equal_bytes(moving, tmp_path):
    vertices, faces, time_s = moving
    camera = Camera(np.eye(3), np.eye(4), 640, 480)
    for name in ("a.npz", "b.npz"):
        write_meshes_npz(
            tmp_path / name,
            vertices_mm=vertices,
            faces=faces,
            time_s=time_s,
            sigma_mm=np.ones((7, 4), np.float32),
            identity=np.zeros(100),
            expression=np.zeros((7, 2)),
            expression_names=("eyeBlinkLeft", "eyeBlinkRight"),
            head_pose=np.tile(np.eye(4), (7, 1, 1)),
            cameras={"center": camera, "left": camera},
        )
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as fields:
        assert fields["vertices_mm"].dtype == np.float32
        assert list(fields["expression_names"]) == ["eyeBlinkLeft", "eyeBlinkRight"]
        assert fields["camera_center_K"].shape == (3, 3)
        assert fields["camera_left_world_to_camera"].shape == (4, 4)
        assert set(fields) == {
            "vertices_mm", "faces", "time_s", "sigma_mm", "identity", "expression",
            "expression_names", "head_pose", "camera_center_K", "camera_center_world_to_camera",
            "camera_left_K", "camera_left_world_to_camera",
        }  # fmt: skip


def test_equal_input_gives_equal_bytes(moving):
    vertices, faces, time_s = moving
    assert glb_bytes(vertices, faces, time_s) == glb_bytes(vertices.copy(), faces, time_s)
    assert ply_bytes(vertices[0], faces) == ply_bytes(vertices[0].copy(), faces)
    assert obj_text(-0.0 * vertices[0], faces) == obj_text(0.0 * vertices[0], faces)
