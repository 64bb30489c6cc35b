"""What the landmark network gets systematically wrong, and how sure it is of the rest."""

from models.capture.correction.correction import (
    CorrectedLandmarks,
    LandmarkCorrection,
    LandmarkModel,
)
from models.capture.correction.evidence import EvidenceHead, ImageEvidence, Patches, cut_patches
from models.capture.correction.level import LevelFrames, mirrored
from models.capture.correction.spread import ErrorSpread

__all__ = [
    "CorrectedLandmarks",
    "ErrorSpread",
    "EvidenceHead",
    "ImageEvidence",
    "LandmarkCorrection",
    "LandmarkModel",
    "LevelFrames",
    "Patches",
    "cut_patches",
    "mirrored",
]
