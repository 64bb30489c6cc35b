"""A visit whose takes have analyses, as a worker would have published them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from service_factories import Service

from backend.db.models import (
    Analysis,
    AnalysisState,
    Job,
    JobKind,
    JobState,
    RecordingState,
    Take,
    Verdict,
    Visit,
)
from backend.jobs import service as jobs


@dataclass
class Measured:
    """A visit with takes that were measured once, and what a worker does to them later."""

    service: Service
    visit: Visit
    takes: list[Take] = field(default_factory=list)

    def add_take(self, movement: str = "full_smile", **values: Any) -> Take:
        make = self.service.make
        recording = make.recording(self.visit, state=RecordingState.COMPLETE)
        make.view(recording, duration_s=4.0)
        take = make.take(self.visit, recording, movement=movement, **values)
        self.takes.append(take)
        self.publish(take)
        return take

    def publish(self, take: Take, **values: Any) -> Analysis:
        """A new version of the take's analysis; the jobs for it are done."""
        at = self.service.database.clock.now()
        with self.service.database.unit_of_work() as session:
            earlier = session.query(Analysis).filter(Analysis.take_id == take.id).all()
            for analysis in earlier:
                analysis.superseded_at = analysis.superseded_at or at
            for job in session.query(Job).filter(Job.take_id == take.id):
                jobs.end(session, job, JobState.SUCCEEDED)
            session.flush()
            new = Analysis(
                patient_id=take.patient_id,
                visit_id=take.visit_id,
                take_id=take.id,
                version_number=len(earlier) + 1,
                state=AnalysisState.PRELIMINARY,
                movement=take.movement,
                fencing_token=1,
                request={},
                request_hash="0" * 64,
                inputs={},
                code_version="1",
                model_name="model",
                model_version="1",
                weights={},
                topology="open",
                verdict=Verdict.OK,
                qc={},
                summary={},
                frames=120,
                fps=30.0,
                published_at=at,
                **values,
            )
            session.add(new)
        return new

    def states(self) -> list[tuple[int, str]]:
        """Version and state of every analysis of the first take, oldest first."""
        with self.service.database.unit_of_work(read_only=True) as session:
            rows = session.query(Analysis).filter(Analysis.take_id == self.takes[0].id)
            return [
                (row.version_number, row.state.value)
                for row in rows.order_by(Analysis.version_number)
            ]

    def queued(self) -> list[Job]:
        """The analyses that wait for a worker."""
        with self.service.database.unit_of_work(read_only=True) as session:
            waiting = session.query(Job).filter(
                Job.kind == JobKind.ANALYZE_TAKE, Job.state == JobState.QUEUED
            )
            return waiting.order_by(Job.id).all()


@pytest.fixture
def measured(service: Service) -> Measured:
    """A visit of the home team with one measured take."""
    found = Measured(service, service.make.visit(service.make.patient(service.team)))
    found.add_take()
    return found


@pytest.fixture
def measured_for(service: Service) -> Callable[..., Measured]:
    """Makes a visit with one measured take for a patient of other teams."""

    def make(*teams: Any) -> Measured:
        found = Measured(service, service.make.visit(service.make.patient(*teams)))
        found.add_take()
        return found

    return make
