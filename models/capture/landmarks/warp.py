"""Square crops of an image by a similarity, computed so that mirroring commutes exactly.

Fixed-point library warps round differently on the two sides of an image, which would show as a
left/right difference of the patient; so the crops of networks and encoders are sampled here, in
floating point, at pixel centres. No network and no landmark is known here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Planes = NDArray[np.float32]


@dataclass(frozen=True)
class SquareRegion:
    """A square of an image: centre and side in px (pixel (i, j) is centred at j+0.5, i+0.5).

    ``roll_rad`` turns the square's x axis from the image's x axis towards its y axis (clockwise
    as seen).
    """

    x_px: float
    y_px: float
    side_px: float
    roll_rad: float = 0.0

    def mirrored(self, image_width_px: int) -> SquareRegion:
        """Return the same region of the horizontally mirrored image."""
        return SquareRegion(image_width_px - self.x_px, self.y_px, self.side_px, -self.roll_rad)

    def to_frame(self, points: NDArray[np.floating], size: float) -> NDArray[np.float64]:
        """Map points (..., 2) in px of a crop of ``size`` px to full-frame px."""
        offset = (np.asarray(points, np.float64) - size / 2) * (self.side_px / size)
        cos, sin = math.cos(self.roll_rad), math.sin(self.roll_rad)
        x = self.x_px + cos * offset[..., 0] - sin * offset[..., 1]
        y = self.y_px + sin * offset[..., 0] + cos * offset[..., 1]
        return np.stack([x, y], -1)

    def frame_to_crop(self, size: float) -> NDArray[np.float64]:
        """Return the affine map (2, 3) from full-frame px to px of a crop of ``size`` px."""
        scale = size / self.side_px
        cos, sin = scale * math.cos(self.roll_rad), scale * math.sin(self.roll_rad)
        shift_x = size / 2 - cos * self.x_px - sin * self.y_px
        shift_y = size / 2 + sin * self.x_px - cos * self.y_px
        return np.array([[cos, sin, shift_x], [-sin, cos, shift_y]])


def warp_region(
    image: Image, region: SquareRegion, size: int, *, outside: str = "replicate"
) -> Planes:
    """Return the region as (3, size, size) float32 planes in [0, 255].

    Reduced crops are averaged over boxes of whole pixels first, so that fine texture does not
    alias. Beyond the image the edge is repeated (``outside="replicate"``) or black is used
    (``outside="black"``).
    """
    height, width = image.shape[:2]
    black = outside == "black"
    crop = np.empty((3, size, size), np.float32)
    factor = int(region.side_px / size)
    if width % 2 and factor % 2 == 0 and factor:
        factor += 1
    place = (region.x_px, region.y_px, region.side_px / size, region.roll_rad)
    if factor < 2:
        _sample(image, 0.0, 0.0, 1.0, *place, black, crop)
        return crop
    reach = region.side_px * (abs(math.cos(region.roll_rad)) + abs(math.sin(region.roll_rad)))
    count = math.ceil(reach / factor) + 2
    count += (count * factor - width) % 2
    # The boxes' span has the parity of the width and ties round to even, so that the grid of the
    # mirrored image is the mirrored grid.
    left = round(region.x_px - count * factor / 2)
    top = round(region.y_px - count * factor / 2)
    # Boxes wholly outside add nothing: the border rule makes them up from the last ones inside.
    skip_left, skip_top = max(-left // factor, 0), max(-top // factor, 0)
    skip_right = max((left + count * factor - width) // factor, 0)
    skip_bottom = max((top + count * factor - height) // factor, 0)
    columns, rows = count - skip_left - skip_right, count - skip_top - skip_bottom
    if columns < 2 or rows < 2:
        _sample(image, 0.0, 0.0, 1.0, *place, black, crop)
        return crop
    left, top = left + skip_left * factor, top + skip_top * factor
    boxes = np.empty((rows, columns, 3), np.float32)
    lines = np.ascontiguousarray(image).reshape(height, 3 * width)
    _average_boxes(lines, left, top, factor, black, boxes)
    _sample(boxes, float(left), float(top), float(factor), *place, black, crop)
    return crop


@numba.njit(cache=True, nogil=True)
def _average_boxes(
    lines: Image, left: int, top: int, factor: int, black: bool, boxes: Planes
) -> None:
    """Fill ``boxes`` (rows, columns, 3) with means of factor x factor pixels from (left, top).

    ``lines`` (H, 3 W): the image, its rows flat.
    """
    height, width = lines.shape[0], lines.shape[1] // 3
    rows, columns = boxes.shape[:2]
    sums = np.empty((columns, 3), np.int32)
    # Columns of boxes that lie wholly inside need no test per pixel.
    first = min(max((-left + factor - 1) // factor, 0), columns)
    last = max(min((width - left) // factor, columns), first)
    begin, end = 3 * (left + first * factor), 3 * (left + last * factor)
    down = np.empty(end - begin, np.int32)
    share = np.float32(1.0 / (factor * factor))
    for row in range(rows):
        sums[:] = 0
        down[:] = 0
        for dy in range(factor):
            y = top + row * factor + dy
            if black and (y < 0 or y >= height):
                continue
            line = lines[min(max(y, 0), height - 1)]
            inner = line[begin:end]
            for k in range(len(down)):
                down[k] += inner[k]
            for column in range(columns):
                if first <= column < last:
                    continue
                for dx in range(factor):
                    x = left + column * factor + dx
                    if black and (x < 0 or x >= width):
                        continue
                    x = min(max(x, 0), width - 1)
                    for channel in range(3):
                        sums[column, channel] += line[3 * x + channel]
        k = 0
        for column in range(first, last):
            red, green, blue = 0, 0, 0
            for _ in range(factor):
                red += down[k]
                green += down[k + 1]
                blue += down[k + 2]
                k += 3
            sums[column, 0] = red
            sums[column, 1] = green
            sums[column, 2] = blue
        for column in range(columns):
            for channel in range(3):
                boxes[row, column, channel] = sums[column, channel] * share


@numba.njit(cache=True, nogil=True)
def _sample(
    source: NDArray[np.generic],
    left: float,
    top: float,
    pixel: float,
    centre_x: float,
    centre_y: float,
    step: float,
    roll: float,
    black: bool,
    crop: Planes,
) -> None:
    """Sample ``source`` (pixels of side ``pixel`` from (left, top)) bilinearly into ``crop``."""
    rows, columns = source.shape[:2]
    size = crop.shape[1]
    scale = step / pixel
    cos, sin = math.cos(roll) * scale, math.sin(roll) * scale
    middle_x = (centre_x - left) / pixel - 0.5
    middle_y = (centre_y - top) / pixel - 0.5
    for i in range(size):
        v = i + 0.5 - size / 2
        for j in range(size):
            u = j + 0.5 - size / 2
            x = middle_x + cos * u - sin * v
            y = middle_y + sin * u + cos * v
            if black and (x < -0.5 or x > columns - 0.5 or y < -0.5 or y > rows - 0.5):
                crop[0, i, j] = 0.0
                crop[1, i, j] = 0.0
                crop[2, i, j] = 0.0
                continue
            x = min(max(x, 0.0), columns - 1.0)
            y = min(max(y, 0.0), rows - 1.0)
            x0 = min(int(x), columns - 2)
            y0 = min(int(y), rows - 2)
            a = x - x0
            b = y - y0
            for channel in range(3):
                upper = source[y0, x0, channel] * (1 - a) + source[y0, x0 + 1, channel] * a
                lower = source[y0 + 1, x0, channel] * (1 - a) + source[y0 + 1, x0 + 1, channel] * a
                crop[channel, i, j] = upper * (1 - b) + lower * b
