"""Crops must be exact at pixel centres and commute with mirroring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.capture.landmarks.warp import SquareRegion, warp_region

_RANDOM = np.random.default_rng(3)


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(20, 90),
    x=st.floats(-10, 100),
    y=st.floats(-10, 60),
    side=st.floats(4, 300),
    roll=st.floats(-3.2, 3.2),
    outside=st.sampled_from(["replicate", "black"]),
)
def test_the_crop_of_a_mirrored_image_is_the_mirrored_crop(
    width: int, x: float, y: float, side: float, roll: float, outside: str
) -> None:
    image = _RANDOM.integers(0, 256, (50, width, 3), np.uint8)
    region = SquareRegion(x, y, side, roll)
    crop = warp_region(image, region, 24, outside=outside)
    mirrored = warp_region(
        np.ascontiguousarray(image[:, ::-1]), region.mirrored(width), 24, outside=outside
    )
    # Black begins at a line that rounding may put on either side of a sampling point.
    differing = np.abs(crop - mirrored[..., ::-1]) > 1e-3
    assert differing.mean() < (0.01 if outside == "black" else 1e-9)


@pytest.mark.parametrize("width", [64, 65])
@pytest.mark.parametrize("side", [30.0, 64.0, 190.0])
def test_a_centred_crop_is_mirrored_exactly(width: int, side: float) -> None:
    image = _RANDOM.integers(0, 256, (40, width, 3), np.uint8)
    region = SquareRegion(width / 2, 20.0, side)
    mirrored = warp_region(np.ascontiguousarray(image[:, ::-1]), region, 16)
    np.testing.assert_allclose(warp_region(image, region, 16), mirrored[..., ::-1], atol=1e-4)


def test_a_crop_at_full_scale_copies_pixels() -> None:
    image = _RANDOM.integers(0, 256, (20, 30, 3), np.uint8)
    crop = warp_region(image, SquareRegion(12.0, 9.0, 8.0), 8)
    np.testing.assert_array_equal(crop.transpose(1, 2, 0), image[5:13, 8:16])


@pytest.mark.parametrize("side", [40.0, 90.0, 170.5])
def test_brightness_tells_the_place_of_each_crop_pixel(side: float) -> None:
    """On a ramp a crop pixel's value is the place of its centre, at any reduction."""
    x = np.arange(250) + 0.5
    image = np.repeat(np.rint(x)[None, :, None], 250, axis=0).repeat(3, axis=2).astype(np.uint8)
    region = SquareRegion(125.0, 125.0, side, 0.3)
    crop = warp_region(image, region, 20)
    grid = np.stack(np.meshgrid(np.arange(20) + 0.5, np.arange(20) + 0.5), -1)
    np.testing.assert_allclose(crop[0], region.to_frame(grid, 20)[..., 0], atol=0.6)


def test_frame_and_crop_maps_are_inverse() -> None:
    region = SquareRegion(310.0, 220.0, 150.0, 0.4)
    points = np.array([[3.0, 4.0], [100.0, 20.0]])
    affine = region.frame_to_crop(128)
    back = region.to_frame(points, 128) @ affine[:, :2].T + affine[:, 2]
    np.testing.assert_allclose(back, points)


def test_fine_texture_is_averaged_and_does_not_alias() -> None:
    image = np.zeros((300, 300, 3), np.uint8)
    image[:, ::2] = 255
    crop = warp_region(image, SquareRegion(150.0, 150.0, 200.0), 50)
    assert np.abs(crop - 127.5).max() < 1.0


def test_outside_of_the_image_is_black_or_the_repeated_edge() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    region = SquareRegion(0.0, 20.0, 40.0)
    assert warp_region(image, region, 20, outside="black")[:, :, 0].max() == 0
    assert warp_region(image, region, 20, outside="replicate").min() == 200
