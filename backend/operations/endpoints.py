"""Addresses for machines and installers: alive, ready, figures, the site's own authority.

Nobody signs in to ask them, so that they tell nothing about patients, people or files.
"""

from __future__ import annotations

import hmac
from html import escape

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import SecretStr

from backend.dependencies import SettingsInForce
from backend.kit.certificates import fingerprint
from backend.kit.errors import NotFoundError, UnavailableError, declares
from backend.operations.health import Checks, Health
from backend.operations.schemas import Alive, Ready

LOOPBACK = frozenset({"127.0.0.1", "::1"})

router = APIRouter(tags=["operations"])


@router.get("/healthz")
def healthz() -> Alive:
    """Whether the process answers; it asks nobody else."""
    return Alive(status=Health.OK)


@router.get("/readyz", responses={503: {"model": Ready, "description": "Not ready"}})
def readyz(request: Request, response: Response) -> Ready:
    """Whether requests can be answered: 503 without database or storage.

    Without a broker, or low on disk, the status is `low`: what is there can be read, jobs wait.
    """
    checks: Checks = request.app.state.checks
    found = checks.readiness()
    if not found.ready:
        response.status_code = 503
        return Ready(status=Health.DOWN, parts=dict(found.parts))
    return Ready(status=Health.OK if found.whole else Health.LOW, parts=dict(found.parts))


@router.get("/metrics", responses=declares(NotFoundError, UnavailableError))
def metrics(request: Request, settings: SettingsInForce) -> Response:
    """Figures in the format of Prometheus, for this machine or the holder of the token."""
    if not _may_read_metrics(request, settings.metrics_token):
        raise NotFoundError
    return Response(
        generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST
    )


@router.get("/trust", response_class=HTMLResponse, responses=declares(NotFoundError))
def trust(settings: SettingsInForce) -> HTMLResponse:
    """How a device comes to trust a site that made its own certificates."""
    if settings.tls_authority is None:
        raise NotFoundError
    return HTMLResponse(_TRUST.format(fingerprint=escape(fingerprint(settings.tls_authority))))


@router.get("/trust/authority.crt", responses=declares(NotFoundError))
def authority(settings: SettingsInForce) -> Response:
    """The certificate to install; it is good for this server's names only."""
    if settings.tls_authority is None:
        raise NotFoundError
    return Response(settings.tls_authority.read_bytes(), media_type="application/x-x509-ca-cert")


def _may_read_metrics(request: Request, token: SecretStr | None) -> bool:
    if token is not None:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode())
    # What a proxy passes on comes from this machine, too, but not from this machine's people.
    direct = "x-forwarded-for" not in request.headers and "forwarded" not in request.headers
    return direct and request.client is not None and request.client.host in LOOPBACK


_TRUST = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Trust this server</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<h1>Trust this server</h1>
<p>This server made its own certificates. A device shows no warning any more, and lets the page use
the camera, once it trusts them. They are good for this server's names only.</p>
<ol>
<li>Compare: the server's terminal shows the same fingerprint.<br><code>{fingerprint}</code></li>
<li><a href="/trust/authority.crt">Download the certificate</a>.</li>
<li>Windows: open it, "Install certificate", "Local machine", "Trusted root certification
authorities".</li>
<li>macOS: open it, then in Keychain Access set "Always trust".</li>
<li>iPad and iPhone: install the profile under Settings, General, VPN &amp; Device Management; then
switch it on under General, About, Certificate Trust Settings.</li>
<li>Android: Settings, Security, Encryption &amp; credentials, Install a certificate, CA
certificate.</li>
<li>Firefox: Settings, Privacy &amp; Security, View certificates, Authorities, Import.</li>
</ol>
</body>
</html>
"""
