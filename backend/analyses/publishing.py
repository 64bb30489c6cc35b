"""How a worker makes a result known: one transaction, under its lease, versions kept for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analyses import repository
from backend.analyses.schemas import NewAnalysis, NewFile
from backend.db.models import Analysis, AnalysisFile, AnalysisState
from backend.db.session import now
from backend.jobs import leases
from backend.jobs.leases import Lease


def publish(session: Session, lease: Lease, new: NewAnalysis) -> Analysis:
    """Write a take's new analysis with its files and measures; earlier ones are superseded.

    The take is the job's. The caller ends the job in the same transaction. Raises LeaseLostError
    when another worker has taken the job over: then nothing of this is written.
    """
    job = leases.held(session, lease)
    if job.take_id is None:
        raise ValueError("only a job about a take publishes an analysis")
    take = repository.take_to_publish(session, job.take_id)
    at = now(session)
    version = repository.next_version(session, take.id)
    repository.supersede(session, take.id, at)
    analysis = Analysis(
        patient_id=take.patient_id,
        visit_id=take.visit_id,
        take_id=take.id,
        version_number=version,
        state=AnalysisState.PRELIMINARY,
        movement=new.movement,
        job_id=job.id,
        fencing_token=lease.token,
        review_id=new.review_id,
        subject_file_id=new.subject_file_id,
        request=new.request,
        request_hash=_hash(new.request),
        inputs={view.value: digest for view, digest in new.inputs.items()},
        code_version=new.code_version,
        model_name=new.model_name,
        model_version=new.model_version,
        weights=new.weights,
        topology=new.topology,
        verdict=new.verdict,
        qc=new.qc.model_dump(mode="json"),
        summary=new.summary.model_dump(mode="json"),
        frames=new.frames,
        fps=new.fps,
        published_at=at,
    )
    session.add(analysis)
    session.flush()
    _add(session, analysis, new.files)
    repository.add_measures(session, analysis, new.measures)
    return analysis


def add_files(session: Session, lease: Lease, analysis_id: UUID, files: Iterable[NewFile]) -> None:
    """Add files that were made after an analysis was published, such as overlay videos.

    Files of the same role and view that are there already stay. Raises LeaseLostError.
    """
    job = leases.held(session, lease)
    analysis = repository.published(session, analysis_id)
    if analysis.take_id != job.take_id:
        raise ValueError("a job adds files to analyses of its own take only")
    there = {(file.role, file.view) for file in repository.published_files(session, analysis_id)}
    _add(session, analysis, (file for file in files if (file.role, file.view) not in there))


def _add(session: Session, analysis: Analysis, files: Iterable[NewFile]) -> None:
    for file in files:
        session.add(
            AnalysisFile(
                patient_id=analysis.patient_id,
                analysis_id=analysis.id,
                created_at=now(session),
                **file.model_dump(),
            )
        )
    session.flush()


def _hash(request: dict[str, object]) -> str:
    text = json.dumps(request, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
