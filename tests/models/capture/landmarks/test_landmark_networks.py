"""The ONNX files on the CPU must give what the PyTorch reference gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from models.assets import manifest, verified_path
from models.capture.landmarks import FaceObservation
from models.capture.landmarks.network import ProgramNetwork
from models.capture.landmarks.sessions import AssetNetwork
from models.capture.landmarks.warp import warp_region


@pytest.mark.parametrize("name", ["face_landmarks", "face_detection"])
def test_onnx_agrees_with_torch(
    name: str, portrait: NDArray[np.uint8], observation: FaceObservation
) -> None:
    reference = ProgramNetwork(verified_path(name))
    size = reference.input_shape[-1]
    planes = warp_region(portrait, observation.region, size) / np.float32(255)
    noise = np.random.default_rng(0).random(planes.shape, np.float32)
    batch = np.stack([planes, planes[..., ::-1], noise])
    with torch.no_grad():
        expected = list(reference(torch.from_numpy(batch)).values())
    for ours, theirs in zip(AssetNetwork(name + "_onnx", 1)(batch), expected, strict=True):
        # Landmarks are in px of a 192 px crop; the detector's answers reach some hundreds.
        scale = max(1.0, float(theirs.abs().max()) / 192)
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4 * scale)


def test_the_reference_passes_gradients_to_the_image() -> None:
    network = ProgramNetwork(verified_path("face_landmarks"))
    image = torch.rand(1, *network.input_shape, requires_grad=True)
    network(image)["landmarks"].sum().backward()
    assert image.grad is not None
    assert torch.isfinite(image.grad).all()
    assert image.grad.abs().max() > 0


def test_an_unknown_step_is_refused(tmp_path: Path) -> None:
    step = {"op": "teleport", "in": ["image"], "out": "x"}
    graph = {"program": [step], "outputs": {"x": "x"}, "input_shape": [3, 4, 4]}
    path = tmp_path / "network.safetensors"
    save_file({"0.weight": torch.zeros(1)}, path, {"graph": json.dumps(graph)})
    with pytest.raises(ValueError, match="teleport"):
        ProgramNetwork(path)(torch.zeros(1, 3, 4, 4))


def test_every_landmark_asset_names_its_licence() -> None:
    ours = [asset for asset in manifest().values() if "mediapipe" in asset.source]
    assert len(ours) == 5
    assert {asset.licence for asset in ours} == {"Apache-2.0"}
