"""Time-based codes (RFC 6238) and the recovery codes that stand in for them; nothing is stored."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from backend.kit.keys import KeyProvider, keyed_hash

STEP_SECONDS = 30
DIGITS = 6
RECOVERY_CODES = 10
# Clocks of telephones are off by a step.
_TOLERATED_STEPS = (0, -1, 1)
_SECRET_BYTES = 20
_ISSUER = "SFPFR"


def new_secret() -> str:
    """A new shared secret, in base32 as authenticators take it."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def address(secret: str, account: str) -> str:
    """The `otpauth://` address for the QR code."""
    return _totp(secret).get_provisioning_uri(account, _ISSUER)


def step_of(secret: str, code: str, at: datetime, last_step: int | None) -> int | None:
    """The time step whose code this is; None when wrong or not newer than `last_step`."""
    present = int(at.timestamp()) // STEP_SECONDS
    for step in (present + offset for offset in _TOLERATED_STEPS):
        right = _totp(secret).generate(step * STEP_SECONDS)
        new = last_step is None or step > last_step
        if hmac.compare_digest(right, code.encode()) and new:
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Codes to be printed: 50 random bits each, as `ABCDE-FGHIJ`."""
    return [_grouped(secrets.token_bytes(7)) for _ in range(RECOVERY_CODES)]


def recovery_hash(keys: KeyProvider, user_id: UUID, code: str) -> bytes:
    """What is stored of a recovery code; keyed, since 50 bits alone could be guessed offline."""
    plain = "".join(code.split()).replace("-", "").upper()
    return keyed_hash(keys, "recovery", f"{user_id.hex}:{plain}")


def _grouped(random: bytes) -> str:
    text = base64.b32encode(random).decode()[:10]
    return f"{text[:5]}-{text[5:]}"


def _totp(secret: str) -> TOTP:
    # SHA-1 is what every authenticator speaks; as an HMAC it is sound.
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
