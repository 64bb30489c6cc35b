"""What the fit is given of a view: a person's own landmarks, and pixels of a straight lens."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from models.calibration import CalibratedCamera
from models.capture.observe import observe_view
from models.capture.recording import Recording, bring_together
from models.pipeline.views import views_for_fit
from models.request import Corrections, LandmarkOverride

ENTERED = (130.0, 170.0)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    folder = tmp_path_factory.mktemp("photograph")
    Image.fromarray(skimage.data.astronaut()).save(folder / "a.png")
    observation = observe_view(folder / "a.png", crops_path=folder / "a.raw")
    return bring_together([observation], [None], {})


@pytest.fixture
def bent_lens() -> CalibratedCamera:
    K = np.array([[700.0, 0, 256], [0, 700.0, 256], [0, 0, 1]])
    return CalibratedCamera(K, np.eye(4), np.array([-0.2, 0.05, 0.0, 0.0, 0.0]), (512, 512))


def test_entered_landmarks_are_pixels_of_the_recorded_picture(
    recording: Recording, bent_lens: CalibratedCamera
) -> None:
    override = LandmarkOverride(view="center", frame=0, points={61: ENTERED})
    corrections = Corrections(landmarks=(override,))
    views = views_for_fit(recording, {"center": bent_lens}, corrections)
    (seen,), (crops,) = views.evidence, views.crops
    np.testing.assert_allclose(crops.recorded(seen.target_px[0, 61]), ENTERED, atol=1e-3)
    assert np.linalg.norm(seen.target_px[0, 61] - ENTERED) > 1.0
    without = views_for_fit(recording, {"center": bent_lens}, None).evidence[0]
    others = np.arange(478) != 61
    np.testing.assert_array_equal(seen.target_px[0, others], without.target_px[0, others])
    # A person's own landmark counts for more than the network's.
    assert seen.precision[0, 61, 0, 0] > 2 * without.precision[0, 61, 0, 0]


def test_without_a_calibration_pixels_stay_as_they_are(recording: Recording) -> None:
    views = views_for_fit(recording, None, None)
    assert views.cameras is None
    points = np.array([[10.0, 20.0]])
    np.testing.assert_array_equal(views.crops[0].recorded(points), points)
