"""The page's document for every place, and the files that it loads; the API stands elsewhere."""

from __future__ import annotations

import html
import re
import secrets
from os import PathLike, stat_result
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from backend.kit.ranges import IMMUTABLE
from backend.middleware import content_security_policy
from backend.settings import Settings

BUNDLE = Path(__file__).parent / "bundle"
ASSETS = "/assets"

_PLACE_OF_SERVED = "<!-- served: what the server tells the page -->"
# Only this place loads the detector, which is compiled in the browser.
_CAPTURE = re.compile(r"visits/[^/]+/capture")
_DETECTOR = "detectWorker-"


class _Place(Convertor[str]):
    """Any address but those where the API and the page's files stand."""

    regex = "(?!api(?:/|$)|assets/).*"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("place", _Place())

router = APIRouter(include_in_schema=False)


class _Immutable(StaticFiles):
    """Files whose names change with their contents."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The answer for one file."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = IMMUTABLE
        if Path(full_path).name.startswith(_DETECTOR):
            # A worker goes by the policy of its own file, not by that of the page.
            answer.headers["Content-Security-Policy"] = content_security_policy(compiles=True)
        return answer


def assets() -> ASGIApp:
    """The files of the bundle, compressed for whoever takes them so."""
    return GZipMiddleware(_Immutable(directory=BUNDLE / "assets"), minimum_size=1024)


@router.get("/{place:place}")
def page(place: str, request: Request) -> Response:
    """The document: the same for every place, but for its policy and the nonce of its styles."""
    settings: Settings = request.app.state.settings
    nonce = secrets.token_urlsafe(16)
    served = (
        f'<meta name="sfpfr-nonce" content="{nonce}" />'
        f'<meta name="sfpfr-notice" content="{html.escape(settings.notice)}" />'
    )
    document = (BUNDLE / "index.html").read_text(encoding="utf-8")
    policy = content_security_policy(
        style_nonce=nonce, compiles=_CAPTURE.fullmatch(place) is not None
    )
    return HTMLResponse(
        document.replace(_PLACE_OF_SERVED, served),
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
    )
