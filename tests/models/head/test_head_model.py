"""The differentiable head: symmetry, exact lid closure, gradients, posing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.head.extras import load_extras
from models.head.model import HeadModel, load_head, rotation_matrices

FLIP = torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
TURN_FLIP = torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)


def _random(head: HeadModel, count: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    identity = torch.randn(count, head.n_shape, generator=generator, dtype=torch.float64)
    expression = torch.rand(count, head.n_expression, generator=generator, dtype=torch.float64)
    return identity, expression


def _gap_mm(head: HeadModel, vertices: Tensor, side: str) -> Tensor:
    upper, lower = (
        torch.as_tensor(head.topology.loops[f"lid_{lid}_{side}"].astype(np.int64))
        for lid in ("upper", "lower")
    )
    return 1e3 * (vertices[:, upper] - vertices[:, lower]).norm(dim=-1)


def test_head_has_the_promised_parameters(head: HeadModel) -> None:
    assert (head.n_symmetric_shape, head.n_shape, head.n_expression) == (80, 100, 60)
    assert len(set(head.expression_names)) == 60
    for index, name in enumerate(head.expression_names):
        twin = head.expression_names[int(head.expression_mirror[index])]
        swapped = name.replace("Left", "#").replace("Right", "Left").replace("#", "Right")
        assert twin == swapped
    basis = head.expression_basis.reshape(-1, 60)
    assert torch.linalg.matrix_rank(basis) == 60


def test_every_basis_is_mirror_symmetric(head: HeadModel) -> None:
    mirror = torch.as_tensor(head.topology.mirror.astype(np.int64))

    def flip(field: Tensor) -> Tensor:
        return field[mirror] * FLIP[:, None]

    shape = head.shape_basis
    torch.testing.assert_close(flip(shape), shape * head.shape_mirror_sign, atol=1e-9, rtol=0)
    units = head.expression_basis
    torch.testing.assert_close(flip(units), units[:, :, head.expression_mirror], atol=1e-9, rtol=0)
    pose_sign = (TURN_FLIP[:, None] * TURN_FLIP[None]).flatten().repeat(2)
    torch.testing.assert_close(
        flip(head.pose_basis[:, :, :18]), head.pose_basis[:, :, :18] * pose_sign, atol=1e-9, rtol=0
    )


def test_mirrored_parameters_give_the_mirrored_head(head: HeadModel) -> None:
    identity, expression = _random(head, 4, 1)
    turns = 0.3 * torch.randn(
        4, 4, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )
    direct = head(identity, expression, turns[:, 0], turns[:, 1], turns[:, 2:])
    mirrored = head(
        *head.mirror_parameters(identity, expression),
        turns[:, 0] * TURN_FLIP,
        turns[:, 1] * TURN_FLIP,
        (turns[:, 2:] * TURN_FLIP).flip(1),
    )
    mirror = torch.as_tensor(head.topology.mirror.astype(np.int64))
    torch.testing.assert_close(mirrored[:, mirror] * FLIP, direct, atol=1e-9, rtol=0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_lids_close_exactly_for_200_identities(head: HeadModel, side: str) -> None:
    identity, _ = _random(head, 200, 3)
    expression = torch.zeros(200, 60, dtype=torch.float64)
    expression[:, head.expression_names.index(f"eyeBlink{side.capitalize()}")] = 1
    assert _gap_mm(head, head(identity, expression), side).max() < 1e-9
    single = load_head()
    gap = _gap_mm(single, single(identity.float(), expression.float()), side)
    assert gap.max() < 1e-3


def test_closing_is_monotone_and_leaves_the_other_eye_alone(head: HeadModel) -> None:
    identity, _ = _random(head, 1, 4)
    levels = torch.linspace(0, 1, 11, dtype=torch.float64)
    expression = torch.zeros(11, 60, dtype=torch.float64)
    expression[:, head.expression_names.index("eyeBlinkLeft")] = levels
    surface = head(identity.expand(11, -1), expression)
    gap = _gap_mm(head, surface, "left")
    assert (gap.diff(dim=0)[:, 1:-1] < 0).all()
    torch.testing.assert_close(gap[5], 0.5 * gap[0])
    other = _gap_mm(head, surface, "right")
    torch.testing.assert_close(other, other[:1].expand_as(other))


def test_linear_basis_reproduces_the_unposed_head(head: HeadModel) -> None:
    identity, expression = _random(head, 1, 5)
    basis = head.linear_expression_basis(identity[0])
    moved = head.unposed(identity, expression) - head.shaped(identity)
    torch.testing.assert_close(basis @ expression[0] * 1e-3, moved[0], atol=1e-12, rtol=0)


def test_gradients_are_exact(head: HeadModel) -> None:
    few = torch.as_tensor([head.topology.points[n] for n in ("commissure_left", "menton")])
    few = torch.cat([few, torch.as_tensor(head.topology.loops["lid_upper_left"][5:7]).long()])

    def posed(identity: Tensor, expression: Tensor, turns: Tensor) -> Tensor:
        return (
            1e2
            * head(
                torch.nn.functional.pad(identity, (0, 94)),
                torch.nn.functional.pad(expression, (8, 44)),
                turns[:, 0],
                turns[:, 1],
                turns[:, 2:],
            )[:, few]
        )

    generator = torch.Generator().manual_seed(6)
    inputs = (
        torch.randn(1, 6, generator=generator, dtype=torch.float64),
        torch.rand(1, 8, generator=generator, dtype=torch.float64),
        0.2 * torch.randn(1, 4, 3, generator=generator, dtype=torch.float64),
    )
    leaves = tuple(value.requires_grad_() for value in inputs)
    assert torch.autograd.gradcheck(posed, leaves, fast_mode=True)
    still = torch.zeros(1, 4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda turns: posed(*leaves[:2], turns), (still,), fast_mode=True
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_rotations_are_proper(values: list[float]) -> None:
    turn = rotation_matrices(torch.tensor([values], dtype=torch.float64))[0]
    torch.testing.assert_close(turn @ turn.T, torch.eye(3, dtype=torch.float64))
    assert torch.linalg.det(turn) == pytest.approx(1)
    axis = torch.tensor(values, dtype=torch.float64)
    torch.testing.assert_close(turn @ axis, axis)


def test_eyes_turn_about_their_centres_and_nothing_else_moves(head: HeadModel) -> None:
    zero = torch.zeros(1, head.n_shape, dtype=torch.float64)
    calm = torch.zeros(1, 60, dtype=torch.float64)
    eyes = torch.tensor([[[0.0, 0.3, 0.0], [0.0, 0.0, 0.0]]], dtype=torch.float64)
    moved = (head(zero, calm, eyes=eyes) - head(zero, calm))[0].norm(dim=-1)
    left = torch.as_tensor(head.topology.regions["eye_left"])
    assert moved[~left].max() < 1e-12
    gaze = head(zero, calm, eyes=eyes)[0, head.topology.points["pupil_left"]]
    assert gaze[0] > head.template[head.topology.points["pupil_left"], 0], "towards the left"


def test_jaw_joint_opens_the_mouth_like_the_unit(head: HeadModel) -> None:
    zero = torch.zeros(1, head.n_shape, dtype=torch.float64)
    unit = torch.zeros(1, 60, dtype=torch.float64)
    unit[0, head.expression_names.index("jawOpen")] = 1
    by_unit = head(zero, unit)[0]
    by_joint = head(zero, 0 * unit, jaw=torch.tensor([[0.432, 0, 0]], dtype=torch.float64))[0]
    apart = (by_unit - by_joint).norm(dim=-1)[torch.as_tensor(head.topology.regions["face"])]
    assert 1e3 * apart.mean() < 0.5


def test_landmarks_follow_the_surface(head: HeadModel) -> None:
    surface = head.template[None]
    marks = head.landmarks(surface)
    assert marks.shape == (1, 478, 3)
    shift = torch.tensor([0.01, 0.02, 0.03], dtype=torch.float64)
    torch.testing.assert_close(head.landmarks(surface + shift), marks + shift)


def test_extras_move_with_the_head(head: HeadModel) -> None:
    extras = load_extras()
    calm, unit = np.zeros(60), np.zeros(60)
    unit[head.expression_names.index("jawOpen")] = 1
    rest, opened = (extras.inner_mm(np.zeros(100), e) for e in (calm, unit))
    down = (opened - rest)[:, 1]
    assert down[np.unique(extras.faces["lower_teeth"])].max() < -5
    assert abs(down[np.unique(extras.faces["upper_teeth"])]).max() < 1
    topology = head.topology
    lashes = extras.lashes_mm(topology.template_mm, topology.eye_centres_mm)
    assert extras.lash_faces().max() == len(lashes) - 1
    from_eye = np.linalg.norm(lashes[: len(lashes) // 2] - topology.eye_centres_mm[0], axis=1)
    assert from_eye.min() > 12.0, "lashes stand outside the eyeball"
