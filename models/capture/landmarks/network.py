"""The landmark and detection networks in PyTorch: the reference and the GPU path.

Each network is a short program over named weights (``build/extract.py``), executed step by step on
(batch, channel, height, width) tensors. The CPU runtime uses the ONNX export instead and never
imports this module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the usual name
from safetensors import safe_open
from torch import Tensor, nn

Step = dict[str, Any]


class ProgramNetwork(nn.Module):
    """A network described by the program stored in a safetensors file.

    Input: float image (B, 3, H, W), RGB; [0, 1] for landmarks, [-1, 1] for detection.
    Output: dict of the TFLite graph's output names to (B, ...) tensors.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        with safe_open(path, framework="pt") as file:
            description = json.loads(file.metadata()["graph"])
            for name in file.keys():  # noqa: SIM118 - not a mapping
                self.register_buffer(_attribute(name), file.get_tensor(name).float())
        self.program: list[Step] = description["program"]
        self.outputs: dict[str, str] = description["outputs"]
        self.input_shape: list[int] = description["input_shape"]

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        values = {"image": image}
        for step in self.program:
            arguments = [values[name] for name in step["in"]]
            values[step["out"]] = self._run(step, *arguments)
        return {name: values[value] for name, value in self.outputs.items()}

    def _run(self, step: Step, x: Tensor, *others: Tensor) -> Tensor:
        match step["op"]:
            case "conv":
                return self._convolution(step, x)
            case "prelu":
                return F.prelu(x, self._weight(step["slope"]))
            case "relu":
                return F.relu(x)
            case "add":
                return x + others[0]
            case "scale":
                return x * self._weight(step["by"])
            case "max_pool":
                return F.max_pool2d(x, 2)
            case "pad_channels":
                return F.pad(x, (0, 0, 0, 0, 0, step["channels"]))
            case "concat":
                return torch.cat([x, *others], 1)
            case "reshape":
                # TFLite keeps channels last, and so do the shapes of the program.
                flat = x.permute(0, 2, 3, 1) if step["from_image"] else x
                return flat.reshape(len(x), *step["shape"])
            case "region_transform":
                return region_transform(x, step["options"])
            case "sample_region":
                return sample_region(x, others[0], step["options"])
            case "apply_transform":
                return apply_transform(x, others[0])
            case "refine_landmarks":
                return refine_landmarks(x, others, step["sources"], step["iris_contours"])
            case unknown:
                raise ValueError(f"the network file has an unknown step: {unknown}")

    def _convolution(self, step: Step, x: Tensor) -> Tensor:
        before, after = step["pad"]
        padded = F.pad(x, (before, after, before, after)) if after else x
        weight, bias = self._weight(step["weight"]), self._weight(step["bias"])
        return F.conv2d(padded, weight, bias, step["stride"], groups=step["groups"])

    def _weight(self, name: str) -> Tensor:
        return self.get_buffer(_attribute(name))


def region_transform(landmarks: Tensor, options: dict[str, Any]) -> Tensor:
    """Return the (B, 4, 4) map from a region's grid to the frame of ``landmarks`` (B, 468, 3).

    The region is the box around a subset of landmarks, turned so that two of them lie level, and
    enlarged (MediaPipe's ``Landmarks2TransformMatrix``, version 2).
    """
    xy = landmarks[..., :2]
    level = xy[:, options["right_rotation_idx"]] - xy[:, options["left_rotation_idx"]]
    cos, sin = F.normalize(level, dim=-1).unbind(-1)
    to_frame = torch.stack([cos, -sin, sin, cos], -1).reshape(-1, 2, 2)
    turned = xy[:, options["subset_idxs"]] @ to_frame
    low, high = turned.amin(1), turned.amax(1)
    grid = xy.new_tensor([options["output_width"], options["output_height"]])
    scale = xy.new_tensor([options["scale_x"], options["scale_y"]]) * (high - low) / grid
    linear = to_frame * scale[:, None, :]
    centre = (to_frame @ ((low + high) / 2)[..., None])[..., 0]
    shift = centre - (linear @ (grid / 2)[:, None])[..., 0]
    matrix = torch.eye(4, dtype=xy.dtype, device=xy.device).repeat(len(xy), 1, 1)
    matrix[:, :2, :2] = linear
    matrix[:, :2, 3] = shift
    return matrix


def sample_region(features: Tensor, matrix: Tensor, options: dict[str, Any]) -> Tensor:
    """Sample ``features`` (B, C, H, W) on a region's grid; 0 outside the outermost pixel centres.

    MediaPipe's ``TransformTensorBilinear``, version 2 (pixel centres at half integers).
    """
    height, width = features.shape[2:]
    rows = torch.arange(options["output_height"], device=features.device) + 0.5
    columns = torch.arange(options["output_width"], device=features.device) + 0.5
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    points = torch.stack([x, y], -1).to(features.dtype)
    at = torch.einsum("bij,hwj->bhwi", matrix[:, :2, :2], points) + matrix[:, None, None, :2, 3]
    size = at.new_tensor([width, height])
    inside = ((at >= 0.5) & (at <= size - 0.5)).all(-1)
    sampled = F.grid_sample(features, 2 * at / size - 1, padding_mode="border", align_corners=False)
    return sampled * inside[:, None].to(features.dtype)


def apply_transform(points: Tensor, matrix: Tensor) -> Tensor:
    """Map 2D ``points`` (B, N, 2) by the first two rows of ``matrix`` (B, 4, 4)."""
    return points @ matrix[:, :2, :2].mT + matrix[:, None, :2, 3]


def refine_landmarks(
    mesh: Tensor, regions: Sequence[Tensor], sources: list[int], iris_contours: list[list[int]]
) -> Tensor:
    """Put the attention regions' points (B, n, 2) in their places of the mesh (B, 468, 3).

    ``sources[i]`` is the place of landmark i among mesh and regions laid end to end. Returns
    (B, 478, 3); an iris has the mean depth of its eye contour, other depths are the mesh's.
    """
    xy = torch.cat([mesh[..., :2], *regions], 1)[:, sources]
    depth = mesh[..., 2:]
    irises = [depth[:, ring].mean(1, keepdim=True).expand(-1, 5, -1) for ring in iris_contours]
    return torch.cat([xy, torch.cat([depth, *irises], 1)], -1)


def _attribute(name: str) -> str:
    return "w_" + name.replace(".", "_")
