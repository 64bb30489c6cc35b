"""Learning the landmark correction from stills with known truth; no rendering, no files.

The truth minus the network's landmarks is predicted from the landmarks themselves, in the level
frame, by a small network; what it leaves on people it has not seen becomes the covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.capture.correction import (
    ErrorSpread,
    LandmarkCorrection,
    LandmarkModel,
    LevelFrames,
    mirrored,
)
from models.capture.correction.correction import FEATURE_LIMIT
from models.capture.landmarks.topology import CONTOURS, COUNT, mirror_permutation
from models.reconstruction import Array

YAW_BINS_DEG = np.array([0.0, 15.0, 30.0, 45.0, 60.0])
# A still speaks for the bins around it with this width.
BIN_WIDTH_DEG = 8.0


@dataclass(frozen=True)
class Stills:
    """N stills: landmarks_px (N, 478, 3) as found, truth_px (N, 478, 2), yaw and roll (N,).

    person (N,): one virtual patient; group (N,): one patient in one view, the first of a group
    at rest. The error's change inside a group is what a movement does not cancel.
    """

    landmarks_px: Array
    truth_px: Array
    yaw_deg: Array
    roll_deg: Array
    person: NDArray[np.int64]
    group: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> Stills:
        """Some of the stills."""
        return Stills(
            self.landmarks_px[rows],
            self.truth_px[rows],
            self.yaw_deg[rows],
            self.roll_deg[rows],
            self.person[rows],
            self.group[rows],
        )

    def levelled(self) -> tuple[Array, Array]:
        """Landmarks (N, 478, 3) and true minus found (N, 478, 2) in the level frame, cm."""
        frames = LevelFrames.of(self.landmarks_px, self.roll_deg)
        found = frames.level(self.landmarks_px)
        return found, frames.level(self.truth_px) - found[..., :2]


@dataclass(frozen=True)
class FitSettings:
    """How the correction is learned.

    features, hidden, error_shapes: sizes. movement_weight: how much more the error's change
    inside a group counts than its mean. contour_weight: of lips, lids and brows against skin.
    feature_noise: SD added to the unit-variance features, against over-fitting.
    """

    features: int = 160
    hidden: int = 192
    error_shapes: int = 64
    modes: int = 12
    epochs: int = 60
    groups_per_batch: int = 48
    learning_rate: float = 2e-3
    weight_decay: float = 2e-4
    movement_weight: float = 3.0
    contour_weight: float = 3.0
    feature_noise: float = 0.5
    seed: int = 0


def fit_correction(train: Stills, held_out: Stills, settings: FitSettings) -> LandmarkCorrection:
    """Learn on `train`; the covariance comes from `held_out`, which holds other people."""
    found, error = train.levelled()
    found, error = (
        np.concatenate([found, mirrored(found)]),
        np.concatenate([error, mirrored(error)]),
    )
    group = np.concatenate([train.group, train.group + train.group.max() + 1])
    mean = found.mean(axis=0).ravel()
    axes, sd = principal(found.reshape(len(found), -1) - mean, settings.features)
    axes = axes / sd[:, None]
    weights = np.repeat(landmark_weights(settings.contour_weight), 2)
    error_axes, error_sd = principal(error.reshape(len(error), -1) * weights, settings.error_shapes)
    features = (found.reshape(len(found), -1) - mean) @ axes.T
    target = (error.reshape(len(error), -1) * weights) @ error_axes.T
    layers = _train(features, target, group, settings)
    model = LandmarkModel(
        feature_mean=mean,
        feature_axes=axes,
        **layers,
        error_axes=error_axes / weights,
        error_limit=4.0 * error_sd,
        novelty_limit=np.array(np.quantile((features**2).mean(axis=1), 0.995)),
    )
    left = residual_cm(model, held_out)
    return LandmarkCorrection(model, spread_of(left, held_out, settings.modes))


def residual_cm(model: LandmarkModel, stills: Stills) -> Array:
    """(N, 478, 2) what is left of the error after correction by landmarks alone, level frame."""
    found, error = stills.levelled()
    reflected = model.error_cm(model.features(mirrored(found))[0])
    return np.asarray(
        error - 0.5 * (model.error_cm(model.features(found)[0]) + mirrored(reflected))
    )


def spread_of(left_cm: Array, stills: Stills, n_modes: int) -> ErrorSpread:
    """The spread by |yaw| of errors (N, 478, 2) that a correction leaves on these stills."""
    residual = left_cm.copy()
    # Each face counts as it is and mirrored, and every one looks to the side with yaw >= 0.
    residual[stills.yaw_deg < 0] = mirrored(residual[stills.yaw_deg < 0])
    yaw = np.abs(stills.yaw_deg)
    change = residual - group_mean(residual, stills.group)
    both = np.concatenate([change, mirrored(change)]).reshape(2 * len(change), -1)
    modes = principal(both, n_modes)[0].reshape(n_modes, COUNT, 2)
    parity = np.sign((modes * mirrored(modes)).sum(axis=(1, 2)))
    modes = 0.5 * (modes + parity[:, None, None] * mirrored(modes))
    modes /= np.sqrt((modes**2).sum(axis=(1, 2), keepdims=True))
    along = change.reshape(len(change), -1) @ modes.reshape(n_modes, -1).T
    covariance, mode_covariance = [], []
    for centre in YAW_BINS_DEG:
        weight = np.exp(-0.5 * ((yaw - centre) / BIN_WIDTH_DEG) ** 2)
        weight /= weight.sum()
        whole = np.einsum("n,nli,nlj->lij", weight, residual, residual)
        amplitudes = np.einsum("n,ni,nj->ij", weight, along, along)
        if centre == 0.0:
            swapped = whole[mirror_permutation()] * np.array([[1.0, -1.0], [-1.0, 1.0]])
            whole = 0.5 * (whole + swapped)
            amplitudes = amplitudes * (parity[:, None] == parity)
        covariance.append(whole)
        mode_covariance.append(amplitudes)
    return ErrorSpread(YAW_BINS_DEG, np.stack(covariance), modes, parity, np.stack(mode_covariance))


def _train(
    features: Array, target: Array, group: NDArray[np.int64], settings: FitSettings
) -> dict[str, Array]:
    """The weights of the small network, by Adam with weight decay and a cosine schedule."""
    generator = torch.Generator().manual_seed(settings.seed)
    inputs = torch.tensor(np.clip(features, -FEATURE_LIMIT, FEATURE_LIMIT), dtype=torch.float32)
    wanted = torch.tensor(target, dtype=torch.float32)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    members = [torch.from_numpy(rows) for rows in np.split(order, starts[1:])]
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        hidden = torch.nn.Linear(settings.features, settings.hidden)
        out = torch.nn.Linear(settings.hidden, settings.error_shapes)
        linear = torch.nn.Linear(settings.features, settings.error_shapes, bias=False)
    for layer in (out, linear):
        torch.nn.init.zeros_(layer.weight)
    weights = [*hidden.parameters(), *out.parameters(), *linear.parameters()]
    optimiser = torch.optim.AdamW(
        weights, lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    steps = settings.epochs * -(-len(members) // settings.groups_per_batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(settings.epochs):
        shuffled = torch.randperm(len(members), generator=generator).tolist()
        for first in range(0, len(shuffled), settings.groups_per_batch):
            chosen = [members[k] for k in shuffled[first : first + settings.groups_per_batch]]
            rows = torch.cat(chosen)
            owner = torch.repeat_interleave(torch.tensor([len(part) for part in chosen]))
            noise = torch.randn(inputs[rows].shape, generator=generator)
            seen = inputs[rows] + settings.feature_noise * noise
            left = out(torch.tanh(hidden(seen))) + linear(seen) - wanted[rows]
            mean = torch.zeros(len(chosen), left.shape[1]).index_add(0, owner, left)
            mean = mean / torch.bincount(owner)[:, None]
            change = left - mean[owner]
            loss = (left**2).sum(1).mean()
            loss = loss + settings.movement_weight * (change**2).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    learned = {
        "hidden_weight": hidden.weight,
        "hidden_bias": hidden.bias,
        "out_weight": out.weight,
        "out_bias": out.bias,
        "linear_weight": linear.weight,
    }
    return {name: value.detach().double().numpy() for name, value in learned.items()}


def landmark_weights(contour_weight: float) -> Array:
    """(478,) weight of each landmark's error: contours that are measured count more."""
    weights = np.ones(COUNT)
    for name, points in CONTOURS.items():
        if name.startswith(("lips", "left_", "right_")):
            weights[list(points)] = contour_weight
    return weights


def group_mean(values: Array, group: NDArray[np.int64]) -> Array:
    """(N, ...) for each row the mean over its group."""
    _, owner, count = np.unique(group, return_inverse=True, return_counts=True)
    total = np.zeros((len(count), *values.shape[1:]))
    np.add.at(total, owner, values)
    return np.asarray((total / count.reshape(-1, *[1] * (values.ndim - 1)))[owner])


def principal(rows: Array, count: int) -> tuple[Array, Array]:
    """Leading orthonormal axes (count, D) of rows (N, D) about 0, and the SD along them."""
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    order = np.argsort(values)[::-1][:count]
    return vectors[:, order].T, np.sqrt(values[order])
