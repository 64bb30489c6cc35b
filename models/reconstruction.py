"""What the rooms of the science hand to each other; plain arrays, no behaviour beyond checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.movements import AffectedSide, View

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera without distortion, OpenCV axes (x right, y down, z forward).

    `K` (3, 3) in pixels of the upright full-size frame, where the centre of the top left pixel
    is (0.5, 0.5). `world_to_camera` (4, 4) in millimetres; world = the centre camera.
    """

    K: Array
    world_to_camera: Array
    width: int
    height: int


@dataclass(frozen=True)
class ViewTrack:
    """What was observed in one view of a take, on the common clock; NaN where nothing was seen.

    landmarks_px: (T, 478, 3) x, y in pixels of the upright full-size frame, z the network's
        relative depth in pixels (smaller is nearer); the mean of direct and mirrored pass.
    pass_difference_px: (T, 478) distance between the two passes.
    yaw_deg, pitch_deg, roll_deg: (T,) measured head pose relative to the camera; yaw > 0 when
        the camera sees more of the patient's left half.
    """

    view: View
    width: int
    height: int
    landmarks_px: Array32
    pass_difference_px: Array32
    presence: Array32
    yaw_deg: Array32
    pitch_deg: Array32
    roll_deg: Array32

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(T,) whether a face was found."""
        return np.asarray(np.isfinite(self.landmarks_px[:, 0, 0]))


@dataclass(frozen=True)
class Subject:
    """What is fixed for a person and stored in `subject.json`.

    identity: (n_shape,) coefficients of the head model named by `head_model`.
    static_offset_mm: (V, 3) what the identity basis cannot say, in the unposed head.
    scale: factor on the head model that makes it metric; `scale_sigma` its relative 1 SD.
    plane: (4,) unit normal and offset in mm of the symmetry plane in the head frame.
    """

    identity: Array
    static_offset_mm: Array
    scale: float
    scale_sigma: float
    scale_source: str
    plane: Array
    eye_radius_mm: tuple[float, float]
    head_model: Mapping[str, str]


@dataclass(frozen=True)
class VertexUncertainty:
    """Gaussian uncertainty of the vertices of a take, low-rank over the mesh.

    sigma_mm: (T, V) 1 SD along the worst axis.
    modes_mm: (K, V, 3) float32 shapes of the error.
    coefficients: (S, T, K) float32: draw s of the error at frame t is
        `sum_k coefficients[s, t, k] * modes_mm[k]`. A draw is one coherent explanation over all
        frames: errors shared by all frames (identity, scale, landmark bias) repeat in it, and
        frame noise does not. Measures take their intervals from the draws.
    lid_gap_mm: (S, T, 2) the same draws of the error of the lid gap, left and right.
    """

    sigma_mm: Array32
    modes_mm: Array32
    coefficients: Array32
    lid_gap_mm: Array32

    @property
    def n_draws(self) -> int:
        """How many draws there are."""
        return int(self.coefficients.shape[0])

    def draw(self, index: int, vertices: NDArray[np.int64] | None = None) -> Array32:
        """(T, len(vertices) or V, 3) draw `index` of the vertex error in mm."""
        modes = self.modes_mm if vertices is None else self.modes_mm[:, vertices]
        return np.asarray(np.tensordot(self.coefficients[index], modes, axes=1), dtype=np.float32)


@dataclass(frozen=True)
class Take:
    """One movement of a recording after reconstruction, in the head frame, in millimetres.

    Head frame: origin mid-endocanthion at rest, +x the patient's left, +y up, +z forward; the
    head is still in it, only the face moves.
    vertices_mm: (T, V, 3); time_s: (T,); valid: (T,) frames that may be measured.
    lid_gap_mm: (T, 2) left, right: the widest opening between the lid margins, from the lid
        landmarks scaled in the head frame (the mesh is only the cross-check).
    excluded: frame -> reason, for frames that are not valid.
    """

    movement: str
    vertices_mm: Array32
    time_s: Array
    valid: NDArray[np.bool_]
    uncertainty: VertexUncertainty
    lid_gap_mm: Array32
    affected_side: AffectedSide | None
    rest_frame: int | None = None
    excluded: Mapping[int, str] = field(default_factory=dict)
