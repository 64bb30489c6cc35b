"""Routes for what users change of their own: password, second factor, sessions, API tokens."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status

from backend.access import Caller
from backend.dependencies import (
    Reading,
    SettingsInForce,
    SignedIn,
    Transaction,
    address_of,
)
from backend.kit.errors import NotAllowedError, NotFoundError, declares
from backend.users import account, sessions
from backend.users.cookies import set_cookies
from backend.users.errors import (
    LockedOutError,
    SecondFactorStateError,
    WeakPasswordError,
    WrongCredentialsError,
)
from backend.users.schemas import (
    PasswordChange,
    Proof,
    RecoveryCodes,
    SecondFactor,
    SessionRead,
    TokenCreate,
    TokenCreated,
    TokenRead,
    TotpSecret,
)
from backend.users.session_endpoints import PartlySignedIn, TheGate

router = APIRouter(prefix="/me", tags=["account"])

_PROVEN = (WrongCredentialsError, LockedOutError)


def in_person(caller: PartlySignedIn) -> Caller:
    """The caller in a browser; programs with a token don't change how people prove themselves."""
    if caller.authenticated_by != "session":
        raise NotAllowedError("A token may not change the account.", "Sign in with a browser.")
    return caller


def in_person_completely(caller: SignedIn) -> Caller:
    """The caller in a browser, with the second factor given."""
    return in_person(caller)


PartlyInPerson = Annotated[Caller, Depends(in_person)]
InPerson = Annotated[Caller, Depends(in_person_completely)]


@router.post(
    "/password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(WeakPasswordError, *_PROVEN),
)
def change_password(sent: PasswordChange, caller: InPerson, gate: TheGate) -> None:
    """Set a new password; all other browsers are signed out."""
    account.change_password(gate, caller, sent.current, sent.new)


@router.get("/sessions")
def list_sessions(unit: Reading, caller: InPerson, settings: SettingsInForce) -> list[SessionRead]:
    """Where the caller is signed in."""
    return [
        SessionRead.model_validate(one).model_copy(update={"current": one.id == caller.session_id})
        for one in sessions.listed(unit, caller.user_id, settings)
    ]


@router.delete(
    "/sessions/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(NotFoundError),
)
def revoke_session(session_id: UUID, unit: Transaction, caller: InPerson) -> None:
    """Sign out somewhere else."""
    sessions.revoke(unit, caller, session_id)


@router.post("/totp", responses=declares(SecondFactorStateError, *_PROVEN))
def begin_totp(sent: Proof, caller: PartlyInPerson, gate: TheGate) -> TotpSecret:
    """Begin to set up a second factor; it counts once a code confirmed it."""
    account.prove(gate, caller, sent.password)
    with gate.database.unit_of_work() as unit:
        return account.begin_totp(unit, caller)


@router.post("/totp/confirm", responses=declares(SecondFactorStateError, *_PROVEN))
def confirm_totp(
    sent: SecondFactor,
    unit: Transaction,
    caller: PartlyInPerson,
    gate: TheGate,
    request: Request,
    response: Response,
) -> RecoveryCodes:
    """Put the second factor into force. Sets new cookies."""
    user, codes = account.confirm_totp(unit, caller, sent.code)
    secret = sessions.complete(
        unit,
        gate.settings,
        caller,
        user,
        user_agent=request.headers.get("user-agent", ""),
        address=address_of(request),
    )
    set_cookies(response, gate.settings, gate.database.keys, secret)
    return RecoveryCodes(codes=codes)


@router.delete(
    "/totp",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(SecondFactorStateError, *_PROVEN),
)
def remove_totp(sent: Proof, caller: InPerson, gate: TheGate) -> None:
    """Take the second factor away."""
    account.prove(gate, caller, sent.password)
    with gate.database.unit_of_work() as unit:
        account.remove_totp(unit, caller)


@router.post("/recovery-codes", responses=declares(SecondFactorStateError, *_PROVEN))
def renew_recovery_codes(sent: Proof, caller: InPerson, gate: TheGate) -> RecoveryCodes:
    """Fresh recovery codes in place of the old."""
    account.prove(gate, caller, sent.password)
    with gate.database.unit_of_work() as unit:
        return RecoveryCodes(codes=account.new_recovery_codes(unit, caller))


@router.get("/tokens")
def list_tokens(unit: Reading, caller: InPerson) -> list[TokenRead]:
    """The caller's API tokens."""
    return [TokenRead.model_validate(token) for token in account.tokens(unit, caller)]


@router.post("/tokens", status_code=status.HTTP_201_CREATED, responses=declares(*_PROVEN))
def create_token(sent: TokenCreate, caller: InPerson, gate: TheGate) -> TokenCreated:
    """A token for a program: the caller's rights, cut down to its scopes, for a time."""
    account.prove(gate, caller, sent.password)
    with gate.database.unit_of_work() as unit:
        token, secret = account.create_token(unit, caller, sent)
    return TokenCreated(**TokenRead.model_validate(token).model_dump(), token=secret)


@router.delete(
    "/tokens/{token_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=declares(NotFoundError),
)
def revoke_token(token_id: UUID, unit: Transaction, caller: InPerson) -> None:
    """End a token."""
    account.revoke_token(unit, caller, token_id)
