"""What every answer goes through: a name for its request, strict headers, an answer to faults."""

from __future__ import annotations

import logging
import traceback

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.kit.errors import PROBLEM_MEDIA_TYPE, ServiceError
from backend.kit.ids import uuid7

_log = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-Id"


def content_security_policy(*, style_nonce: str | None = None, compiles: bool = False) -> str:
    """What a document may load: this server's own things.

    style_nonce: of the style elements that the document's scripts add. compiles: whether it may
    compile WebAssembly, which the detector of the capture page needs.
    """
    styles = f" 'nonce-{style_nonce}'" if style_nonce else ""
    scripts = " 'wasm-unsafe-eval'" if compiles else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{scripts}",
            f"style-src 'self'{styles}",
            "img-src 'self' blob:",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "font-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        )
    )


_ALWAYS = {
    "Content-Security-Policy": content_security_policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_TLS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class RequestNames:
    """Gives each request a name of the server's own making, never one that a client chose."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid7().hex
        scope["request_id"] = request_id

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        await self._app(scope, receive, named)


class SecurityHeaders:
    """Adds the headers that an answer does not have yet; the API is never cached unless it says so.

    A page may set its own, stricter or with one named exception (the capture page's detector).
    """

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = {**_ALWAYS, **(_TLS_ONLY if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cache = {"Cache-Control": "no-store"} if scope["path"].startswith("/api/") else {}

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**self._headers, **cache}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, strict)


class Faults:
    """Answers what nobody expected. The log gets the kind of fault and the place, never its text:
    an exception's message may hold what a patient is called."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-8:]
            _log.error(
                "request failed",
                extra={
                    "kind": type(error).__qualname__,
                    "request_id": scope["request_id"],
                    "place": [f"{frame.filename}:{frame.lineno}" for frame in place],
                },
            )
            if started:
                # The answer is cut off; a client must not take it for whole.
                raise ConnectionAbortedError from None
            answer = problem_response(Request(scope), ServiceError())
            await answer(scope, receive, send)


def problem_response(request: Request, error: ServiceError) -> Response:
    """The answer for an error, as problem+json."""
    problem = error.problem(request.scope["request_id"])
    return Response(
        problem.model_dump_json(),
        status_code=error.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=error.headers,
    )
