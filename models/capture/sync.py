"""When each view was recorded relative to the others, how that was found, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.capture.media import check_one_recording
from models.capture.observation import ViewObservation
from models.capture.signals import MotionCurves, motion_curves
from models.capture.sound import read_sound, sound_offset
from models.movements import View

Method = Literal["reference", "still", "entered", "sound", "flash", "motion", "equal_length"]
Failure = Literal["contradiction", "no_evidence"]

_OVERLAP_SHARE = 0.4
_PEAK_REACH_S = 0.15
_LONGEST_OFFSET_S = 30.0

_SOUND_SHARPNESS = 1.6
_FLASH_LUMA = 12.0
_FLASH_OUTSTANDING = 8.0
_MOTION_STRENGTH = 1.6
_STRONG_MOTION = 3.0
_SAME_MOVEMENT = 0.4
_SURELY_SAME_MOVEMENT = 0.55
_WEAKLY_SAME_MOVEMENT = 0.25
_AHEAD = 0.04
_MOTION_ERROR_S = 0.04
_ONE_TRIGGER_STEPS = 0.75


@dataclass(frozen=True)
class MotionMatch:
    """How the movement of a view fits the reference's.

    offset_s: best offset, add it to the view's time; sigma_s: its 1 SD, by a jackknife over the
    curves.
    correlation: of all curves at the best offset, -1..1; `elsewhere` the next best, away from it;
    `together` at offset 0. strength: of the weaker view, in noise.
    """

    offset_s: float
    sigma_s: float
    correlation: float
    elsewhere: float
    together: float
    strength: float

    @property
    def _reachable(self) -> float:
        """Correlation that two views of one movement reach with this much noise."""
        return 1.0 - 1.0 / max(self.strength, 1.5) ** 2

    @property
    def is_clear(self) -> bool:
        """Whether the movement alone tells the offset."""
        return (
            self.strength >= _MOTION_STRENGTH
            and self.correlation >= _SURELY_SAME_MOVEMENT * self._reachable
            and self.correlation >= self.elsewhere + _AHEAD
            and self.sigma_s <= _MOTION_ERROR_S
        )

    @property
    def contradicts(self) -> bool:
        """Whether both views move clearly, but never in the same way."""
        strong = self.strength >= _STRONG_MOTION
        return strong and self.correlation < _SAME_MOVEMENT * self._reachable

    @property
    def contradicts_common_start(self) -> bool:
        """Whether both views move clearly, but not in the same way at offset 0."""
        strong = self.strength >= _STRONG_MOTION
        return strong and self.together < _SAME_MOVEMENT * self._reachable


@dataclass(frozen=True)
class ViewSync:
    """The place of one view on the common clock.

    A picture's common time is its own time plus `offset_s`. `confidence` is 0 to 1.
    `residual_s`: what the movement of the face says is left after alignment; None where it can't
    tell. `failure`: why no offset could be found (then `offset_s` is 0 and means nothing).
    """

    offset_s: float
    method: Method
    confidence: float
    residual_s: float | None = None
    failure: Failure | None = None


def reference_view(observations: Mapping[View, ViewObservation]) -> View:
    """The view whose clock is the common one: the front, or else the one nearest to it."""
    if "center" in observations:
        return "center"

    def away_deg(view: View) -> float:
        yaws = observations[view].yaw_deg[observations[view].seen]
        return abs(float(np.median(yaws))) if yaws.size else 180.0

    return min(observations, key=away_deg)


def synchronise(
    observations: Mapping[View, ViewObservation], entered_s: Mapping[View, float]
) -> dict[View, ViewSync]:
    """Offset of every view, by what is most trustworthy: entered, sound, flash, movement.

    Files of exactly equal length and rate that give no evidence are taken to have started
    together, with little confidence. Raises UnusableInputError (`check_one_recording`).
    """
    check_one_recording([observation.media for observation in observations.values()])
    reference = reference_view(observations)
    if any(observation.media.kind == "still" for observation in observations.values()):
        return {view: ViewSync(0.0, "still", 1.0) for view in observations}
    syncs: dict[View, ViewSync] = {}
    reference_sound: NDArray[np.float32] | None = None
    if len(observations) > 1 and all(o.media.has_audio for o in observations.values()):
        reference_sound = read_sound(observations[reference].path)
    curves = motion_curves(observations[reference])
    shift_s = entered_s.get(reference, 0.0)
    for view, observation in observations.items():
        if view == reference:
            syncs[view] = ViewSync(0.0, "reference", 1.0)
        else:
            entered = entered_s[view] - shift_s if view in entered_s else None
            syncs[view] = _offset(
                observations[reference], observation, curves, reference_sound, entered
            )
    return syncs


def match_motion(first: MotionCurves, second: MotionCurves, longest_s: float) -> MotionMatch:
    """Best offset of the second view's movement against the first's (`MotionMatch`)."""
    strength = min(first.strength, second.strength)
    nothing = MotionMatch(0.0, np.inf, 0.0, 0.0, 0.0, strength)
    if min(len(first.speeds), len(second.speeds)) < 2:
        return nothing
    step_s = first.step_s
    curves = _products(first, second)
    overlap = _overlap_energy(first, second)
    lags = np.arange(-(len(second.speeds) - 1), len(first.speeds))
    lag_s = lags * step_s + first.start_s - second.start_s
    count = np.minimum(len(first.speeds), lags + len(second.speeds)) - np.maximum(lags, 0)
    allowed = (np.abs(lag_s) <= longest_s) & (
        count >= _OVERLAP_SHARE * min(len(first.speeds), len(second.speeds))
    )
    if not allowed.any():
        return nothing

    def peak(products: NDArray[np.float64], among: NDArray[np.bool_]) -> tuple[float, float]:
        score = np.where(among, products / overlap, -np.inf)
        best = int(np.argmax(score))
        part = 0.0
        if 0 < best < score.size - 1 and np.isfinite(score[[best - 1, best + 1]]).all():
            low, middle, high = score[best - 1 : best + 2]
            bend = low - 2 * middle + high
            part = 0.5 * (low - high) / bend if bend < 0 else 0.0
        return float(lag_s[best] + part * step_s), float(score[best])

    whole = curves.sum(axis=0)
    offset_s, correlation = peak(whole, allowed)
    near = allowed & (np.abs(lag_s - offset_s) <= _PEAK_REACH_S)
    _, elsewhere = peak(whole, allowed & ~near) if (allowed & ~near).any() else (0.0, 0.0)
    together = float((whole / overlap)[np.argmin(np.abs(lag_s))])
    # What a side camera cannot see the network guesses: curves that do not fit say less when.
    agreement = curves[:, np.argmin(np.abs(lag_s - offset_s))] / np.maximum(
        np.sqrt(np.sum(first.speeds**2, axis=0) * np.sum(second.speeds**2, axis=0)), 1e-12
    )
    curves = curves * np.clip(agreement, 0.0, 1.0)[:, None]
    whole = curves.sum(axis=0)
    offset_s, _ = peak(whole, near)
    # Leaving out one curve after the other shows how far the answer can be trusted: views differ
    # by what the network makes of a lid or a lip from its side, not by chance over time.
    others = np.array([peak(whole - curve, near)[0] for curve in curves])
    n = len(others)
    sigma_s = float(np.sqrt((n - 1) / n * np.sum((others - others.mean()) ** 2)))
    return MotionMatch(offset_s, sigma_s, correlation, elsewhere, together, strength)


def _offset(
    reference: ViewObservation,
    observation: ViewObservation,
    reference_curves: MotionCurves,
    reference_sound: NDArray[np.float32] | None,
    entered_s: float | None,
) -> ViewSync:
    longest_s = _longest_offset_s(reference, observation)
    motion = match_motion(reference_curves, motion_curves(observation), longest_s)

    def residual_s(offset_s: float) -> float | None:
        return motion.offset_s - offset_s if motion.is_clear else None

    if entered_s is not None:
        return ViewSync(entered_s, "entered", 1.0, residual_s(entered_s))
    if motion.contradicts:
        return ViewSync(0.0, "motion", 0.0, failure="contradiction")
    if reference_sound is not None:
        sound = read_sound(observation.path)
        if sound is not None:
            heard = sound_offset(reference_sound, sound, longest_s)
            if heard.sharpness >= _SOUND_SHARPNESS:
                return ViewSync(
                    heard.offset_s,
                    "sound",
                    1.0 - 1.0 / heard.sharpness,
                    residual_s(heard.offset_s),
                )
    step_s = max(reference.frame_step_s, observation.frame_step_s)
    flash_s = _flash_offset_s(reference, observation)
    if flash_s is not None:
        left_s = residual_s(flash_s)
        # A flash is seen to a picture; movement that agrees with it tells the rest.
        if left_s is not None and abs(left_s) <= step_s:
            return ViewSync(motion.offset_s, "flash", 0.95, 0.0)
        return ViewSync(flash_s, "flash", 0.8, left_s)
    equal = _equal_length(reference, observation)
    if motion.is_clear:
        if equal and abs(motion.offset_s) <= _ONE_TRIGGER_STEPS * step_s:
            # Files of one trigger: the exact start is better than its measurement.
            return ViewSync(0.0, "equal_length", 0.95, motion.offset_s)
        confidence = float(np.clip(motion.correlation, 0, 1)) * max(
            0.0, 1.0 - motion.sigma_s / (2 * _MOTION_ERROR_S)
        )
        return ViewSync(motion.offset_s, "motion", confidence, 0.0)
    if equal and motion.contradicts_common_start:
        return ViewSync(0.0, "motion", 0.0, failure="contradiction")
    if equal:
        alike = motion.together >= _WEAKLY_SAME_MOVEMENT
        return ViewSync(0.0, "equal_length", 0.6 if alike else 0.3)
    return ViewSync(0.0, "motion", 0.0, failure="no_evidence")


def _longest_offset_s(reference: ViewObservation, observation: ViewObservation) -> float:
    short_s = min(reference.time_s[-1], observation.time_s[-1])
    long_s = max(reference.time_s[-1], observation.time_s[-1])
    return float(min(_LONGEST_OFFSET_S, long_s - 0.5 * short_s))


def _equal_length(reference: ViewObservation, observation: ViewObservation) -> bool:
    """Whether two files have the same number of pictures at the same rate."""
    return reference.n_frames == observation.n_frames and bool(
        abs(reference.time_s[-1] - observation.time_s[-1]) < 0.5 * reference.frame_step_s
    )


def _flash_offset_s(first: ViewObservation, second: ViewObservation) -> float | None:
    """Offset by the one sudden brightening of both views; None when there is no such thing."""
    moments = [_flash_s(first), _flash_s(second)]
    if moments[0] is None or moments[1] is None:
        return None
    return moments[0] - moments[1]


def _flash_s(observation: ViewObservation) -> float | None:
    luma = observation.quality.scene_luma.reshape(observation.n_frames, -1).astype(np.float64)
    if luma.shape[0] < 10:
        return None
    rise = np.max(np.diff(luma, axis=0), axis=1)
    best = int(np.argmax(rise))
    usual = 1.4826 * float(np.median(np.abs(rise - np.median(rise))))
    elsewhere = np.delete(rise, np.arange(max(0, best - 2), min(rise.size, best + 3)))
    alone = elsewhere.size == 0 or rise[best] > 2 * float(elsewhere.max())
    if rise[best] < max(_FLASH_LUMA, _FLASH_OUTSTANDING * usual) or not alone:
        return None
    # The picture before the rise may already hold a part of the flash: weigh its neighbours.
    window = np.arange(max(0, best - 1), min(rise.size, best + 2))
    weight = np.maximum(rise[window], 0)
    middle_s = (observation.time_s[window] + observation.time_s[window + 1]) / 2
    return float(weight @ middle_s / weight.sum())


def _products(first: MotionCurves, second: MotionCurves) -> NDArray[np.float64]:
    """(K, lags) cross products of each pair of curves."""
    a, b = first.speeds, second.speeds
    size = 1 << int(np.ceil(np.log2(len(a) + len(b))))
    spectrum = np.fft.rfft(a, size, axis=0) * np.conj(np.fft.rfft(b, size, axis=0))
    full = np.fft.irfft(spectrum, size, axis=0)
    return np.concatenate([full[size - (len(b) - 1) :], full[: len(a)]]).T


def _overlap_energy(first: MotionCurves, second: MotionCurves) -> NDArray[np.float64]:
    """(lags,) geometric mean of both energies where the curves overlap, noise floor included."""
    a = np.concatenate([[0.0], np.cumsum(np.sum(first.speeds**2, axis=1))])
    b = np.concatenate([[0.0], np.cumsum(np.sum(second.speeds**2, axis=1))])
    lags = np.arange(-(len(b) - 2), len(a) - 1)
    low, high = np.maximum(lags, 0), np.minimum(len(a) - 1, lags + len(b) - 1)
    energy_a, energy_b = a[high] - a[low], b[high - lags] - b[low - lags]
    # Short overlaps without movement must not win by chance: half the whole energy is a floor.
    floor = 0.5 * np.sqrt(a[-1] * b[-1])
    energy = np.sqrt(np.maximum(energy_a * energy_b, 0))
    return np.asarray(np.maximum(energy, floor), dtype=np.float64)
