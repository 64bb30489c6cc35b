"""Secrets that are shown once and kept as hashes: cookies, API tokens, one-time links."""

from __future__ import annotations

import base64
import secrets
from hashlib import sha256

from backend.kit.keys import KeyProvider, keyed_hash

API_TOKEN_PREFIX = "sfpfr_"  # noqa: S105 - a prefix, so that leaked tokens can be searched for


def new_secret() -> str:
    """256 random bits for a cookie, a token or a link."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is stored of a secret; it has 256 random bits, so a plain hash can't be guessed."""
    return sha256(secret.encode()).digest()


def csrf_token(keys: KeyProvider, session_secret: str) -> str:
    """What a page must send back in a header to change things; bound to the session."""
    digest = keyed_hash(keys, "csrf", session_secret)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
