"""Puts the service together: settings, database, routes, refusals, headers; it does nothing else.

Each noun adds its router to `ROUTERS` and nothing else here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from backend.admin.endpoints import router as admin
from backend.analyses.endpoints import router as analyses
from backend.audit.endpoints import router as audit
from backend.audit.service import HEAD_FILE
from backend.comparisons.endpoints import router as comparisons
from backend.consents.endpoints import router as consents
from backend.db.session import Database
from backend.dependencies import ForgeryError, SecondFactorNeededError
from backend.emergency.endpoints import router as emergency
from backend.episodes.endpoints import router as episodes
from backend.exports.endpoints import router as exports
from backend.invitations.endpoints import router as invitations
from backend.jobs import service as job_service
from backend.jobs.doorbell import Ringer, celery_app
from backend.jobs.endpoints import router as jobs
from backend.jobs.events import EventStreams
from backend.kit.clock import Clock, SystemClock
from backend.kit.errors import (
    PROBLEM_CONTENT,
    BadRequestError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    ServiceError,
    TooLargeError,
    TooManyRequestsError,
    UnavailableError,
    declares,
)
from backend.kit.keys import KeyProvider
from backend.kit.metrics import RequestMetrics
from backend.kit.observed import Observed
from backend.kit.ratelimit import RateLimit
from backend.merges.endpoints import router as merges
from backend.middleware import Faults, RequestNames, SecurityHeaders, problem_response
from backend.operations.endpoints import router as operations
from backend.operations.figures import SiteFigures
from backend.operations.health import Checks
from backend.page.endpoints import ASSETS, assets
from backend.page.endpoints import router as page
from backend.patients.endpoints import router as patients
from backend.protocols.endpoints import router as protocols
from backend.recordings.endpoints import router as recordings
from backend.reviews.endpoints import router as reviews
from backend.settings import Settings
from backend.site import open_keys, open_objects, open_storage
from backend.takes.endpoints import router as takes
from backend.teams.endpoints import router as teams
from backend.uploads.endpoints import router as uploads
from backend.uploads.receiving import Receiving
from backend.uploads.sweeping import Sweeper
from backend.users.account_endpoints import router as account
from backend.users.endpoints import router as users
from backend.users.passwords import Passwords
from backend.users.session_endpoints import router as sessions
from backend.visits.endpoints import router as visits

API = "/api/v1"
ROUTERS: tuple[APIRouter, ...] = (
    sessions,
    account,
    users,
    teams,
    audit,
    patients,
    merges,
    invitations,
    emergency,
    consents,
    episodes,
    visits,
    takes,
    protocols,
    recordings,
    uploads,
    reviews,
    analyses,
    comparisons,
    exports,
    admin,
    jobs,
)


class MethodNotAllowedError(ServiceError):
    """405: this address does not do that."""

    status = 405
    code = "method_not_allowed"
    title = "Not possible here"
    default_message = "This address does not do that."


def create_app(
    settings: Settings, *, keys: KeyProvider | None = None, clock: Clock | None = None
) -> FastAPI:
    """The service for these settings; keys and clock are those of the site unless given."""
    keys = keys or open_keys(settings)
    database = Database(
        settings.database,
        keys,
        clock or SystemClock(),
        pool=settings.database_pool,
        extras={HEAD_FILE: settings.audit_head, **job_service.rules(settings)},
    )

    storage = open_storage(settings, keys)
    receiving = Receiving(database, storage, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.request_threads
        ringer = Ringer(database, celery_app(settings.broker_url.get_secret_value()))
        sweeper = Sweeper(database, storage, receiving)
        ringer.start()
        sweeper.start()
        yield
        await anyio.to_thread.run_sync(ringer.stop)
        await anyio.to_thread.run_sync(sweeper.stop)
        database.close()

    app = FastAPI(
        title="SFPFR",
        summary="Clinical 3D measurement of facial movement",
        description=settings.notice,
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # A second address for the same thing would escape what is decided by address.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.storage = storage
    app.state.receiving = receiving
    app.state.event_streams = EventStreams(database)
    app.state.rate_limit = RateLimit(settings.requests_a_minute)
    app.state.sign_in_limit = RateLimit(settings.sign_ins_a_minute)
    app.state.look_up_limit = RateLimit(settings.look_ups_a_minute)
    app.state.passwords = Passwords(
        at_once=settings.password_threads, memory_kib=settings.password_memory_kib
    )
    app.state.origins = allowed_origins(settings)
    everywhere = declares(
        NotSignedInError,
        NotAllowedError,
        SecondFactorNeededError,
        ForgeryError,
        InvalidError,
        TooManyRequestsError,
        UnavailableError,
    )
    for router in ROUTERS:
        app.include_router(router, prefix=API, responses=everywhere)
    app.include_router(operations)
    # After everything else: it answers wherever a place of the page may be.
    app.mount(ASSETS, assets())
    app.include_router(page)
    app.state.checks = Checks(
        database,
        partial(open_objects, settings),
        settings.broker_url.get_secret_value(),
        settings.data_dir,
        settings.reserve_bytes,
    )
    app.state.metrics = RequestMetrics()
    app.state.metrics.registry.register(SiteFigures(database, settings.data_dir))
    _answer_problems(app)
    _declare_problems(app)
    app.add_middleware(Faults)
    app.add_middleware(SecurityHeaders, secure=settings.secure)
    app.add_middleware(RequestNames)
    app.add_middleware(Observed, metrics=app.state.metrics, prefix=API)
    return app


def allowed_origins(settings: Settings) -> frozenset[str]:
    """Whose pages may change things: this server's own, and those the settings add."""
    own = urlsplit(settings.public_url)
    origins = {f"{own.scheme}://{own.netloc}", *settings.allowed_origins}
    if own.hostname in ("127.0.0.1", "localhost", "::1"):
        port = f":{own.port}" if own.port else ""
        origins |= {f"{own.scheme}://{h}{port}" for h in ("127.0.0.1", "localhost", "[::1]")}
    return frozenset(origins)


def _answer_problems(app: FastAPI) -> None:
    @app.exception_handler(ServiceError)
    def _service(request: Request, error: ServiceError) -> Response:
        return problem_response(request, error)

    @app.exception_handler(RequestValidationError)
    def _validation(request: Request, error: RequestValidationError) -> Response:
        # Where and why, but not what was sent: it may identify a patient.
        faults = [
            {"place": [str(part) for part in fault["loc"]], "reason": str(fault["msg"])}
            for fault in error.errors()
        ]
        first = faults[0] if faults else {"place": ["body"], "reason": "not valid"}
        message = f"{' '.join(first['place'][1:]) or first['place'][0]}: {first['reason']}."
        return problem_response(request, InvalidError(message, extra={"faults": faults}))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        known: dict[int, type[ServiceError]] = {
            400: BadRequestError,
            404: NotFoundError,
            405: MethodNotAllowedError,
            413: TooLargeError,
        }
        kind = known.get(error.status_code, BadRequestError)
        return problem_response(request, kind(headers=dict(error.headers or {})))


def _declare_problems(app: FastAPI) -> None:
    """Refusals are problem+json in the OpenAPI document too, and nothing else."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            for path in schema["paths"].values():
                for operation in path.values():
                    for status, response in operation["responses"].items():
                        if status >= "400":
                            response["content"] = dict(PROBLEM_CONTENT)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
