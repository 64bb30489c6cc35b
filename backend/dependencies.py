"""What endpoints ask for in their signatures: a transaction, a caller with a right; no routes here.

An endpoint without a caller stands out: `caller: Annotated[Caller, Depends(requires(...))]`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from backend.access import Caller, Permission
from backend.db.session import Database
from backend.kit.errors import NotAllowedError, NotSignedInError, ServiceError
from backend.kit.ratelimit import RateLimit
from backend.kit.storage.blobs import Storage
from backend.settings import Settings
from backend.users import authentication
from backend.users.tokens import csrf_token

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"


class ForgeryError(ServiceError):
    """403: a change that did not come from a page of this service."""

    status = 403
    code = "forgery"
    title = "Not from this page"
    default_message = "The request did not come from a page of this server."
    default_next_step = "Load the page again and repeat what you did."


class SecondFactorNeededError(ServiceError):
    """403: the session waits for the second factor, or must set one up first."""

    status = 403
    code = "second_factor_needed"
    title = "Second factor needed"
    default_message = "The second step of signing in is missing."
    default_next_step = "Enter the code of your authenticator application."


def settings_of(request: Request) -> Settings:
    """The settings in force."""
    settings: Settings = request.app.state.settings
    return settings


def database_of(request: Request) -> Database:
    """The database of this application."""
    database: Database = request.app.state.database
    return database


def storage_of(request: Request) -> Storage:
    """The encrypted storage of this application."""
    storage: Storage = request.app.state.storage
    return storage


def request_id_of(request: Request) -> str:
    """The name of this request in logs and in the audit."""
    request_id: str = request.scope["request_id"]
    return request_id


def address_of(request: Request) -> str:
    """The client's address; behind proxies, what the outermost trusted one says it is."""
    trusted = settings_of(request).trusted_proxies
    forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    if trusted and len(forwarded) >= trusted and forwarded[-trusted]:
        return forwarded[-trusted][:64]
    return request.client.host if request.client else "unknown"


def _transaction(request: Request) -> Iterator[Session]:
    with database_of(request).unit_of_work() as session:
        yield session


def _reading(request: Request) -> Iterator[Session]:
    with database_of(request).unit_of_work(read_only=True) as session:
        yield session


# One unit of work a request, committed before the answer is sent.
Transaction = Annotated[Session, Depends(_transaction, scope="function")]
# One that cannot write, not even to the audit log, and waits for no writer.
Reading = Annotated[Session, Depends(_reading, scope="function")]
StorageInUse = Annotated[Storage, Depends(storage_of)]
SettingsInForce = Annotated[Settings, Depends(settings_of)]


def session_cookie(settings: Settings) -> str:
    """The name of the session's cookie.

    Browsers accept `__Host-` and Secure through TLS only, and not all of them make an exception
    for loopback; there the cookie has a plain name, and never leaves the machine anyway.
    """
    return "__Host-sfpfr" if settings.secure else "sfpfr"


def signed_in(request: Request) -> Caller:
    """Whoever is signed in completely; raises NotSignedInError, SecondFactorNeededError."""
    caller = signed_in_partly(request)
    if caller.authenticated_by == "session" and caller.signed_in_at is None:
        raise SecondFactorNeededError
    return caller


def signed_in_partly(request: Request) -> Caller:
    """Whoever has given a password or a token, the second factor perhaps not yet."""
    limit: RateLimit = request.app.state.rate_limit
    try:
        caller = _authenticated(request)
    except NotSignedInError:
        limit.spend(f"address {address_of(request)}")
        raise
    limit.spend(str(caller.user_id))
    return caller


def _authenticated(request: Request) -> Caller:
    settings, database = settings_of(request), database_of(request)
    request_id = request_id_of(request)
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return authentication.by_token(database, credentials.strip(), request_id)
    secret = request.cookies.get(session_cookie(settings))
    if not secret:
        raise NotSignedInError
    if request.method not in SAFE_METHODS:
        refuse_forgery(request, secret)
    idle = timedelta(minutes=settings.session_idle_minutes)
    caller, _session = authentication.by_session(database, secret, request_id, idle=idle)
    return caller


def refuse_forgery(request: Request, secret: str) -> None:
    """Refuse a change from a foreign page: wrong origin, or without the session's header."""
    origins: frozenset[str] = request.app.state.origins
    expected = csrf_token(database_of(request).keys, secret)
    sent = request.headers.get(CSRF_HEADER, "")
    if request.headers.get("origin") not in origins or not hmac.compare_digest(
        sent.encode(), expected.encode()
    ):
        raise ForgeryError


def requires(permission: Permission) -> Callable[[Request], Caller]:
    """The dependency of an endpoint that acts under `permission`; the caller acts under it."""

    def allowed(request: Request) -> Caller:
        caller = signed_in(request).acting(permission)
        if not caller.reach:
            raise NotAllowedError
        return caller

    allowed.permission = permission  # type: ignore[attr-defined]
    return allowed


SignedIn = Annotated[Caller, Depends(signed_in)]
