"""Learning what a picture adds to the landmarks: the networks of the image evidence, in PyTorch.

Patches come from renders, so they are changed strongly (tone, side light, grain, blur): what
remains to learn from is shape, not the renderer's shading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.capture.correction import (
    ErrorSpread,
    EvidenceHead,
    ImageEvidence,
    LandmarkCorrection,
    Patches,
    mirrored,
)
from models.capture.correction.evidence import EYE_PATCH, FLAT_CONTRAST, MOUTH_PATCH
from models.capture.landmarks.topology import (
    LEFT_IRIS,
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    LIPS_INNER_LOWER,
    LIPS_INNER_UPPER,
    LIPS_OUTER_LOWER,
    LIPS_OUTER_UPPER,
    canonical_face,
)
from models.reconstruction import Array
from models.training.correction_fit import (
    Stills,
    landmark_weights,
    principal,
    spread_of,
)

CHANNELS = (16, 32, 48, 64)
MOUTH_HIDDEN, EYE_HIDDEN = 96, 64
MOUTH_SHAPES, EYE_SHAPES = 32, 24


@dataclass(frozen=True)
class EvidenceSettings:
    """How the networks are learned; weights as in `FitSettings`."""

    epochs: int = 24
    groups_per_batch: int = 12
    learning_rate: float = 2.5e-3
    weight_decay: float = 0.02
    movement_weight: float = 4.0
    contour_weight: float = 3.0
    feature_noise: float = 0.5
    seed: int = 0


class PatchNetwork(nn.Module):
    """Four strided convolutions and a dense layer: (B, 1, H, W) -> (B, hidden)."""

    def __init__(self, size: tuple[int, int], hidden: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for index, outputs in enumerate(CHANNELS):
            kernel = 5 if index == 0 else 3
            layers += [
                nn.Conv2d(inputs, outputs, kernel, 2, kernel // 2),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
            inputs = outputs
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Linear(inputs * -(-size[0] // 16) * -(-size[1] // 16), hidden)

    def forward(self, image: Tensor) -> Tensor:
        answer: Tensor = self.dense(self.convolutions(image).flatten(1))
        return answer


class EvidenceNetwork(nn.Module):
    """A patch network with its head: patch and landmark features -> coefficients (B, E)."""

    def __init__(self, size: tuple[int, int], hidden: int, features: int, shapes: int) -> None:
        super().__init__()
        self.patch = PatchNetwork(size, hidden)
        self.hidden = nn.Linear(features, hidden)
        self.out = nn.Linear(hidden, shapes)
        self.linear = nn.Linear(features, shapes, bias=False)
        nn.init.zeros_(self.linear.weight)

    def forward(self, image: Tensor, features: Tensor) -> Tensor:
        hidden = torch.tanh(self.patch(image) + self.hidden(features))
        coefficients: Tensor = self.out(hidden) + self.linear(features)
        return coefficients


def mouth_points() -> NDArray[np.int64]:
    """Landmarks around the mouth, the alae among them; closed under mirroring."""
    face = canonical_face().vertices_cm
    lips = [*LIPS_OUTER_UPPER, *LIPS_OUTER_LOWER, *LIPS_INNER_UPPER, *LIPS_INNER_LOWER]
    up = face[:, 1] - face[lips, 1].mean()
    front = face[:, 2] > face[lips, 2].min() - 1.5
    return np.flatnonzero((np.abs(face[:, 0]) < 4.6) & (up > -4.2) & (up < 4.0) & front)


def eye_points() -> NDArray[np.int64]:
    """Landmarks of the left eye: lids, what surrounds them, brow and iris."""
    face = canonical_face().vertices_cm
    centre = face[[*LEFT_UPPER_LID, *LEFT_LOWER_LID]].mean(axis=0)
    across, up = (face[:, 0] - centre[0]) / 3.3, (face[:, 1] - centre[1] - 0.6) / 3.0
    near = (np.hypot(across, up) < 1.0) & (face[:, 0] > 0.8)
    return np.concatenate([np.flatnonzero(near), np.array(LEFT_IRIS)])


def fit_evidence(
    correction: LandmarkCorrection,
    stills: Stills,
    patches: Patches,
    held_out: NDArray[np.bool_],
    folder: Path,
    settings: EvidenceSettings,
) -> LandmarkCorrection:
    """The correction with image evidence; the two networks are written to `folder` as ONNX.

    patches of all stills, their light evened out; rows `held_out` (N,) are not learned from and
    give the spread of what is left.
    """
    found, error = stills.levelled()
    train = ~held_out
    group = np.concatenate([stills.group[train], stills.group[train] + stills.group.max() + 1])
    features = torch.tensor(
        np.concatenate(
            [
                correction.landmarks.features(found[train])[0],
                correction.landmarks.features(mirrored(found[train]))[0],
            ]
        ),
        dtype=torch.float32,
    )
    errors = np.concatenate([error[train], mirrored(error[train])])
    heads: dict[str, EvidenceHead] = {}
    for name, points, patch, size, hidden, shapes in (
        ("mouth", mouth_points(), patches.mouth, MOUTH_PATCH, MOUTH_HIDDEN, MOUTH_SHAPES),
        ("eye", eye_points(), patches.eye, EYE_PATCH, EYE_HIDDEN, EYE_SHAPES),
    ):
        weights = np.repeat(landmark_weights(settings.contour_weight)[points], 2)
        weighted = errors[:, points].reshape(len(errors), -1) * weights
        axes, sd = principal(weighted, shapes)
        scale = float(np.sqrt((sd**2).mean()))
        target = torch.tensor(weighted @ axes.T / scale, dtype=torch.float32)
        images = torch.from_numpy(np.concatenate([patch[train, 0], patch[train, 1]]))
        with torch.random.fork_rng():
            torch.manual_seed(settings.seed)
            network = EvidenceNetwork(size, hidden, features.shape[1], shapes)
        _train(network, images, features, target, group, settings)
        export(network.patch, size, folder / f"{name}_evidence.onnx")
        heads[name] = EvidenceHead(
            hidden_weight=_numbers(network.hidden.weight),
            hidden_bias=_numbers(network.hidden.bias),
            out_weight=_numbers(network.out.weight),
            out_bias=_numbers(network.out.bias),
            linear_weight=_numbers(network.linear.weight),
            axes=axes * scale / weights,
            limit=4.0 * sd / scale,
        )
    evidence = ImageEvidence(
        mouth_points(), eye_points(), heads["mouth"], heads["eye"], correction.spread
    )
    return replace(correction, evidence=evidence)


def with_evidence_spread(
    correction: LandmarkCorrection, stills: Stills, patches: Patches
) -> LandmarkCorrection:
    """The correction with the spread that it leaves on these (held-out) stills with pictures.

    The networks are opened from the assets: they must be in place by now.
    """
    assert correction.evidence is not None
    left = left_with_pictures_cm(correction, stills, patches)
    spread: ErrorSpread = spread_of(left, stills, len(correction.spread.modes_cm))
    return replace(correction, evidence=replace(correction.evidence, spread=spread))


def left_with_pictures_cm(
    correction: LandmarkCorrection, stills: Stills, patches: Patches
) -> Array:
    """(N, 478, 2) true minus corrected place with pictures, level frame."""
    found, error = stills.levelled()
    predicted = [
        correction.error_cm(
            found[start : start + 64],
            Patches(patches.mouth[start : start + 64], patches.eye[start : start + 64]),
        )[0]
        for start in range(0, len(found), 64)
    ]
    return np.asarray(error - np.concatenate(predicted))


def export(network: PatchNetwork, size: tuple[int, int], path: Path) -> None:
    """Write a patch network as ONNX with a free batch size."""
    torch.onnx.export(
        network.eval(),
        (torch.zeros(2, 1, *size),),
        str(path),
        input_names=["image"],
        output_names=["answer"],
        dynamic_axes={"image": {0: "batch"}, "answer": {0: "batch"}},
        dynamo=False,
    )


def _train(
    network: EvidenceNetwork,
    images: Tensor,
    features: Tensor,
    target: Tensor,
    group: NDArray[np.int64],
    settings: EvidenceSettings,
) -> None:
    generator = torch.Generator().manual_seed(settings.seed)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    members = [torch.from_numpy(rows) for rows in np.split(order, starts[1:])]
    # Half of the groups an epoch: a face and its mirror image are nearly the same lesson.
    steps = max(1, len(members) // 2 // settings.groups_per_batch)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.epochs * steps
    )
    network.train()
    for _ in range(settings.epochs):
        shuffled = torch.randperm(len(members), generator=generator).tolist()
        for step in range(steps):
            first = step * settings.groups_per_batch
            chosen = [members[k] for k in shuffled[first : first + settings.groups_per_batch]]
            rows = torch.cat(chosen)
            owner = torch.repeat_interleave(torch.tensor([len(part) for part in chosen]))
            noise = torch.randn(features[rows].shape, generator=generator)
            seen = changed(images[rows], generator)
            left = network(seen, features[rows] + settings.feature_noise * noise) - target[rows]
            mean = torch.zeros(len(chosen), left.shape[1]).index_add(0, owner, left)
            change = left - (mean / torch.bincount(owner)[:, None])[owner]
            loss = (left**2).sum(1).mean()
            loss = loss + settings.movement_weight * (change**2).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def changed(patches: Tensor, generator: torch.Generator) -> Tensor:
    """Patches (B, 1, H, W) under another tone curve, side light, grain and focus, evened again."""
    n, _, height, width = patches.shape

    def drawn(size: float) -> Tensor:
        return size * torch.randn(n, 1, 1, 1, generator=generator)

    low = patches.amin((2, 3), keepdim=True)
    span = patches.amax((2, 3), keepdim=True) - low
    values = ((patches - low) / (span + 1e-3)).clamp_min(1e-3) ** torch.exp(drawn(0.35))
    down = torch.linspace(-1, 1, height)[:, None]
    across = torch.linspace(-1, 1, width)
    values = values * torch.exp(drawn(0.35) * across + drawn(0.35) * down)
    grain = 0.04 * torch.rand(n, 1, 1, 1, generator=generator)
    values = values + grain * torch.randn(values.shape, generator=generator)
    soft = torch.rand(n, generator=generator) < 0.35
    values[soft] = nn.functional.avg_pool2d(values[soft], 3, 1, 1)
    deviation = values.std((2, 3), keepdim=True) + FLAT_CONTRAST / 255
    return (values - values.mean((2, 3), keepdim=True)) / deviation


def _numbers(parameter: Tensor) -> Array:
    return np.asarray(parameter.detach().double().numpy())
