"""What the API says and hears about reviews, and about signatures under visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.db.models import (
    Analysis,
    AnalysisState,
    Review,
    ReviewState,
    Signature,
    SignatureKind,
    Verdict,
)
from models.request import Corrections

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReviewBody(_Body):
    """Corrections of a take, complete: without any, the take is measured as it came.

    `base_version` is the version of the analysis that was looked at.
    """

    base_version: Annotated[int, Field(ge=1)]
    corrections: Corrections
    note: Text | None = None


class Decision(_Body):
    """What is said to the one who proposed."""

    note: Text | None = None


class ReviewRead(BaseModel):
    """Corrections of a take and what became of them."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    patient_id: UUID
    visit_id: UUID
    take_id: UUID
    base_version: int
    state: ReviewState
    corrections: Corrections
    note: str | None
    created_at: datetime
    created_by_id: UUID | None
    decided_at: datetime | None
    decided_by_id: UUID | None
    decision_note: str | None
    version: int

    @classmethod
    def of(cls, review: Review) -> ReviewRead:
        """The row as it is told."""
        return cls.model_validate(review)


class ObstacleKind(StrEnum):
    """What can stand against signing."""

    NOTHING_MEASURED = "nothing_measured"
    NOT_RECORDED = "not_recorded"
    NOT_ANALYSED = "not_analysed"
    ANALYSIS_RUNNING = "analysis_running"
    PROPOSAL_UNDECIDED = "proposal_undecided"


class Obstacle(BaseModel):
    """One thing that stands against signing, and at which take."""

    kind: ObstacleKind
    take_id: UUID | None


class SignableAnalysis(BaseModel):
    """An analysis that a signature covers, or would cover."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    take_id: UUID
    movement: str
    version_number: int
    state: AnalysisState
    verdict: Verdict


class Readiness(BaseModel):
    """What would be signed now, and what stands against it."""

    analyses: list[SignableAnalysis]
    obstacles: list[Obstacle]


class SignRequest(_Body):
    """The analyses that the clinician looked at; others are not signed unseen."""

    analysis_ids: Annotated[frozenset[UUID], Field(min_length=1, max_length=500)]


class SignatureRead(BaseModel):
    """A clinician's word on a visit, with the analyses it covers as they are now."""

    id: UUID
    visit_id: UUID
    kind: SignatureKind
    signed_by_id: UUID
    signed_at: datetime
    reason: str | None
    analyses: list[SignableAnalysis]

    @classmethod
    def of(cls, signature: Signature, analyses: Sequence[Analysis]) -> SignatureRead:
        """The row as it is told."""
        return cls(
            id=signature.id,
            visit_id=signature.visit_id,
            kind=signature.kind,
            signed_by_id=signature.signed_by_id,
            signed_at=signature.signed_at,
            reason=signature.reason,
            analyses=[SignableAnalysis.model_validate(analysis) for analysis in analyses],
        )
