"""Signing a visit, opening it again with a reason, declaring it an error."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.consents import service as consents
from backend.db.models import (
    Analysis,
    AnalysisState,
    JobState,
    Purpose,
    ReviewState,
    Signature,
    SignatureKind,
    SignedAnalysis,
    Visit,
)
from backend.db.session import now
from backend.jobs import service as jobs
from backend.kit.errors import NotFoundError
from backend.reviews import repository
from backend.reviews.errors import (
    EnteredInErrorError,
    NotReadyToSignError,
    NotSignedError,
    ResultsChangedError,
)
from backend.reviews.schemas import (
    Obstacle,
    ObstacleKind,
    Readiness,
    SignableAnalysis,
    SignatureRead,
)
from backend.takes import service as takes
from backend.visits.errors import require_open
from backend.voiding import require_in_use

_SIGNED = (AnalysisState.FINAL, AnalysisState.AMENDED)


def readiness(session: Session, caller: Caller, visit_id: UUID) -> Readiness:
    """What would be signed now, and what stands against it; raises NotFoundError."""
    visit = repository.visit_to_sign(session, caller, visit_id)
    if visit is None:
        raise NotFoundError
    analyses, _left_out, obstacles = _look(session, visit)
    return Readiness(
        analyses=[SignableAnalysis.model_validate(analysis) for analysis in analyses],
        obstacles=obstacles,
    )


def signatures(session: Session, caller: Caller, visit_id: UUID) -> list[SignatureRead]:
    """The signatures under a visit, the newest first; raises NotFoundError."""
    if repository.visit_to_see(session, caller, visit_id) is None:
        raise NotFoundError
    covered = repository.covered(session, visit_id)
    return [
        SignatureRead.of(signature, covered.get(signature.id, ()))
        for signature in repository.signatures(session, visit_id)
    ]


def sign(
    session: Session, caller: Caller, visit_id: UUID, analysis_ids: frozenset[UUID]
) -> SignatureRead:
    """Make the newest analyses of a visit final; from now on nothing in it changes.

    Signed again after it was amended, analyses that are new since are `amended`, and those whose
    take no longer counts are entered in error. Raises NotFoundError, VoidError,
    VisitSignedError, ConsentMissingError, NotReadyToSignError, ResultsChangedError.
    """
    visit = _visit(session, caller, visit_id)
    require_open(visit)
    consents.require(session, visit.patient_id, Purpose.CARE)
    analyses, left_out, obstacles = _look(session, visit)
    if obstacles:
        raise NotReadyToSignError(
            extra={"obstacles": [obstacle.model_dump(mode="json") for obstacle in obstacles]}
        )
    if analysis_ids != {analysis.id for analysis in analyses}:
        raise ResultsChangedError
    again = repository.was_signed(session, visit.id)
    for analysis in analyses:
        if analysis.state is AnalysisState.PRELIMINARY:
            analysis.state = AnalysisState.AMENDED if again else AnalysisState.FINAL
    for analysis in left_out:
        if analysis.state in _SIGNED:
            analysis.state = AnalysisState.ENTERED_IN_ERROR
    signature = _write(session, caller, visit, SignatureKind.SIGNED, None)
    session.add_all(
        SignedAnalysis(signature_id=signature.id, analysis_id=analysis.id) for analysis in analyses
    )
    visit.signed_at = now(session)
    session.flush()
    _note(session, caller, "visit.sign", visit, signature)
    return SignatureRead.of(signature, analyses)


def amend(session: Session, caller: Caller, visit_id: UUID, reason: str) -> SignatureRead:
    """Open a signed visit again; what was signed stays known until it is signed anew.

    Raises NotFoundError, VoidError, NotSignedError, EnteredInErrorError.
    """
    visit = _visit(session, caller, visit_id)
    require_in_use(visit)
    _refuse_error(session, visit)
    if visit.signed_at is None:
        raise NotSignedError
    visit.signed_at = None
    signature = _write(session, caller, visit, SignatureKind.AMENDED, reason)
    _note(session, caller, "visit.amend", visit, signature)
    return SignatureRead.of(signature, ())


def declare_error(session: Session, caller: Caller, visit_id: UUID, reason: str) -> SignatureRead:
    """Mark a visit and all its results as entered in error, for good.

    Its open proposals are refused and its analyses under way end. Raises NotFoundError,
    VoidError, EnteredInErrorError.
    """
    visit = _visit(session, caller, visit_id)
    require_in_use(visit)
    _refuse_error(session, visit)
    for job in repository.analyses_under_way(session, visit.id):
        # What a worker has begun is never published: its lease ends with the job.
        why = "The visit was marked as entered in error."
        jobs.end(session, job, JobState.CANCELLED, code="stopped", reason=why)
    for proposal in repository.open_proposals(session, visit.id):
        proposal.state = ReviewState.REFUSED
        proposal.decided_at = now(session)
        proposal.decided_by_id = caller.user_id
    analyses = repository.newest_of_visit(session, visit.id)
    for analysis in analyses:
        analysis.state = AnalysisState.ENTERED_IN_ERROR
    visit.signed_at = now(session)
    signature = _write(session, caller, visit, SignatureKind.ENTERED_IN_ERROR, reason)
    session.add_all(
        SignedAnalysis(signature_id=signature.id, analysis_id=analysis.id) for analysis in analyses
    )
    session.flush()
    _note(session, caller, "visit.declare_error", visit, signature)
    return SignatureRead.of(signature, analyses)


def _look(session: Session, visit: Visit) -> tuple[list[Analysis], list[Analysis], list[Obstacle]]:
    """The analyses to be signed, those of takes that don't count, what stands against it."""
    # Jobs first: one that is just being published is waited for, and its result is seen below.
    under_way = repository.analyses_under_way(session, visit.id)
    newest = {
        analysis.take_id: analysis for analysis in repository.newest_of_visit(session, visit.id)
    }
    obstacles: list[Obstacle] = []
    analyses: list[Analysis] = []
    for take in takes.to_be_measured(session, visit):
        analysis = newest.pop(take.id, None)
        if analysis is not None:
            analyses.append(analysis)
        elif take.recording_id is None:
            obstacles.append(Obstacle(kind=ObstacleKind.NOT_RECORDED, take_id=take.id))
        else:
            obstacles.append(Obstacle(kind=ObstacleKind.NOT_ANALYSED, take_id=take.id))
    obstacles += [
        Obstacle(kind=ObstacleKind.ANALYSIS_RUNNING, take_id=job.take_id) for job in under_way
    ]
    obstacles += [
        Obstacle(kind=ObstacleKind.PROPOSAL_UNDECIDED, take_id=proposal.take_id)
        for proposal in repository.open_proposals(session, visit.id)
    ]
    if not analyses and not obstacles:
        obstacles.append(Obstacle(kind=ObstacleKind.NOTHING_MEASURED, take_id=None))
    return analyses, list(newest.values()), obstacles


def _visit(session: Session, caller: Caller, visit_id: UUID) -> Visit:
    visit = repository.visit_to_sign(session, caller, visit_id)
    if visit is None:
        raise NotFoundError
    return visit


def _refuse_error(session: Session, visit: Visit) -> None:
    signed = repository.signatures(session, visit.id)
    if signed and signed[0].kind is SignatureKind.ENTERED_IN_ERROR:
        raise EnteredInErrorError


def _write(
    session: Session, caller: Caller, visit: Visit, kind: SignatureKind, reason: str | None
) -> Signature:
    signature = Signature(
        patient_id=visit.patient_id,
        visit_id=visit.id,
        kind=kind,
        signed_by_id=caller.user_id,
        signed_at=now(session),
    )
    session.add(signature)
    signature.reason = reason
    session.flush()
    return signature


def _note(
    session: Session, caller: Caller, action: str, visit: Visit, signature: Signature
) -> None:
    audit.record(
        session,
        caller,
        action,
        "visit",
        visit.id,
        patient_id=visit.patient_id,
        detail={"version": visit.version, "signature": str(signature.id)},
    )
