"""One log line and one count for every request; what a request does is not looked at here."""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.kit.logs import log
from backend.kit.metrics import RequestMetrics

logger = log(__name__)
# Asked every few seconds by machines: counted, but not logged unless they fail.
QUIET = frozenset(["/healthz", "/readyz", "/metrics"])
METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


class Observed:
    """Middleware around everything else, so that a crash inside is counted as a 500, too."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics, prefix: str) -> None:
        """`prefix` is where the routers are mounted: a route knows only what follows it."""
        self.app = app
        self.metrics = metrics
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.metrics.open.inc()
        try:
            with structlog.contextvars.bound_contextvars():
                await self.app(scope, receive, note_status)
        finally:
            self.metrics.open.dec()
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # The template, such as /api/v1/takes/{take_id}: the address itself may hold anything.
        route = getattr(scope.get("route"), "path", "unmatched")
        if route.startswith("/") and scope["path"].startswith(f"{self.prefix}/"):
            route = self.prefix + route.removeprefix(self.prefix)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        if route in QUIET and status < 500:
            return
        logger.info(
            "Request answered",
            method=method,
            route=route,
            status=status,
            duration_ms=round(1000 * seconds, 1),
            request_id=scope.get("request_id"),
        )
