"""The cookies of a signed-in browser; what they stand for is in `sessions`.

`__Host-sfpfr` is the session, out of reach of scripts. `__Host-sfpfr-csrf` is for the page's
scripts, which send it back as `X-CSRF-Token` with every change; it is bound to the session, so
that a cookie planted by a neighbouring host is worth nothing.
"""

from __future__ import annotations

from fastapi import Response

from backend.dependencies import session_cookie
from backend.kit.keys import KeyProvider
from backend.settings import Settings
from backend.users.tokens import csrf_token


def csrf_cookie(settings: Settings) -> str:
    """The name of the cookie that the page's scripts read."""
    return f"{session_cookie(settings)}-csrf"


def set_cookies(response: Response, settings: Settings, keys: KeyProvider, secret: str) -> None:
    """Let the browser keep the session until it is closed."""
    for name, value, hidden in (
        (session_cookie(settings), secret, True),
        (csrf_cookie(settings), csrf_token(keys, secret), False),
    ):
        response.set_cookie(
            name, value, path="/", secure=settings.secure, httponly=hidden, samesite="lax"
        )


def clear_cookies(response: Response, settings: Settings) -> None:
    """Let the browser forget the session."""
    for name in (session_cookie(settings), csrf_cookie(settings)):
        response.delete_cookie(name, path="/", secure=settings.secure, samesite="lax")
