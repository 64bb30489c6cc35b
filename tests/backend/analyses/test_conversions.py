"""Downloads read back by independent programs."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import trimesh

from backend.analyses.conversions import MeshFormat, moving_file, still_file
from backend.analyses.topology import TopologyFile, head_topology, topology_file
from backend.kit.errors import InvalidError, NotFoundError
from models.stream import encode_meshes, encode_scalars

COMMENT = "Measures facial geometry and movement.\nmodel one"


@pytest.fixture(scope="module")
def take():
    topology = head_topology()
    time_s = np.arange(12) / 30
    vertices = np.repeat(topology.template_mm[None], 12, 0).astype(np.float32)
    vertices[:, topology.points["commissure_left"], 0] += np.arange(12)
    sigma = np.linspace(0.1, 0.5, 12)[:, None] * np.ones(vertices.shape[:2])
    identity = topology.topology_id
    return (
        vertices,
        encode_meshes(vertices, time_s, topology_id=identity),
        encode_scalars(
            sigma.astype(np.float32), time_s, name="sigma", unit="mm", topology_id=identity
        ),
    )


def test_arrays_hold_the_take_and_its_uncertainty(take):
    vertices, meshes, sigma = take
    data = moving_file(MeshFormat.NPZ, meshes, sigma, head_topology(), COMMENT)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        np.testing.assert_allclose(arrays["vertices_mm"], vertices, atol=0.006)
        np.testing.assert_allclose(arrays["sigma_mm"][:, 0], np.linspace(0.1, 0.5, 12), atol=0.006)
        np.testing.assert_allclose(arrays["time_s"], np.arange(12) / 30, atol=1e-6)
        assert str(arrays["comment"]) == COMMENT


def test_an_animation_has_the_notice_and_fewer_frames(take):
    _, meshes, _ = take
    data = moving_file(MeshFormat.GLB, meshes, None, head_topology(), COMMENT)
    document = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    assert document["asset"]["copyright"] == COMMENT
    assert len(document["meshes"][0]["primitives"][0]["targets"]) == 3
    assert trimesh.load(io.BytesIO(data), file_type="glb", force="mesh").vertices.shape[0] >= 5000


@pytest.mark.parametrize("kind", [MeshFormat.OBJ, MeshFormat.PLY])
def test_one_frame_as_a_surface(take, kind):
    vertices, meshes, sigma = take
    data = still_file(kind, 7, meshes, {"sigma": sigma}, head_topology(), COMMENT)
    mesh = trimesh.load(io.BytesIO(data), file_type=kind.value, process=False)
    assert len(mesh.faces) == len(head_topology().faces)
    np.testing.assert_allclose(mesh.bounds, [vertices[7].min(0), vertices[7].max(0)], atol=0.01)
    assert b"Measures facial geometry" in data
    if kind is MeshFormat.PLY:
        written = mesh.metadata["_ply_raw"]["vertex"]["data"]["sigma_mm"]
        assert np.allclose(written, np.linspace(0.1, 0.5, 12)[7], atol=0.006)


def test_a_frame_that_is_not_there_is_refused(take):
    _, meshes, _ = take
    with pytest.raises(InvalidError, match="frame 12"):
        still_file(MeshFormat.OBJ, 12, meshes, {}, head_topology(), COMMENT)


def test_the_topology_is_whole_and_its_tag_is_its_hash():
    topology = head_topology()
    data, tag = topology_file(topology.topology_id)
    assert topology_file(topology.topology_id) == (data, tag)
    read = TopologyFile.model_validate_json(data)
    assert max(read.faces) < read.vertices == len(read.mirror)
    assert [read.mirror[m] for m in read.mirror] == list(range(read.vertices))
    np.testing.assert_allclose(
        np.reshape(read.template_mm, (-1, 3)), topology.template_mm, atol=1e-3
    )
    with pytest.raises(NotFoundError):
        topology_file("another")
