"""The differentiable head: identity, named expression units, joints and skinning in PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from models.head.asset import HeadArrays, LandmarkArrays
from models.head.topology import load_arrays, topology_of

_M_PER_MM = 1e-3
_PARENTS = (-1, 0, 1, 1, 1)


class HeadModel(nn.Module):
    """A head of V vertices with S identity components and E one-sided expression units.

    Buffers, in metres: template (V,3), shape_basis (V,3,S), expression_basis (V,3,E),
    pose_basis (V,3,36), lbs_weights (V,5) for root, neck, jaw, left and right eye.
    `expression_mirror` (E,) and `shape_mirror_sign` (S,) say what parameters become in the
    mirrored head. Units act before skinning; closing a lid adapts to the identity so that the
    margins meet exactly at eyeBlink = 1.
    """

    template: Tensor
    shape_basis: Tensor
    expression_basis: Tensor
    pose_basis: Tensor
    lbs_weights: Tensor
    expression_mirror: Tensor
    shape_mirror_sign: Tensor
    _joint_template: Tensor
    _joint_shape: Tensor
    _landmark_vertices: Tensor
    _landmark_weights: Tensor

    def __init__(self, head: HeadArrays, landmarks: LandmarkArrays) -> None:
        super().__init__()
        self.name, self.version, self.sha256 = head.name, head.version, head.sha256
        self.topology = topology_of(head, landmarks)
        self.n_shape = head.shape_mm.shape[2]
        self.n_symmetric_shape = head.n_symmetric_shape
        self.n_expression = head.expression_mm.shape[2]
        self.expression_names = head.expression_names

        def keep(name: str, values: np.ndarray) -> None:
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)))

        keep("template", head.template_mm * _M_PER_MM)
        keep("shape_basis", head.shape_mm * _M_PER_MM)
        keep("expression_basis", head.expression_mm * _M_PER_MM)
        keep("pose_basis", head.pose_mm * _M_PER_MM)
        keep("lbs_weights", head.weights)
        keep("expression_mirror", head.expression_mirror.astype(np.int64))
        sign = np.where(np.arange(self.n_shape) < self.n_symmetric_shape, 1.0, -1.0)
        keep("shape_mirror_sign", sign)
        keep("_joint_template", head.joint_regressor @ head.template_mm * _M_PER_MM)
        joint_shape = np.einsum("jv,vcs->jcs", head.joint_regressor, head.shape_mm)
        keep("_joint_shape", joint_shape * _M_PER_MM)
        keep("_landmark_vertices", landmarks.vertices.astype(np.int64))
        keep("_landmark_weights", landmarks.weights)
        self._blinks: list[int] = []
        for side, follow in head.lid_follow.items():
            upper, lower = head.loops[f"lid_upper_{side}"], head.loops[f"lid_lower_{side}"]
            # How the margin gap grows with identity, and which lid vertices make up for it.
            gap_shape = head.shape_mm[upper] - head.shape_mm[lower]
            moved = np.flatnonzero(follow.any(axis=1))
            keep(f"_lid_vertices_{side}", moved)
            keep(
                f"_lid_shape_{side}", np.einsum("vp,pcs->vcs", follow[moved], gap_shape) * _M_PER_MM
            )
            self._blinks.append(head.expression_names.index(f"eyeBlink{side.capitalize()}"))
        self._sides = tuple(head.lid_follow)

    def _lid(self, side: str) -> tuple[Tensor, Tensor]:
        return (
            cast(Tensor, getattr(self, f"_lid_vertices_{side}")),
            cast(Tensor, getattr(self, f"_lid_shape_{side}")),
        )

    def shaped(self, identity: Tensor) -> Tensor:
        """Resting surface (B,V,3) in metres for identities (B,S)."""
        return self.template + torch.einsum("vcs,bs->bvc", self.shape_basis, identity)

    def unposed(self, identity: Tensor, expression: Tensor) -> Tensor:
        """Surface (B,V,3) in metres before skinning, for (B,S) and (B,E)."""
        surface = self.shaped(identity)
        surface = surface + torch.einsum("vce,be->bvc", self.expression_basis, expression)
        for side, blink in zip(self._sides, self._blinks, strict=True):
            vertices, shape = self._lid(side)
            closing = (
                torch.einsum("vcs,bs->bvc", shape, identity) * expression[:, blink, None, None]
            )
            surface = surface.index_add(1, vertices, closing)
        return surface

    def linear_expression_basis(self, identity: Tensor) -> Tensor:
        """Displacements (V,3,E) in mm per unit for one identity (S,), lid closure included."""
        basis = self.expression_basis.clone()
        for side, blink in zip(self._sides, self._blinks, strict=True):
            vertices, shape = self._lid(side)
            column = basis[:, :, blink].index_add(0, vertices, shape @ identity)
            basis[:, :, blink] = column
        return basis / _M_PER_MM

    def joints(self, identity: Tensor) -> Tensor:
        """Joint positions (B,5,3) in metres at rest: root, neck, jaw, left eye, right eye."""
        return self._joint_template + torch.einsum("jcs,bs->bjc", self._joint_shape, identity)

    def forward(
        self,
        identity: Tensor,
        expression: Tensor,
        jaw: Tensor | None = None,
        neck: Tensor | None = None,
        eyes: Tensor | None = None,
    ) -> Tensor:
        """Posed surface (B,V,3) in metres.

        identity (B,S); expression (B,E), units in 0..1; jaw, neck (B,3) and eyes (B,2,3: left,
        right) axis-angle in radians about their joints. Never open the jaw by `jaw` and by the
        unit jawOpen at once.
        """
        surface = self.unposed(identity, expression)
        if jaw is None and neck is None and eyes is None:
            return surface
        batch = len(surface)
        still = surface.new_zeros(batch, 3)
        eyes = surface.new_zeros(batch, 2, 3) if eyes is None else eyes
        turns = [
            still,
            still if neck is None else neck,
            still if jaw is None else jaw,
            eyes[:, 0],
            eyes[:, 1],
        ]
        rotations = rotation_matrices(torch.stack(turns, dim=1))
        feature = rotations[:, 1:] - torch.eye(3, dtype=surface.dtype, device=surface.device)
        surface = surface + torch.einsum("vcp,bp->bvc", self.pose_basis, feature.flatten(1))
        return self._skin(surface, self.joints(identity), rotations)

    def _skin(self, surface: Tensor, joints: Tensor, rotations: Tensor) -> Tensor:
        """Linear blend skinning along the chain root - neck - (jaw, eyes)."""
        turns: list[Tensor] = []
        shifts: list[Tensor] = []
        for joint, parent in enumerate(_PARENTS):
            local = rotations[:, joint]
            at = joints[:, joint]
            # x -> R (x - joint) + joint, then what the parent does.
            shift = at - (local @ at[..., None])[..., 0]
            if parent >= 0:
                shift = (turns[parent] @ shift[..., None])[..., 0] + shifts[parent]
                local = turns[parent] @ local
            turns.append(local)
            shifts.append(shift)
        turn = torch.einsum("vj,bjcd->bvcd", self.lbs_weights, torch.stack(turns, dim=1))
        shift = torch.einsum("vj,bjc->bvc", self.lbs_weights, torch.stack(shifts, dim=1))
        return (turn @ surface[..., None])[..., 0] + shift

    def landmarks(self, vertices: Tensor) -> Tensor:
        """The 478 landmark positions (B,478,3) on vertices (B,V,3), in their unit."""
        corners = vertices[:, self._landmark_vertices]
        return (corners * self._landmark_weights[..., None]).sum(dim=2)

    def mirror_parameters(self, identity: Tensor, expression: Tensor) -> tuple[Tensor, Tensor]:
        """Parameters (B,S) and (B,E) of the mirrored head."""
        return identity * self.shape_mirror_sign, expression[:, self.expression_mirror]


def rotation_matrices(axis_angle: Tensor) -> Tensor:
    """Rodrigues' formula: (...,3) radians to (...,3,3), smooth and differentiable at zero."""
    squared = (axis_angle**2).sum(dim=-1, keepdim=True)[..., None]
    small = squared < 1e-8
    angle = torch.where(small, torch.ones_like(squared), squared).sqrt()
    sine = torch.where(small, 1 - squared / 6, torch.sin(angle) / angle)
    versine = torch.where(small, 0.5 - squared / 24, (1 - torch.cos(angle)) / angle**2)
    x, y, z = axis_angle.unbind(dim=-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1)
    cross = cross.reshape(*axis_angle.shape[:-1], 3, 3)
    unit = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return unit + sine * cross + versine * (cross @ cross)


def load_head(
    path: Path | str | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> HeadModel:
    """The committed open head, or the head file at `path` (open head or FLAME layout).

    Raises HeadFileError for a file of wrong layout or with foreign code.
    """
    model = HeadModel(*load_arrays(None if path is None else Path(path)))
    return model.to(device=device, dtype=dtype).eval()
