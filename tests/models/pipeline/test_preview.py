"""The preview picture: every view and moment is on it, with its colours, and nothing moves it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.head.topology import Topology, load_topology
from models.pipeline.preview import PreviewMoment, PreviewPicture, PreviewTake, write_preview
from models.reconstruction import Camera

SIZE_PX = 256
VIEWS = ("left", "center", "right")


@pytest.fixture(scope="module")
def topology() -> Topology:
    return load_topology()


def camera() -> Camera:
    K = np.array([[3000.0, 0, 960], [0, 3000.0, 540], [0, 0, 1]])
    return Camera(K, np.eye(4), 1920, 1080)


def moment(
    topology: Topology, words: str, values: np.ndarray | None, seen: bool = True
) -> PreviewMoment:
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    pose[:3, 3] = (0, 0, 1000)
    middle = topology.template_mm[topology.regions["face"]].mean(axis=0)
    crop = np.array(
        [[SIZE_PX / 700, 0, -610 * SIZE_PX / 700], [0, SIZE_PX / 700, -190 * SIZE_PX / 700]]
    )
    picture = PreviewPicture(
        np.full((SIZE_PX, SIZE_PX), 120, dtype=np.uint8), crop if seen else crop * np.nan, pose
    )
    return PreviewMoment(
        words, 0.4, topology.template_mm - middle, values, dict.fromkeys(VIEWS, picture)
    )


def take(*moments: PreviewMoment, **changes) -> PreviewTake:
    given = {"movement": "full_smile", "verdict": "ok", "notes": ("a note",)} | changes
    return PreviewTake(moments=moments, **given)


def write(out: Path, topology: Topology, takes: list[PreviewTake], views=VIEWS) -> np.ndarray:
    write_preview(out, takes, cameras=dict.fromkeys(views, camera()), topology=topology)
    with Image.open(out) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def warm(page: np.ndarray) -> np.ndarray:
    return page[..., 0] - page[..., 2] > 60


def cold(page: np.ndarray) -> np.ndarray:
    return page[..., 2] - page[..., 0] > 60


def test_signed_values_colour_pictures_and_mesh(topology, tmp_path):
    flat = np.zeros(len(topology.template_mm))
    plain = take(moment(topology, "rest", flat), moment(topology, "peak", flat))
    orange = take(moment(topology, "rest", flat), moment(topology, "peak", flat + 5))
    blue = take(moment(topology, "rest", flat), moment(topology, "peak", flat - 5))
    pages = [
        write(tmp_path / f"{k}.png", topology, [t]) for k, t in enumerate((plain, orange, blue))
    ]
    legend_and_chip = warm(pages[0]).sum(), cold(pages[0]).sum()
    assert warm(pages[1]).sum() > legend_and_chip[0] + 4 * 8000
    assert cold(pages[1]).sum() <= legend_and_chip[1] + 200
    assert cold(pages[2]).sum() > legend_and_chip[1] + 4 * 8000
    assert warm(pages[2]).sum() <= legend_and_chip[0] + 200
    # Only the row of the peak differs.
    changed = np.flatnonzero((pages[1] != pages[0]).any(axis=(1, 2)))
    assert changed[-1] - changed[0] < 300


def test_patients_left_is_on_the_right_of_the_front_mesh(topology, tmp_path):
    values = np.where(topology.template_mm[:, 0] > 0, 5.0, -5.0)
    page = write(tmp_path / "p.png", topology, [take(moment(topology, "still", values))])
    mesh = page[90:-90, -310:]
    assert np.flatnonzero(warm(mesh).any(axis=0)).mean() > 150
    assert np.flatnonzero(cold(mesh).any(axis=0)).mean() < 160


def test_page_grows_with_views_and_takes(topology, tmp_path):
    both = [moment(topology, "rest", None), moment(topology, "peak", None)]
    one = write(tmp_path / "one.png", topology, [take(*both)], views=("center",))
    three = write(tmp_path / "three.png", topology, [take(*both)])
    two_takes = write(tmp_path / "takes.png", topology, [take(*both), take(*both)])
    assert three.shape[1] > one.shape[1] + 500
    assert three.shape[0] == one.shape[0]
    assert two_takes.shape[0] > three.shape[0]


def test_moments_without_a_face_or_a_mesh_are_said_so(topology, tmp_path):
    unseen = moment(topology, "rest", None, seen=False)
    lost = moment(topology, "peak", None)
    lost = PreviewMoment("peak", 1.0, np.full_like(lost.vertices_mm, np.nan), None, lost.pictures)
    page = write(tmp_path / "p.png", topology, [take(unseen, lost, verdict="rejected")])
    assert not warm(page)[90:-90].any()


def test_same_input_gives_the_same_file(topology, tmp_path):
    values = np.linspace(-5, 5, len(topology.template_mm))
    for name in ("a.png", "b.png"):
        write(tmp_path / name, topology, [take(moment(topology, "rest", values))])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_unwritable_place_leaves_nothing(topology, tmp_path):
    out = tmp_path / "folder.png"
    out.mkdir()
    with pytest.raises(OSError):  # noqa: PT011
        write(out, topology, [take(moment(topology, "rest", None))])
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]
