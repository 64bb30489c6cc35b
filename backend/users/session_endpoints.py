"""Routes of signing in and out, and of one-time links; nobody has to be signed in for most."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, status

from backend.access import Caller
from backend.dependencies import (
    ForgeryError,
    Reading,
    SettingsInForce,
    Transaction,
    address_of,
    database_of,
    request_id_of,
    settings_of,
    signed_in_partly,
)
from backend.kit.errors import InvalidError, declares
from backend.kit.ratelimit import RateLimit
from backend.users import links, sessions
from backend.users.cookies import clear_cookies, set_cookies
from backend.users.errors import (
    EmailTakenError,
    LinkUsedUpError,
    LockedOutError,
    SecondFactorStateError,
    WeakPasswordError,
    WrongCredentialsError,
)
from backend.users.proof import Gate
from backend.users.schemas import (
    LinkInspect,
    LinkRead,
    LinkUse,
    SecondFactor,
    SessionState,
    SignIn,
    Step,
)

router = APIRouter(tags=["session"])


def gate_of(request: Request) -> Gate:
    """What proofs need, of this application."""
    return Gate(database_of(request), request.app.state.passwords, settings_of(request))


def at_the_door(request: Request) -> None:
    """For routes without a caller: own pages only, and few tries from one address."""
    origin = request.headers.get("origin")
    if origin is not None and origin not in request.app.state.origins:
        raise ForgeryError
    limit: RateLimit = request.app.state.sign_in_limit
    limit.spend(address_of(request))


TheGate = Annotated[Gate, Depends(gate_of)]
PartlySignedIn = Annotated[Caller, Depends(signed_in_partly)]
AtTheDoor = Depends(at_the_door)


@router.post(
    "/session",
    dependencies=[AtTheDoor],
    responses=declares(WrongCredentialsError, LockedOutError),
)
def sign_in(sent: SignIn, gate: TheGate, request: Request, response: Response) -> Step:
    """Sign in with a password; answers what is still missing. Sets the cookies."""
    secret, step = sessions.sign_in(
        gate,
        sent.email,
        sent.password,
        request_id=request_id_of(request),
        user_agent=request.headers.get("user-agent", ""),
        address=address_of(request),
    )
    set_cookies(response, gate.settings, gate.database.keys, secret)
    return step


@router.post(
    "/session/second-factor",
    responses=declares(WrongCredentialsError, LockedOutError, SecondFactorStateError),
)
def give_second_factor(
    sent: SecondFactor, caller: PartlySignedIn, gate: TheGate, request: Request, response: Response
) -> Step:
    """Give the code of the authenticator, or a recovery code. Sets new cookies."""
    secret, step = sessions.finish(
        gate,
        caller,
        sent.code,
        user_agent=request.headers.get("user-agent", ""),
        address=address_of(request),
    )
    set_cookies(response, gate.settings, gate.database.keys, secret)
    return step


@router.get("/session")
def who_am_i(unit: Reading, caller: PartlySignedIn, settings: SettingsInForce) -> SessionState:
    """Who is signed in, with which rights, and what is still missing."""
    return sessions.state(unit, caller, settings)


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
def sign_out(
    unit: Transaction, caller: PartlySignedIn, settings: SettingsInForce, response: Response
) -> None:
    """Sign out in this browser."""
    sessions.sign_out(unit, caller)
    clear_cookies(response, settings)


@router.post(
    "/links/inspect",
    dependencies=[AtTheDoor],
    responses=declares(LinkUsedUpError),
)
def inspect_link(sent: LinkInspect, unit: Reading) -> LinkRead:
    """What a one-time link is good for."""
    return links.inspect(unit, sent.secret)


@router.post(
    "/links/use",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[AtTheDoor],
    responses=declares(
        LinkUsedUpError,
        WeakPasswordError,
        InvalidError,
        WrongCredentialsError,
        LockedOutError,
        EmailTakenError,
    ),
)
def use_link(sent: LinkUse, gate: TheGate, request: Request) -> None:
    """Use a one-time link; then sign in as always."""
    links.use(gate, sent, request_id_of(request))
