"""Faces and their 478 landmarks, offline on the CPU; ``network`` is the PyTorch reference.

Importing this package imports no torch.
"""

from models.capture.landmarks.crops import aligned_crop, face_region
from models.capture.landmarks.detection import FaceDetection
from models.capture.landmarks.landmarker import FaceLandmarker, FaceObservation
from models.capture.landmarks.pose import HeadPose, head_pose, head_yaw_deg

__all__ = [
    "FaceDetection",
    "FaceLandmarker",
    "FaceObservation",
    "HeadPose",
    "aligned_crop",
    "face_region",
    "head_pose",
    "head_yaw_deg",
]
