"""What the fit asks of the pictures of one view: grey crops of the face and the lens's mapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Array

Grey = NDArray[np.uint8]


class CropSource(Protocol):
    """Grey face crops of one view, and how its lens maps to one without distortion.

    affines (T, 2, 3): pixels of the recorded frame to crop pixels, NaN without a crop.
    """

    @property
    def affines(self) -> Array: ...

    def crops(self, frames: NDArray[np.int64]) -> Iterator[tuple[int, Grey]]:
        """(index into `frames`, crop) of the frames that have one."""

    def recorded(self, straight_px: Array) -> Array:
        """Pixels (..., 2) of a lens without distortion as this camera recorded them."""

    def straight(self, recorded_px: Array) -> Array:
        """The inverse of `recorded`."""
