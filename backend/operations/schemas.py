"""What the addresses for machines answer."""

from __future__ import annotations

from pydantic import BaseModel

from backend.operations.health import Health


class Alive(BaseModel):
    """The process answers."""

    status: Health


class Ready(BaseModel):
    """How the parts are; `status` is `ok`, `low` (something is missing) or `down`."""

    status: Health
    parts: dict[str, Health]
