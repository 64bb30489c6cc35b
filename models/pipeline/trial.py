"""One moment fitted again with a person's landmarks, for a look before the whole is analysed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from models.calibration import CalibratedCamera
from models.capture.clock import SourceFrames
from models.capture.observation import ViewObservation
from models.capture.recording import Recording, bring_together
from models.errors import UnusableInputError
from models.fit.basis import FaceBasis
from models.fit.estimate import KnownIdentity
from models.fit.recording import RecordingFit, fit_recording
from models.fit.scale import ScaleHints
from models.head.model import load_head
from models.movements import View
from models.pipeline.views import views_for_fit
from models.reconstruction import Array, Array32, Subject, ViewTrack
from models.render import project
from models.request import Corrections, LandmarkOverride

_VIEWS: tuple[View, ...] = ("left", "center", "right")


@dataclass(frozen=True)
class Trial:
    """The face at rest and at the corrected moment.

    vertices_mm (2, V, 3) in the head frame; landmarks_px: view -> (478, 2) of the fitted face in
    pixels of the recorded frame; reprojection: view -> residual over the outer-canthus distance.
    """

    vertices_mm: Array32
    topology_id: str
    landmarks_px: Mapping[View, Array]
    reprojection: Mapping[View, float]


def try_correction(
    observations: Sequence[ViewObservation],
    labels: Sequence[View],
    record: Mapping[str, Any],
    subject: Subject,
    calibration: Mapping[View, CalibratedCamera] | None,
    corrections: Corrections,
    moment: int,
) -> Trial:
    """Fit moment `moment` of an analysed recording again, beside its moment at rest.

    record and subject: the analysis' `reconstruction.json` and subject file, whose identity,
    cameras and offsets stand. Raises UnusableInputError for a moment beyond the recording, and
    RejectedRecordingError where it shows no face.
    """
    with threadpool_limits(1):  # type: ignore[no-untyped-call]
        # The offsets are known: sound need not be listened to.
        silent = [replace(o, media=replace(o.media, has_audio=False)) for o in observations]
        offsets = {view: record["views"][view]["sync_offset_s"] for view in record["views"]}
        whole = bring_together(silent, labels, offsets)
        if moment >= len(whole.time_s):
            raise UnusableInputError(
                f"The recording has {len(whole.time_s)} frames.", "Choose one of them."
            )
        moments = np.array([record["rest_frame"], moment])
        recording = _at(whole, moments)
        cameras = calibration or _estimated(record)
        views = views_for_fit(recording, cameras, _moved(corrections, moment))
        face = FaceBasis(load_head())
        identity = np.zeros(face.n_identity)
        identity[: face.n_shape] = subject.identity
        fit = fit_recording(
            views.tracks,
            views.evidence,
            views.crops,
            # Two pictures of a face, not one movement in between.
            np.array([0.0, 1.0]),
            face,
            calibration=views.cameras,
            known=KnownIdentity(identity, subject.static_offset_mm, float(np.log(subject.scale))),
            hints=ScaleHints(),
            rest_frame=0,
        )
        vertices = fit.vertices_mm()
        if len(fit.frames) < len(moments):
            raise UnusableInputError(
                "The face is not seen in this frame.", "Choose a frame that shows it."
            )
    landmarks = {
        view: source.recorded(_landmarks_px(fit, face, index, vertices[1]))
        for index, (view, source) in enumerate(zip(views.names, views.crops, strict=True))
    }
    return Trial(
        vertices,
        face.topology.topology_id,
        landmarks,
        dict(zip(views.names, fit.reprojection, strict=True)),
    )


def _at(recording: Recording, moments: Array) -> Recording:
    return replace(
        recording,
        time_s=recording.time_s[moments],
        tracks={view: _track_at(track, moments) for view, track in recording.tracks.items()},
        sources={
            view: SourceFrames(source.frame[moments], source.distance_s[moments])
            for view, source in recording.sources.items()
        },
    )


def _track_at(track: ViewTrack, moments: Array) -> ViewTrack:
    return replace(
        track,
        landmarks_px=track.landmarks_px[moments],
        pass_difference_px=track.pass_difference_px[moments],
        presence=track.presence[moments],
        yaw_deg=track.yaw_deg[moments],
        pitch_deg=track.pitch_deg[moments],
        roll_deg=track.roll_deg[moments],
    )


def _estimated(record: Mapping[str, Any]) -> dict[View, CalibratedCamera]:
    """The cameras that the analysis estimated."""
    cameras: dict[View, CalibratedCamera] = {}
    for view in _VIEWS:
        if view in record["views"]:
            about = record["views"][view]
            cameras[view] = CalibratedCamera(
                np.array(about["camera"]["K"]),
                np.array(about["camera"]["world_to_camera"]),
                np.zeros(5),
                (about["width"], about["height"]),
            )
    return cameras


def _moved(corrections: Corrections, moment: int) -> Corrections:
    """The landmarks of this moment, as those of the second of the two."""
    return Corrections(
        landmarks=tuple(
            LandmarkOverride(view=override.view, frame=1, points=override.points)
            for override in corrections.landmarks
            if override.frame == moment
        )
    )


def _landmarks_px(fit: RecordingFit, face: FaceBasis, view: int, vertices_mm: Array32) -> Array:
    topology = face.topology
    points = np.einsum(
        "nc,ncd->nd", topology.landmark_weights, vertices_mm[topology.landmark_vertices]
    )
    pose = fit.poses.matrices()[1]
    world = points @ pose[:3, :3].T + pose[:3, 3]
    camera = fit.cameras[view]
    return project(world, camera.K, camera.world_to_camera)[:, :2]
