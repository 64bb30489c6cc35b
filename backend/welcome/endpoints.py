"""Hands out the page's three files; what it sends goes to the routes of links.

The secret stands behind the `#` of the address, so it never reaches these routes.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

_HERE = Path(__file__).parent

router = APIRouter(include_in_schema=False)


@router.get("/welcome")
def page() -> FileResponse:
    """The page."""
    return FileResponse(_HERE / "page.html", media_type="text/html; charset=utf-8")


@router.get("/welcome/page.js")
def script() -> FileResponse:
    """Its script."""
    return FileResponse(_HERE / "page.js", media_type="text/javascript; charset=utf-8")


@router.get("/welcome/page.css")
def style() -> FileResponse:
    """Its style."""
    return FileResponse(_HERE / "page.css", media_type="text/css; charset=utf-8")
