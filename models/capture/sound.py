"""The sound of a recording, read only to find the offset between two files; never kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from models.capture.media import open_container

RATE_HZ = 8000
_LONGEST_S = 600.0
_SILENCE = 1e-4
_PEAK_WIDTH_S = 0.03


@dataclass(frozen=True)
class SoundOffset:
    """Offset of the second sound against the first: add it to the second's time.

    sharpness: height of the correlation's peak over the next one; 1 means no peak at all.
    """

    offset_s: float
    sharpness: float


def read_sound(path: Path) -> NDArray[np.float32] | None:
    """(n,) mono sound at 8 kHz whose first sample is at the first picture's time.

    None when the file has no sound, or only silence.
    """
    with open_container(path) as container:
        if not container.streams.audio or not container.streams.video:
            return None
        stream = container.streams.audio[0]
        video = container.streams.video[0]
        start_s = float((video.start_time or 0) * (video.time_base or 0))
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        blocks: list[NDArray[np.float32]] = []
        first_s: float | None = None
        read = 0
        try:
            for frame in container.decode(stream):
                if first_s is None:
                    first_s = float(frame.time or 0.0) - start_s
                for part in resampler.resample(frame):
                    blocks.append(part.to_ndarray().reshape(-1).astype(np.float32))
                    read += blocks[-1].size
                if read > _LONGEST_S * RATE_HZ:
                    break
        except av.FFmpegError:
            # Damaged sound is as good as none from there on.
            pass
    if not blocks:
        return None
    sound = np.concatenate(blocks)
    lead = round((first_s or 0.0) * RATE_HZ)
    sound = sound[-lead:] if lead < 0 else np.concatenate([np.zeros(lead, np.float32), sound])
    if sound.size < RATE_HZ // 2 or float(np.sqrt(np.mean(sound**2))) < _SILENCE:
        return None
    return sound


def sound_offset(
    first: NDArray[np.float32], second: NDArray[np.float32], longest_s: float
) -> SoundOffset:
    """Offset between two sounds of one room by phase correlation (GCC-PHAT, Knapp & Carter 1976).

    Offsets up to `longest_s` either way are looked at.
    """
    size = 1 << int(np.ceil(np.log2(first.size + second.size)))
    cross = np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))
    frequency_hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    voice = (frequency_hz > 100) & (frequency_hz < 3600)
    # Bins without sound hold coding noise only and get no full vote.
    loudness = np.abs(cross)
    floor = 0.05 * float(np.mean(loudness[voice]))
    phase = np.where(voice, cross / (loudness + floor + 1e-20), 0)
    correlation = np.fft.irfft(phase, size)
    reach = min(round(longest_s * RATE_HZ), size // 2 - 1)
    window = np.concatenate([correlation[-reach:], correlation[: reach + 1]])
    peak = int(np.argmax(window))
    width = round(_PEAK_WIDTH_S * RATE_HZ)
    rest = np.concatenate([window[: max(0, peak - width)], window[peak + width + 1 :]])
    second_peak = float(rest.max()) if rest.size else 0.0
    sharpness = float(window[peak]) / max(second_peak, 1e-12)
    return SoundOffset((peak - reach) / RATE_HZ, sharpness)
