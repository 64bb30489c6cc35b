"""Which take fixes a visit's subject file and a patient's scale, and what follows from a change."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from backend.db.models import Analysis, JobKind, SubjectFile, Verdict
from backend.db.session import now
from backend.jobs import service as jobs
from worker import repository


def settle_subject(session: Session, analysis: Analysis, blob_id: UUID, path: Path) -> None:
    """Let a new analysis fix its visit's subject file, or change it, where that is its part.

    The first take of a visit that quality control lets pass and that shows the face at rest fixes
    it (a warning, such as an iris of 38 pixels, would else leave whole visits without one); the
    first such visit fixes the patient's scale. When the take that fixed it is analysed again with
    another outcome, the analyses made with the old file are queued again. path: the subject file,
    `blob_id` its blob.
    """
    repository.lock_patient(session, analysis.patient_id)
    current = repository.subject_of_visit(session, analysis.visit_id)
    if current is None:
        if analysis.verdict is not Verdict.REJECTED and _shows_rest(analysis):
            _fix(session, analysis, blob_id, path, None)
        return
    changes = current.take_id == analysis.take_id and current.blob_id != blob_id
    if not changes or analysis.verdict is Verdict.REJECTED:
        return
    current.superseded_at = now(session)
    session.flush()
    _fix(session, analysis, blob_id, path, current)
    for user in repository.users_of_subject(session, current.id):
        if user.take_id != analysis.take_id:
            _again(session, user)


def _shows_rest(analysis: Analysis) -> bool:
    """Whether identity and plane were seen on a resting face."""
    return all(take["has_rest"] for take in analysis.summary["takes"])


def _fix(
    session: Session, analysis: Analysis, blob_id: UUID, path: Path, old: SubjectFile | None
) -> None:
    content = json.loads(path.read_bytes())
    scale = repository.scale_of_patient(session, analysis.patient_id)
    head = content["head_model"]
    session.add(
        SubjectFile(
            patient_id=analysis.patient_id,
            visit_id=analysis.visit_id,
            take_id=analysis.take_id,
            version_number=repository.last_subject_version(session, analysis.visit_id) + 1,
            blob_id=blob_id,
            head_model=f"{head['name']} {head['sha256']}",
            scale=content["scale"],
            scale_sigma=content["scale_sigma"],
            scale_source=content["scale_source"],
            fixes_scale=scale is None if old is None else old.fixes_scale,
            created_at=now(session),
            superseded_at=None,
        )
    )
    session.flush()


def _again(session: Session, analysis: Analysis) -> None:
    take = repository.take(session, analysis.take_id)
    jobs.enqueue(
        session,
        JobKind.ANALYZE_TAKE,
        patient_id=take.patient_id,
        visit_id=take.visit_id,
        recording_id=take.recording_id,
        take_id=take.id,
        request={"cause": "subject_changed"},
    )
