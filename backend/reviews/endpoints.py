"""Routes of reviews and of signatures under visits."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status

from backend.access import Caller, Permission
from backend.consents.errors import ConsentMissingError
from backend.db.models import ReviewState
from backend.dependencies import Reading, Transaction, requires
from backend.kit.errors import NotAllowedError, NotFoundError, declares
from backend.kit.pagination import Page, PageRequest
from backend.reviews import service, signing
from backend.reviews.errors import (
    CorrectionError,
    EnteredInErrorError,
    NothingToReviewError,
    NotReadyToSignError,
    NotSignedError,
    ResultsChangedError,
    ReviewDecidedError,
    ReviewOutdatedError,
)
from backend.reviews.schemas import (
    Decision,
    Readiness,
    ReviewBody,
    ReviewRead,
    SignatureRead,
    SignRequest,
)
from backend.takes.errors import TakeReplacedError
from backend.visits.errors import VisitSignedError
from backend.voiding import BecauseOf, VoidError

router = APIRouter(tags=["reviews"])

Reader = Annotated[Caller, Depends(requires(Permission.REVIEW_READ))]
Writer = Annotated[Caller, Depends(requires(Permission.REVIEW_WRITE))]
Proposer = Annotated[Caller, Depends(requires(Permission.REVIEW_PROPOSE))]
Signer = Annotated[Caller, Depends(requires(Permission.SIGN))]

_SEEN = declares(NotAllowedError, NotFoundError)
_CORRECTED = (
    NotAllowedError,
    NotFoundError,
    VoidError,
    VisitSignedError,
    TakeReplacedError,
    NothingToReviewError,
    ReviewOutdatedError,
    CorrectionError,
    ConsentMissingError,
)
_DECIDED = (NotAllowedError, NotFoundError, ReviewDecidedError)


@router.get("/takes/{take_id}/reviews", responses=_SEEN)
def list_reviews_of_take(
    session: Reading,
    caller: Reader,
    take_id: UUID,
    paging: PageRequest,
    state: ReviewState | None = None,
) -> Page[ReviewRead]:
    """The corrections of a take, made and proposed, the newest first."""
    return service.listed(session, caller, paging, take_id=take_id, state=state)


@router.get("/reviews", responses=declares(NotAllowedError))
def list_reviews(
    session: Reading,
    caller: Reader,
    paging: PageRequest,
    patient_id: UUID | None = None,
    state: ReviewState | None = None,
) -> Page[ReviewRead]:
    """All reviews in reach, such as the proposals that wait for a clinician."""
    return service.listed(session, caller, paging, patient_id=patient_id, state=state)


@router.get("/reviews/{review_id}", responses=_SEEN)
def get_review(session: Reading, caller: Reader, review_id: UUID) -> ReviewRead:
    """A review with its corrections."""
    return service.get(session, caller, review_id)


@router.post(
    "/takes/{take_id}/reviews",
    status_code=status.HTTP_201_CREATED,
    responses=declares(*_CORRECTED),
)
def correct_take(
    session: Transaction, caller: Writer, take_id: UUID, new: ReviewBody
) -> ReviewRead:
    """Correct a take; a new version of its analysis is made, the old one stays."""
    return service.correct(session, caller, take_id, new)


@router.post(
    "/takes/{take_id}/proposals",
    status_code=status.HTTP_201_CREATED,
    responses=declares(*_CORRECTED),
)
def propose_corrections(
    session: Transaction, caller: Proposer, take_id: UUID, new: ReviewBody
) -> ReviewRead:
    """Propose corrections, which wait for a clinician."""
    return service.propose(session, caller, take_id, new)


@router.post("/reviews/{review_id}/accept", responses=declares(*_DECIDED, *_CORRECTED))
def accept_proposal(
    session: Transaction, caller: Writer, review_id: UUID, decision: Decision
) -> ReviewRead:
    """Make proposed corrections one's own; a new version of the analysis is made."""
    return service.accept(session, caller, review_id, decision.note)


@router.post("/reviews/{review_id}/refuse", responses=declares(*_DECIDED))
def refuse_proposal(
    session: Transaction, caller: Writer, review_id: UUID, decision: Decision
) -> ReviewRead:
    """Refuse proposed corrections."""
    return service.refuse(session, caller, review_id, decision.note)


@router.post("/reviews/{review_id}/withdraw", responses=declares(*_DECIDED))
def withdraw_proposal(session: Transaction, caller: Proposer, review_id: UUID) -> ReviewRead:
    """Take one's own proposal back."""
    return service.withdraw(session, caller, review_id)


@router.get("/visits/{visit_id}/signatures", responses=_SEEN)
def list_signatures(
    session: Reading,
    caller: Annotated[Caller, Depends(requires(Permission.VISIT_READ))],
    visit_id: UUID,
) -> list[SignatureRead]:
    """The signatures under a visit, the newest first."""
    return signing.signatures(session, caller, visit_id)


@router.get("/visits/{visit_id}/readiness", responses=_SEEN)
def get_readiness(session: Transaction, caller: Signer, visit_id: UUID) -> Readiness:
    """What would be signed now, and what stands against it."""
    return signing.readiness(session, caller, visit_id)


@router.post(
    "/visits/{visit_id}/sign",
    responses=declares(
        NotAllowedError,
        NotFoundError,
        VoidError,
        VisitSignedError,
        ConsentMissingError,
        NotReadyToSignError,
        ResultsChangedError,
    ),
)
def sign_visit(
    session: Transaction, caller: Signer, visit_id: UUID, signed: SignRequest
) -> SignatureRead:
    """Make the newest analyses of a visit final; from now on nothing in it changes."""
    return signing.sign(session, caller, visit_id, signed.analysis_ids)


@router.post(
    "/visits/{visit_id}/amend",
    responses=declares(
        NotAllowedError, NotFoundError, VoidError, NotSignedError, EnteredInErrorError
    ),
)
def amend_visit(
    session: Transaction, caller: Signer, visit_id: UUID, because: BecauseOf
) -> SignatureRead:
    """Open a signed visit again, with a reason; it is signed anew when it is right."""
    return signing.amend(session, caller, visit_id, because.reason)


@router.post(
    "/visits/{visit_id}/entered-in-error",
    responses=declares(NotAllowedError, NotFoundError, VoidError, EnteredInErrorError),
)
def declare_visit_error(
    session: Transaction, caller: Signer, visit_id: UUID, because: BecauseOf
) -> SignatureRead:
    """Mark a visit and all its results as entered in error, for good."""
    return signing.declare_error(session, caller, visit_id, because.reason)
