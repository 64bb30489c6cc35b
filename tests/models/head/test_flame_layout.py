"""FLAME-layout files: round trip, transfer to another mesh, and refusal of hostile ones."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

from models.errors import HeadFileError
from models.head.flame_layout import flame_layout, read_flame_layout, read_pickle
from models.head.model import HeadModel, load_head
from models.head.topology import load_arrays


class Hostile:
    """Runs a command when unpickled by a careless reader."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


@pytest.fixture(scope="module")
def layout() -> dict[str, Any]:
    return flame_layout(load_arrays()[0])


@pytest.fixture(scope="module")
def foreign(layout: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another mesh: vertices in other order, another size and shape, 300 + 100 components."""
    order = np.concatenate([np.random.default_rng(0).permutation(3931), np.arange(3931, 5023)])
    rank = np.argsort(order)
    template = layout["v_template"] * [1.04, 0.97, 1.02] + [0.0, 0.02, -0.01]
    template[:, 1] += 0.003 * np.sin(30 * template[:, 2])
    other = {key: layout[key][order] for key in ("posedirs", "weights")}
    other |= {
        "v_template": template[order],
        "f": rank[layout["f"]].astype(np.uint32),
        "shapedirs": np.tile(layout["shapedirs"][order][:, :, :100], (1, 1, 4)),
        "J_regressor": sparse.csc_matrix(layout["J_regressor"][:, order]),
        "kintree_table": layout["kintree_table"],
    }
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    path.write_bytes(pickle.dumps(other, protocol=2))
    return path


@pytest.mark.parametrize("suffix", [".npz", ".pkl"])
def test_round_trip_keeps_the_head(
    head: HeadModel, layout: dict[str, Any], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"head{suffix}"
    if suffix == ".npz":
        np.savez(path, **layout)
    else:
        path.write_bytes(pickle.dumps(layout))
    again = load_head(path, dtype=torch.float64)
    assert again.expression_names == head.expression_names
    np.testing.assert_array_equal(again.topology.mirror, head.topology.mirror)
    generator = torch.Generator().manual_seed(0)
    expression = torch.rand(3, 60, generator=generator, dtype=torch.float64)
    jaw = 0.2 * torch.rand(3, 3, generator=generator, dtype=torch.float64)
    calm = torch.zeros(3, 100, dtype=torch.float64)
    torch.testing.assert_close(
        again(calm, expression, jaw), head(calm, expression, jaw), atol=1e-7, rtol=0
    )
    for name, mask in head.topology.regions.items():
        np.testing.assert_array_equal(again.topology.regions[name], mask, err_msg=name)
    apart = again.landmarks(again.template[None]) - head.landmarks(head.template[None])
    assert 1e3 * apart.norm(dim=-1).max() < 0.5
    # The split into even and odd components spans the same identities.
    flat = head.shape_basis.reshape(-1, 100)
    span = torch.linalg.qr(again.shape_basis.reshape(-1, again.n_shape)).Q
    assert (flat - span @ (span.T @ flat)).norm() < 1e-6 * flat.norm()


def test_names_reach_a_foreign_mesh(head: HeadModel, foreign: Path) -> None:
    arrays, landmarks = read_flame_layout(foreign)
    model = HeadModel(arrays, landmarks).double()
    topology = model.topology
    size = np.array([1.04, 0.97, 1.02])

    def place(points: np.ndarray) -> np.ndarray:
        moved = points * size + [0.0, 20.0, -10.0]
        moved[:, 1] += 3.0 * np.sin(0.03 * moved[:, 2])
        return moved

    for name in ("commissure_left", "endocanthion_right", "pronasale", "ala_left"):
        there = place(head.topology.template_mm[[head.topology.points[name]]])[0]
        assert np.linalg.norm(topology.template_mm[topology.points[name]] - there) < 3.0, name
    expected = place(1e3 * head.landmarks(head.template[None])[0].numpy())
    apart = 1e3 * model.landmarks(model.template[None])[0].numpy() - expected
    assert np.linalg.norm(apart, axis=1).mean() < 2.0
    assert (topology.mirror[topology.mirror] == np.arange(5023)).all()
    identity = torch.randn(20, model.n_shape, dtype=torch.float64)
    closed = torch.zeros(20, 60, dtype=torch.float64)
    closed[:, model.expression_names.index("eyeBlinkRight")] = 1
    surface = model(identity, closed)
    upper, lower = (
        topology.loops[f"lid_{lid}_right"].astype(np.int64) for lid in ("upper", "lower")
    )
    assert 1e3 * (surface[:, upper] - surface[:, lower]).norm(dim=-1).max() < 1e-6


def test_hostile_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    marker, path = tmp_path / "ran", tmp_path / "generic_model.pkl"
    path.write_bytes(pickle.dumps({"v_template": Hostile(marker)}))
    with pytest.raises(HeadFileError, match="foreign code") as caught:
        load_head(path)
    assert caught.value.next_step
    assert not marker.exists()


@pytest.mark.parametrize(
    "name", ["builtins.eval", "numpy.load", "numpy.core.multiarray.array", "os.getcwd", "chump.x"]
)
def test_names_outside_the_containers_are_refused(tmp_path: Path, name: str) -> None:
    module, _, attribute = name.rpartition(".")
    path = tmp_path / "head.pkl"
    path.write_bytes(f"c{module}\n{attribute}\n(S'1'\ntR.".encode())
    with pytest.raises(HeadFileError):
        read_pickle(path)


def test_chumpy_arrays_are_read_without_chumpy(tmp_path: Path, layout: dict[str, Any]) -> None:
    # A chumpy object is its class's name, an empty instance and a state with the array in `x`.
    array = pickle.dumps({"x": layout["v_template"]}, protocol=2)[2:-1]
    path = tmp_path / "head.pkl"
    path.write_bytes(b"\x80\x02}U\nv_templatecchumpy.ch\nCh\n)\x81" + array + b"bs.")
    from models.head.flame_layout import _dense

    np.testing.assert_array_equal(_dense(read_pickle(path)["v_template"]), layout["v_template"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("v_template", np.zeros((100, 3))),
        ("shapedirs", np.zeros((5023, 3, 0))),
        ("weights", np.full((5023, 5), np.nan)),
        ("f", np.full((9976, 3), 5023)),
        ("posedirs", None),
        ("n_shape", np.array(900)),
    ],
)
def test_wrong_layout_is_explained(
    tmp_path: Path, layout: dict[str, Any], key: str, value: object
) -> None:
    broken = {name: array for name, array in layout.items() if name != key}
    if value is not None:
        broken[key] = value
    np.savez(tmp_path / "head.npz", **broken)
    with pytest.raises(HeadFileError) as caught:
        load_head(tmp_path / "head.npz")
    assert caught.value.next_step
    assert "head.npz" in caught.value.message


@pytest.mark.parametrize("content", [b"", b"not a head", b"\x80\x04."])
@pytest.mark.parametrize("suffix", [".pkl", ".npz"])
def test_rubbish_is_explained(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"head{suffix}"
    path.write_bytes(content)
    with pytest.raises(HeadFileError):
        load_head(path)
    with pytest.raises(HeadFileError):
        load_head(tmp_path / f"missing{suffix}")
