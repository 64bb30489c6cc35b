"""The second half of a reconstruction: fit, measures, late checks and the files of the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.calibration import CalibratedCamera
from models.capture.covering import Part
from models.capture.later_checks import (
    check_agreement,
    check_performed,
    check_reprojection,
    check_rest,
    check_scale,
)
from models.capture.qc import excluded_frames, hidden_parts
from models.capture.recording import Recording
from models.capture.verdict import QCCheck
from models.errors import CalibrationError, UnusableInputError
from models.fit.basis import FaceBasis
from models.fit.estimate import KnownIdentity
from models.fit.gaze import Eyeballs
from models.fit.recording import RecordingFit, fit_recording
from models.fit.scale import EarlierSize, ScaleHints
from models.head.model import load_head
from models.measures import SymmetryPlane, fit_symmetry_plane, measure_take, stamped
from models.movements import View
from models.pipeline import provenance, write
from models.pipeline.agreement import view_disagreement
from models.pipeline.hidden import without_hidden
from models.pipeline.pictures import write_overlays, write_result_preview
from models.pipeline.propose import most_likely_movement, propose_takes
from models.pipeline.state import Run, take_name
from models.pipeline.timeline import (
    MeasuredTake,
    Timeline,
    on_all_moments,
    span_moments,
    take_of,
)
from models.pipeline.views import FitViews, views_for_fit
from models.reconstruction import Subject
from models.request import KNOWN_DISTANCES, TakeSpan
from models.subject import write_subject


class Analysis:
    """From what was observed to the result of a run."""

    def __init__(self, run: Run) -> None:
        self.run, self.request, self.inputs, self.out = run, run.request, run.inputs, run.out
        self.head = load_head(run.request.head_model)
        self.face = FaceBasis(self.head)

    def result(self, recording: Recording) -> dict[str, Any]:
        """Fit, measure, judge and write; returns what `reconstruction.json` holds."""
        views = views_for_fit(recording, self._calibration_for(recording), self.inputs.corrections)
        excluded = self._excluded(recording)
        with self.run.stage("fit") as share:
            fit = self._fit(recording, views, excluded, share)
        timeline = on_all_moments(fit, recording.time_s, excluded, views.tracks, self.head.topology)
        with self.run.stage("measures"):
            spans = self._spans(timeline)
            if self.request.propose_takes:
                write.write_takes(self.out, spans)
            plane = self._plane(fit)
            hidden = hidden_parts(recording, self.inputs.thresholds)
            measured = [
                self._measure(timeline, span, plane, number, hidden)
                for number, span in enumerate(spans, 1)
            ]
        self._judge(recording, views, fit, measured)
        with self.run.stage("write"):
            record = self._write(recording, views, timeline, plane, measured)
        if self.request.overlay:
            with self.run.stage("overlay") as share:
                write_overlays(
                    self.out, recording, views, timeline, measured, self.head.topology, share
                )
            record["timings_s"] = self.run.seconds
            record["peak_rss_mib"] = write.peak_memory_mib()
            write.write_json(self.out / "reconstruction.json", record)
        return record

    def _calibration_for(self, recording: Recording) -> Mapping[View, CalibratedCamera] | None:
        calibration = self.inputs.calibration
        if calibration is None:
            return None
        for view in recording.tracks:
            if view not in calibration:
                raise CalibrationError(
                    f"The calibration has no camera for the view {view!r}.",
                    "Calibrate every camera of the recording, or leave out --calibration.",
                )
        return calibration

    def _excluded(self, recording: Recording) -> dict[int, str]:
        excluded = dict(excluded_frames(recording, self.inputs.thresholds))
        if self.inputs.corrections is not None:
            excluded.update(self.inputs.corrections.exclusions())
        return {moment: why for moment, why in excluded.items() if moment < len(recording.time_s)}

    def _fit(
        self,
        recording: Recording,
        views: FitViews,
        excluded: Mapping[int, str],
        share: Callable[[float], None],
    ) -> RecordingFit:
        request, corrections, subject = (
            self.request,
            self.inputs.corrections,
            self.inputs.subject,
        )
        mask = np.zeros(len(recording.time_s), dtype=bool)
        mask[list(excluded)] = True
        fit = fit_recording(
            views.tracks,
            views.evidence,
            views.crops,
            recording.time_s,
            self.face,
            calibration=views.cameras,
            known=self._known(subject),
            hints=ScaleHints(
                {
                    KNOWN_DISTANCES[name].landmarks: value
                    for name, value in request.known_distances_mm.items()
                },
                request.iris_mm,
                request.age_years,
                self._earlier_size(),
            ),
            rest_frame=next(iter(corrections.rest_frames), None) if corrections else None,
            excluded=mask,
            progress=share,
        )
        if subject is None:
            return fit
        scale = replace(fit.scale, sigma=subject.scale_sigma, source=subject.scale_source)
        return replace(fit, scale=scale)

    def _known(self, subject: Subject | None) -> KnownIdentity | None:
        if subject is None:
            return None
        self._refuse_other_head(subject)
        identity = np.zeros(self.face.n_identity)
        identity[: self.face.n_shape] = subject.identity
        return KnownIdentity(identity, subject.static_offset_mm, float(np.log(subject.scale)))

    def _earlier_size(self) -> EarlierSize | None:
        earlier = self.inputs.earlier
        if earlier is None:
            return None
        self._refuse_other_head(earlier)
        return EarlierSize.of(earlier, self.face)

    def _refuse_other_head(self, subject: Subject) -> None:
        if subject.head_model != provenance.head_record(self.head):
            raise UnusableInputError(
                "The subject file belongs to another head model.",
                "Use the head model it was made with, or reconstruct the first visit again.",
            )

    def _spans(self, timeline: Timeline) -> tuple[TakeSpan, ...]:
        """The takes asked for, proposed, or one over the whole recording."""
        request = self.request
        if request.takes is not None:
            return request.takes
        seen = (
            timeline.expression,
            self.head.expression_names,
            timeline.time_s,
            timeline.lid_gap_mm,
            timeline.valid,
        )
        end_s = float(timeline.time_s[-1])
        if request.propose_takes:
            return propose_takes(*seen) or (TakeSpan("rest", 0.0, end_s),)
        movement = request.movement or most_likely_movement(*seen)
        return (TakeSpan(movement, 0.0, end_s),)

    def _plane(self, fit: RecordingFit) -> SymmetryPlane:
        if self.inputs.subject is not None:
            return SymmetryPlane.from_array(self.inputs.subject.plane)
        return fit_symmetry_plane(fit.shape.template, self.head.topology)

    def _measure(
        self,
        timeline: Timeline,
        span: TakeSpan,
        plane: SymmetryPlane,
        number: int,
        hidden: Sequence[Part],
    ) -> MeasuredTake:
        corrections = self.inputs.corrections
        moments = span_moments(span, timeline.time_s)
        if moments.stop <= moments.start:
            raise UnusableInputError(
                f"The take {span.movement} at {span.start_s:g} s lies outside the recording, "
                f"which is {timeline.time_s[-1]:.1f} s long.",
                "Correct the takes file.",
            )
        take = take_of(
            timeline,
            self.face,
            moments,
            span.movement,
            self.request.affected_side,
            corrections.rest_frames if corrections is not None else (),
        )
        measures = measure_take(
            take, self.head.topology, affected_side=self.request.affected_side, plane=plane
        )
        measures = replace(measures, rows=without_hidden(measures.rows, hidden))
        return MeasuredTake(take_name(number), span, moments, take, measures)

    def _judge(
        self,
        recording: Recording,
        views: FitViews,
        fit: RecordingFit,
        measured: Sequence[MeasuredTake],
    ) -> None:
        """Add what only fit and measures know to the verdict; it may only get stricter."""
        limits = self.inputs.thresholds
        checks: list[QCCheck] = [
            check_reprojection(share, view, None, limits)
            for view, share in zip(views.names, fit.reprojection, strict=True)
            if np.isfinite(share)
        ]
        if len(views.names) > 1:
            left_over = view_disagreement(fit, views, self.head.topology)
            checks += [
                check_agreement(value, view, limits)
                for view, value in zip(views.names, left_over, strict=True)
                if np.isfinite(value)
            ]
        widths = list(fit.scale.by_view.values())
        if len(widths) > 1:
            checks.append(check_scale((max(widths) - min(widths)) / float(np.mean(widths)), limits))
        for one in measured:
            name = one.name if self.run.windows() else None
            if recording.is_still:
                continue
            checks.append(check_rest(has_rest=one.measures.has_rest, is_still=False, take=name))
            if one.measures.activated is not None:
                checks.append(check_performed(performed=one.measures.activated, take=name))
        self.run.report = self.run.report.with_checks(checks)
        self.run.stop_if_rejected()

    def _write(
        self,
        recording: Recording,
        views: FitViews,
        timeline: Timeline,
        plane: SymmetryPlane,
        measured: Sequence[MeasuredTake],
    ) -> dict[str, Any]:
        fit, topology = timeline.fit, self.head.topology
        names = views.names
        vertices = timeline.vertices_mm
        sigma = np.full(vertices.shape[:2], np.nan, dtype=np.float32)
        for one in measured:
            sigma[one.moments] = one.take.uncertainty.sigma_mm
        write.write_qc(self.out, self.run.report)
        write_subject(self._subject(fit, plane), self.out / "subject.json")
        hashes: dict[str, str] = {
            view: observation.sha256 for view, observation in recording.observations.items()
        }
        write.write_meshes(
            self.out,
            timeline,
            vertices,
            sigma,
            topology,
            names,
            self.head.expression_names,
            hashes,
        )
        if self.request.fields:
            write.write_fields(self.out, timeline, sigma, measured, topology, hashes)
        model = provenance.model_name(self.head)
        rows = [
            row
            for one in measured
            for row in stamped(
                one.measures.rows,
                take=one.name,
                model=model,
                qc=provenance.row_quality(self.run.report.of_take(one.name)),
            )
        ]
        write.write_measures(self.out, rows)
        write_result_preview(
            self.out, recording, views, timeline, measured, self.run.report, topology
        )
        record = provenance.record(
            self.request, self.head, recording, timeline, self.run.report, measured, names
        )
        record["timings_s"] = self.run.seconds
        record["peak_rss_mib"] = write.peak_memory_mib()
        write.write_json(self.out / "reconstruction.json", record)
        return record

    def _subject(self, fit: RecordingFit, plane: SymmetryPlane) -> Subject:
        if self.inputs.subject is not None:
            return self.inputs.subject
        n_shape = self.face.n_shape
        scale = float(fit.scale.factor * np.exp(fit.log_scale))
        eyes = Eyeballs.of(fit.shape.template, self.head.topology)
        left_mm, right_mm = np.linalg.norm(eyes.pupil, axis=1)
        return Subject(
            identity=fit.identity[:n_shape],
            static_offset_mm=self.face.resting_field @ fit.identity[n_shape:],
            scale=scale,
            scale_sigma=fit.scale.sigma,
            scale_source=fit.scale.source,
            plane=plane.as_array(),
            eye_radius_mm=(float(left_mm), float(right_mm)),
            head_model=provenance.head_record(self.head),
        )
