"""What the landmark network gets systematically wrong, and how sure it is; no network is run."""

from models.capture.correction.correction import CorrectedLandmarks, LandmarkCorrection
from models.capture.correction.level import LevelFrames, mirrored

__all__ = ["CorrectedLandmarks", "LandmarkCorrection", "LevelFrames", "mirrored"]
