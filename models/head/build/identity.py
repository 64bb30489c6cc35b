"""Samples heads from the identity targets and splits them into even and odd components."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.head.build.source import Source

LOCAL_FOLDERS = ("asym", "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth",
                 "neck", "nose")  # fmt: skip
ANCESTRIES = ("african", "asian", "caucasian")
# Whole-head shifts are pose, not identity; the trunk is not part of the head.
_SKIPPED = ("head/head-trans", "neck/neck-trans", "asym/asymm-")
_PAIRS = (
    ("-incr", "-decr"), ("-up", "-down"), ("-out", "-in"), ("-forward", "-backward"),
    ("-convex", "-concave"), ("-uncompress", "-compress"), ("-ext-up", "-ext-down"),
)  # fmt: skip
_LOCAL_SD = {"ears": 0.25, "neck": 0.15, "asym": 0.10, "head": 0.14}
_LOCAL_SD_DEFAULT = 0.18
_SIDE_DIFFERENCE = 0.25

Field = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """One identity slider: displacement for a positive and a negative draw, with its spread.

    `twin` is the index of the mirrored slider of a left/right pair, or -1.
    """

    name: str
    positive: Field
    negative: Field
    spread: float
    twin: int


def local_axes(source: Source, transfer: Callable[[Field], Field]) -> list[Axis]:
    """Sliders of all local targets; `transfer` maps a source field onto the head."""
    found: dict[str, dict[str, str]] = {}
    for folder in LOCAL_FOLDERS:
        for name in source.target_names(folder):
            if name.startswith(_SKIPPED):
                continue
            stem, sign = name, "+"
            for plus, minus in _PAIRS:
                if name.endswith(plus):
                    stem, sign = name.removesuffix(plus) + plus, "+"
                    break
                if name.endswith(minus):
                    stem, sign = name.removesuffix(minus) + plus, "-"
                    break
            found.setdefault(stem, {})[sign] = name
    stems = sorted(found)
    axes = []
    for stem in stems:
        ends = {sign: transfer(source.target(name)) for sign, name in found[stem].items()}
        zero = np.zeros_like(next(iter(ends.values())))
        twin = _twin(stem)
        axes.append(
            Axis(
                stem,
                ends.get("+", zero),
                ends.get("-", zero),
                _LOCAL_SD.get(stem.split("/")[0], _LOCAL_SD_DEFAULT),
                stems.index(twin) if twin in found else -1,
            )
        )
    return axes


def _twin(stem: str) -> str:
    folder, name = stem.split("/")
    if name.startswith(("l-", "r-")):
        return f"{folder}/{'r' if name[0] == 'l' else 'l'}{name[1:]}"
    if name.endswith(("-l", "-r")):
        return f"{folder}/{name[:-1]}{'r' if name[-1] == 'l' else 'l'}"
    return ""


def sample_heads(
    source: Source, transfer: Callable[[Field], Field], count: int, seed: int
) -> NDArray[np.float32]:
    """Displacements (count, V, 3) of adult heads, balanced over sex, age and ancestry."""
    rng = np.random.default_rng(seed)
    axes = local_axes(source, transfer)
    macro = {
        name: transfer(source.target(name))
        for name in source.target_names("macrodetails")
        if "-young" in name or "-old" in name
    }
    heads = np.zeros((count, *next(iter(macro.values())).shape), dtype=np.float32)
    for head in heads:
        total = np.zeros(head.shape)
        for name, weight in _macro_weights(rng).items():
            if weight > 1e-4:
                total += weight * macro[f"macrodetails/{name}"]
        draws = rng.normal(0.0, 1.0, len(axes))
        differences = rng.normal(0.0, _SIDE_DIFFERENCE, len(axes))
        for i, axis in enumerate(axes):
            partner = axis.twin
            # A pair shares the first one's draw; asym sliders are one-sided by intent.
            if partner >= 0 and not axis.name.startswith("asym"):
                draw = draws[min(i, partner)] + differences[i]
            else:
                draw = draws[i]
            value = float(np.clip(axis.spread * draw, -1.0, 1.0))
            total += max(value, 0.0) * axis.positive + max(-value, 0.0) * axis.negative
        head[:] = total
    return heads


def _macro_weights(rng: np.random.Generator) -> dict[str, float]:
    male = float(np.clip(rng.choice([0.06, 0.94]) + rng.normal(0, 0.12), 0, 1))
    old = float(rng.uniform(0.0, 0.9))
    ancestry = rng.dirichlet([0.35] * 3)
    muscle, weight = rng.beta(4.0, 4.0), rng.beta(4.0, 4.0)

    def levels(value: float, noun: str) -> dict[str, float]:
        centred = 2 * value - 1
        return {
            f"min{noun}": max(-centred, 0.0),
            f"average{noun}": 1 - abs(centred),
            f"max{noun}": max(centred, 0.0),
        }

    weights: dict[str, float] = {}
    for sex, sex_weight in (("male", male), ("female", 1 - male)):
        for age, age_weight in (("old", old), ("young", 1 - old)):
            both = sex_weight * age_weight
            for name, share in zip(ANCESTRIES, ancestry, strict=True):
                weights[f"{name}-{sex}-{age}"] = both * float(share)
            for build, build_weight in levels(muscle, "muscle").items():
                for mass, mass_weight in levels(weight, "weight").items():
                    key = f"universal-{sex}-{age}-{build}-{mass}"
                    weights[key] = both * build_weight * mass_weight
    return weights


def align_rigidly(
    shapes: NDArray[np.float32], reference: Field, mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Rotate and shift each shape (n,V,3) onto `reference` by the masked vertices; no scale."""
    goal = reference[mask] - reference[mask].mean(axis=0)
    aligned = np.empty_like(shapes)
    for i, shape in enumerate(shapes):
        centre = shape[mask].mean(axis=0)
        u, _, vt = np.linalg.svd((shape[mask] - centre).T @ goal)
        turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
        aligned[i] = (shape - centre) @ turn + reference[mask].mean(axis=0)
    return aligned


def even_odd(
    shapes: NDArray[np.float32], mirror: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mirror-even and mirror-odd parts of shapes (n,V,3) about x = 0."""
    flipped = shapes[:, mirror] * np.array([-1, 1, 1], np.float32)
    return 0.5 * (shapes + flipped), 0.5 * (shapes - flipped)


def principal_components(
    data: NDArray[np.float32], weight: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Leading components (count,V,3), scaled to unit variance, under per-vertex weights (V,).

    `data` (n,V,3) must be centred. Signs are fixed by the largest entry.
    """
    n = len(data)
    weighted = data * np.sqrt(weight)[None, :, None].astype(np.float32)
    flat = weighted.reshape(n, -1).astype(np.float64)
    values, vectors = np.linalg.eigh(flat @ flat.T)
    order = np.argsort(values)[::-1][:count]
    scores = vectors[:, order]
    # Column i of `scores` has unit norm, so data^T score / sqrt(n) has the component's SD.
    components = np.einsum("nk,nvc->kvc", scores, data.astype(np.float64)) / np.sqrt(n)
    peak = components.reshape(count, -1)
    sign = np.sign(peak[np.arange(count), np.abs(peak).argmax(axis=1)])
    return np.asarray(components * sign[:, None, None])
