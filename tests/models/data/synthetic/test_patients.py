"""Virtual patients end to end at a small size: determinism, truth, layout, resumption."""

import csv
import json
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from models.data.synthetic import truth
from models.data.synthetic.camera import calibration, draw_cameras, look_at, read_calibration
from models.data.synthetic.dataset import Plan, pending, session_folder, synthesize
from models.data.synthetic.palsy import BRANCHES, Palsy
from models.data.synthetic.patient import draw_patient, pose_body
from models.data.synthetic.session import Session, shared_head
from models.data.synthetic.stills import render_stills
from models.errors import UnusableInputError
from models.head.topology import load_topology
from models.movements import VIEWS
from models.render import project, to_camera

torch.set_num_threads(1)
SMALL = Plan(
    subjects=2, seed=5, movements=("full_smile",), seconds=2.0, size=(320, 180), palsy_share=0.5
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synthetic") / "set"
    synthesize(SMALL, out, jobs=1)
    return out


def load_truth(out: Path, index: int, movement: str = "full_smile") -> dict[str, np.ndarray]:
    with np.load(session_folder(SMALL, out, index) / "truth" / f"{movement}.npz") as data:
        return dict(data)


def test_layout_can_be_read(made: Path) -> None:
    rows = list(csv.DictReader((made / "subjects.csv").open()))
    assert [row["sid"] for row in rows] == [SMALL.sid(0), SMALL.sid(1)]
    assert {row["in_basis"] for row in rows} == {"true", "false"}
    assert sum(row["affected_side"] != "none" for row in rows) == 1
    folder = session_folder(SMALL, made, 0)
    cameras = read_calibration(json.loads((folder / "calibration.json").read_text()))
    assert tuple(cameras) == VIEWS
    for view in VIEWS:
        with av.open(str(folder / "full_smile" / f"{view}.mp4")) as video:
            frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        assert len(frames) == 60
        assert frames[0].shape == (180, 320, 3)
        assert frames[0].std() > 10
    found = load_truth(made, 0)
    assert found["vertices_mm"].shape == (60, 5023, 3)
    assert found["head_pose"].shape == (60, 4, 4)
    assert found["lid_gap_mm"].shape == (60, 2)
    assert json.loads(str(found["measures"]))["target"] == "commissure_excursion"
    assert json.loads(str(found["cameras"])) == calibration(cameras)


def test_a_finished_take_is_kept_and_a_lost_one_made_again_alike(made: Path) -> None:
    assert pending(SMALL, made) == []
    before = load_truth(made, 1)
    kept = session_folder(SMALL, made, 0) / "truth" / "full_smile.npz"
    lost = session_folder(SMALL, made, 1) / "truth" / "full_smile.npz"
    stamp = kept.stat().st_mtime_ns
    lost.unlink()
    assert pending(SMALL, made) == [(1, "full_smile")]
    seen: list[tuple[int, int]] = []
    synthesize(SMALL, made, jobs=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    assert kept.stat().st_mtime_ns == stamp
    after = load_truth(made, 1)
    for key, value in before.items():
        assert np.array_equal(value, after[key]), key
    assert not list(made.rglob("*.partial*"))


def test_another_plan_in_the_same_folder_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError):
        synthesize(Plan(subjects=2, seed=6, movements=("rest",)), made)
    (tmp_path / "letter.txt").write_text("dear doctor")
    with pytest.raises(UnusableInputError):
        synthesize(SMALL, tmp_path)
    with pytest.raises(UnusableInputError):
        Plan(subjects=1, seed=1, movements=("somersault",))


def test_truth_reprojects_onto_the_face(made: Path) -> None:
    found = load_truth(made, 0)
    cameras = read_calibration(json.loads(str(found["cameras"])))
    topology = load_topology()
    ala = [topology.points[f"ala_{side}"] for side in ("left", "right")]
    for view, camera in cameras.items():
        world = to_camera(found["vertices_mm"][0].astype(float), found["head_pose"][0])
        screen = project(world, camera.K, camera.world_to_camera)
        face = screen[topology.regions["face"], :2]
        assert (face > 0).all()
        assert (face < [camera.width, camera.height]).all()
        # The patient's left is on the picture's right, and the left camera sees more of it.
        nose = screen[topology.points["pronasale"], 0]
        left, right = abs(screen[ala, 0] - nose)
        assert screen[ala[0], 0] > screen[ala[1], 0]
        if view != "center":
            assert (left > right) == (view == "left")


def test_head_frame_and_head_motion(made: Path) -> None:
    found = load_truth(made, 1)
    topology = load_topology()
    canthi = [topology.points[f"endocanthion_{side}"] for side in ("left", "right")]
    assert np.abs(found["vertices_mm"][0, canthi].mean(axis=0)).max() < 0.6
    turns = found["head_pose"][:, :3, :3]
    assert np.allclose(turns @ turns.transpose(0, 2, 1), np.eye(3), atol=1e-9)
    assert np.allclose(np.linalg.det(turns), 1)
    relative = np.einsum("ij,tkj->tik", turns[0], turns)
    angle = np.degrees(np.arccos(np.clip((np.trace(relative, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    assert 0.05 < angle.max() < 12
    step = np.linalg.norm(np.diff(found["head_pose"][:, :3, 3], axis=0), axis=1)
    assert step.max() < 3


def test_same_seed_same_picture_other_seed_other_face() -> None:
    one, again = (next(iter(render_stills(11, 1, size=(160, 160)))) for _ in range(2))
    other = next(iter(render_stills(12, 1, size=(160, 160))))
    assert np.array_equal(one.image, again.image)
    assert np.array_equal(one.landmarks_px, again.landmarks_px)
    assert not np.array_equal(one.image, other.image)
    assert np.abs(one.vertices_mm - other.vertices_mm).max() > 1
    assert one.visible.sum() > 150
    inside = one.landmarks_px[one.visible]
    assert ((inside >= 0) & (inside < 160)).all()


def test_total_palsy_moves_one_side_only() -> None:
    head, _ = shared_head()
    patient = draw_patient(head, 3, palsy_share=0.0)
    ill = Palsy(side="left", weakness=dict.fromkeys(BRANCHES, 1.0))
    session = Session(patient, (320, 180))
    paralysed = Session(type(patient)(**(vars(patient) | {"palsy": ill})), (320, 180))
    for movement in ("full_smile", "brow_raise", "tight_closure"):
        healthy, sick = session.act(movement), paralysed.act(movement)
        name = {"full_smile": "commissure", "brow_raise": "brow_mid"}.get(movement)
        gaps = truth.lid_gap_mm(head.topology, sick.vertices_mm)
        if name is None:
            assert gaps[:, 0].min() > 0.8 * gaps[0, 0]
            assert gaps[:, 1].min() < 0.8
            continue
        reach = {}
        for side in ("left", "right"):
            vertex = head.topology.points[f"{name}_{side}"]
            for who, take in (("healthy", healthy), ("sick", sick)):
                course = take.vertices_mm[:, vertex]
                reach[who, side] = np.linalg.norm(course - course[0], axis=1).max()
        assert reach["sick", "right"] == pytest.approx(reach["healthy", "right"], rel=0.1)
        assert reach["sick", "left"] < 0.25 * reach["healthy", "left"]


def test_off_basis_patients_leave_the_basis_but_still_close_their_eyes() -> None:
    head, _ = shared_head()
    patient = draw_patient(head, 8, off_basis=True)
    face = head.topology.regions["face"]
    rms = np.sqrt((patient.offset_mm[face] ** 2).sum(axis=1).mean())
    assert 0.4 < rms < 3
    basis = head.shape_basis.double().numpy()[face].reshape(-1, head.n_shape) * 1000
    wanted = patient.offset_mm[face].ravel()
    rest = wanted - basis @ np.linalg.lstsq(basis, wanted, rcond=None)[0]
    assert np.sqrt((rest.reshape(-1, 3) ** 2).sum(axis=1).mean()) > 0.25 * rms
    closed = np.zeros((1, head.n_expression))
    for side in ("Left", "Right"):
        closed[0, head.expression_names.index(f"eyeBlink{side}")] = 1.0
    body = pose_body(head, patient, closed, np.zeros((1, 2, 3)))
    gap = truth.lid_gap_mm(head.topology, body[:, : len(head.template)])
    assert gap.max() < 0.2


def test_iris_is_drawn_independently_of_the_head() -> None:
    head, _ = shared_head()
    drawn = np.array([draw_patient(head, seed).look.iris_mm for seed in range(300)])
    assert drawn.mean() == pytest.approx(11.71, abs=0.1)
    assert drawn.std() == pytest.approx(0.42, abs=0.06)


def test_cameras_keep_the_promised_angles_and_iris() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        cameras, pose = draw_cameras(rng, (1920, 1080), 11.2, (41, 44))
        camera = cameras["center"]
        iris_px = camera.K[0, 0] * 11.2 / pose[2, 3]
        assert 40 < iris_px < 45
        for view, (low, high) in {"left": (30, 54), "center": (-4, 4), "right": (-54, -30)}.items():
            to_view = cameras[view].world_to_camera @ pose
            centre = -to_view[:3, :3].T @ to_view[:3, 3]
            assert low < np.degrees(np.arctan2(centre[0], centre[2])) < high
        again = read_calibration(json.loads(json.dumps(calibration(cameras))))
        for view in VIEWS:
            assert np.array_equal(again[view].K, cameras[view].K)
            assert np.array_equal(again[view].world_to_camera, cameras[view].world_to_camera)


def test_look_at_puts_the_target_on_the_axis() -> None:
    target = np.array([10.0, -20.0, 900.0])
    for yaw in (-50, 0, 37):
        seen = to_camera(target, look_at(target, 700.0, yaw, 5.0))
        assert np.allclose(seen, [0, 0, 700])
