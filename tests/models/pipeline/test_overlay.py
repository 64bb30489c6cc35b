"""Overlay videos: the right picture at the right time with the mesh where the face is."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from models.errors import VideoError
from models.head.topology import Topology, load_topology
from models.pipeline.overlay import write_overlay
from models.reconstruction import Camera

WIDTH, HEIGHT, MOMENTS = 480, 360, 8


@pytest.fixture(scope="module")
def topology() -> Topology:
    return load_topology()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures at 20 a second; picture k is evenly 60 + 12 k bright."""
    path = tmp_path_factory.mktemp("clip") / "center.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for k in range(10):
            picture = np.full((HEIGHT, WIDTH, 3), 60 + 12 * k, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def scene(topology: Topology) -> dict:
    """The mean head 600 mm in front of a camera, in its middle, at every moment."""
    K = np.array([[900.0, 0, WIDTH / 2], [0, 900.0, HEIGHT / 2], [0, 0, 1]])
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    pose[:3, 3] = (0, 0, 600)
    middle = topology.template_mm[topology.regions["face"]].mean(axis=0)
    vertices = np.repeat((topology.template_mm - middle)[None], MOMENTS, axis=0)
    return {
        "view": "center",
        "camera": Camera(K, np.eye(4), WIDTH, HEIGHT),
        "head_pose": np.repeat(pose[None], MOMENTS, axis=0),
        "vertices_mm": vertices.astype(np.float32),
        "topology": topology,
        "time_s": np.arange(MOMENTS) / 20,
        "source_frame": np.arange(MOMENTS),
    }


def read(path: Path) -> tuple[list[float], list[np.ndarray]]:
    with av.open(str(path)) as container:
        pictures = list(container.decode(video=0))
    return (
        [float(picture.pts * picture.time_base) for picture in pictures],
        [picture.to_ndarray(format="rgb24").astype(float) for picture in pictures],
    )


def corner(picture: np.ndarray) -> float:
    """Brightness beside the face, under the labels."""
    return float(picture[60:100, 10:40].mean())


def test_every_moment_has_its_own_time_and_picture(clip, scene, tmp_path):
    scene["source_frame"] = np.array([1, 1, 2, 4, 5, 6, 8, 9])
    scene["time_s"] = np.array([0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.45])
    out = tmp_path / "overlay_center.mp4"
    write_overlay(clip, out, **scene)
    times, pictures = read(out)
    assert times == pytest.approx(scene["time_s"], abs=1e-4)
    assert pictures[0].shape[1] == 640
    assert pictures[0].shape[0] % 2 == 0
    for picture, source in zip(pictures, scene["source_frame"], strict=True):
        assert corner(picture) == pytest.approx(60 + 12 * source, abs=5)
    assert [path.name for path in tmp_path.iterdir()] == ["overlay_center.mp4"]


def test_colours_tell_the_sides_apart(clip, scene, topology, tmp_path):
    out = tmp_path / "overlay_center.mp4"
    values = np.where(topology.template_mm[:, 0] > 0, 5.0, -5.0)
    scene["values_mm"] = np.repeat(values[None], MOMENTS, axis=0).astype(np.float32)
    write_overlay(clip, out, **scene)
    _, pictures = read(out)
    # In front the patient's left is on the right of the picture.
    patients_right = pictures[3][200:300, 240:290].mean(axis=(0, 1))
    patients_left = pictures[3][200:300, 350:400].mean(axis=(0, 1))
    assert patients_left[0] > patients_left[2] + 40
    assert patients_right[2] > patients_right[0] + 40


def test_mesh_covers_the_face_and_nothing_else(clip, scene, tmp_path):
    out = tmp_path / "overlay_center.mp4"
    scene["values_mm"] = np.full(scene["vertices_mm"].shape[:2], 5.0, dtype=np.float32)
    write_overlay(clip, out, **scene)
    _, pictures = read(out)
    camera_part = pictures[0][40:440]
    orange = camera_part[..., 0] - camera_part[..., 2] > 30
    columns, rows = np.flatnonzero(orange.any(axis=0)), np.flatnonzero(orange.any(axis=1))
    assert 0.1 < orange.mean() < 0.5
    assert abs((columns[0] + columns[-1] + 1) / 2 - 320) < 4
    assert rows[-1] - rows[0] > columns[-1] - columns[0]


def test_excluded_and_missing_moments_are_marked(clip, scene, tmp_path):
    out = tmp_path / "overlay_center.mp4"
    scene["values_mm"] = np.full(scene["vertices_mm"].shape[:2], 5.0, dtype=np.float32)
    scene["source_frame"][5] = -1
    scene["vertices_mm"][2] = np.nan
    scene["head_pose"][2] = np.nan
    write_overlay(clip, out, **scene, excluded={2: "face not seen", 6: "hand over the mouth"})
    _, pictures = read(out)
    spread = [np.ptp(p[100:400, 100:540], axis=2).mean() for p in pictures]
    marked = [p[100:400, :2].mean(axis=(0, 1)) for p in pictures]
    for moment in range(MOMENTS):
        amber = marked[moment][0] - marked[moment][2] > 100
        assert amber == (moment in (2, 5, 6))
        assert (spread[moment] < 6) == (moment in (2, 5, 6))
    assert corner(pictures[5]) < 0.5 * corner(pictures[4])


def test_lens_that_bends_moves_the_mesh(clip, scene, tmp_path):
    scene["values_mm"] = np.full(scene["vertices_mm"].shape[:2], 5.0, dtype=np.float32)
    straight, bent = tmp_path / "straight.png", tmp_path / "bent.png"
    write_overlay(clip, straight, **scene)
    write_overlay(clip, bent, **scene, distort=lambda points: points * (1.0, 0.8))
    slenderness = []
    for path in (straight, bent):
        picture = np.asarray(Image.open(path)).astype(float)[40:-50]
        orange = picture[..., 0] - picture[..., 2] > 30
        slenderness.append(orange.any(axis=1).sum() / orange.any(axis=0).sum())
    assert slenderness[1] == pytest.approx(0.8 * slenderness[0], rel=0.05)


def test_still_becomes_a_picture(scene, tmp_path):
    still = tmp_path / "still.png"
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 90, dtype=np.uint8)).save(still)
    for name in ("head_pose", "vertices_mm", "time_s", "source_frame"):
        scene[name] = scene[name][:1]
    write_overlay(still, tmp_path / "overlay_center.png", **scene)
    with Image.open(tmp_path / "overlay_center.png") as picture:
        assert picture.width == 640


def test_progress_rises_to_one(clip, scene, tmp_path):
    shares: list[float] = []
    write_overlay(clip, tmp_path / "overlay_center.mp4", **scene, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_same_input_gives_the_same_file(clip, scene, tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write_overlay(clip, tmp_path / name, **scene)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_unreadable_video_leaves_nothing_behind(scene, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 100)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(VideoError):
        write_overlay(broken, folder / "overlay_center.mp4", **scene)
    assert list(folder.iterdir()) == []


def test_frame_rate_of_the_recording_is_kept(clip, scene, tmp_path):
    out = tmp_path / "overlay_center.mp4"
    write_overlay(clip, out, **scene)
    with av.open(str(out)) as container:
        assert container.streams.video[0].average_rate == Fraction(20)
