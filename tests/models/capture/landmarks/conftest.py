"""A public-domain portrait (NASA, Eileen Collins) and one landmarker for all tests."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from models.capture.landmarks import FaceLandmarker, FaceObservation


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    return np.ascontiguousarray(skimage.data.astronaut())


@pytest.fixture(scope="session")
def landmarker() -> FaceLandmarker:
    return FaceLandmarker()


@pytest.fixture(scope="session")
def observation(landmarker: FaceLandmarker, portrait: NDArray[np.uint8]) -> FaceObservation:
    found = landmarker.track(portrait)
    assert found is not None
    return found
