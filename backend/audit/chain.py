"""The hashes that chain the audit log and the signed head outside the database; no queries here.

Each entry's hash covers the one before it, so a changed, removed or moved entry breaks the chain.
A cut tail does not; the head file (length and last hash, signed with a key of the site) finds it.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from backend.kit.keys import KeyProvider, keyed_hash

START = bytes(32)
_PURPOSE = "audit-head"


@dataclass(frozen=True)
class Head:
    """How long the log is and the hash of its last entry."""

    sequence: int
    hash: bytes


def canonical(detail: dict[str, Any]) -> str:
    """JSON that is the same for equal content."""
    return json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(
    previous: bytes,
    sequence: int,
    at: datetime,
    actor_id: UUID | None,
    action: str,
    object_type: str,
    object_id: str | None,
    patient_id: UUID | None,
    request_id: str,
    detail: str,
) -> bytes:
    """SHA-256 over the previous hash and every field of an entry."""
    fields = [
        sequence,
        at.isoformat(timespec="microseconds"),
        actor_id.hex if actor_id else None,
        action,
        object_type,
        object_id,
        patient_id.hex if patient_id else None,
        request_id,
        detail,
    ]
    return sha256(previous + json.dumps(fields, ensure_ascii=False).encode()).digest()


def read_head(path: Path, keys: KeyProvider) -> Head | None:
    """The head written last; None when it is missing, damaged or not signed by the site."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        head = Head(int(stored["sequence"]), bytes.fromhex(stored["hash"]))
        signature = bytes.fromhex(stored["signature"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return head if hmac.compare_digest(signature, _signature(head, keys)) else None


def write_head(path: Path, head: Head, keys: KeyProvider) -> None:
    """Put the head into its file, unless a later one is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        present = read_head(path, keys)
        if present is not None and present.sequence >= head.sequence:
            return
        stored = {
            "sequence": head.sequence,
            "hash": head.hash.hex(),
            "signature": _signature(head, keys).hex(),
        }
        draft = path.with_name(path.name + ".part")
        draft.write_text(json.dumps(stored) + "\n", encoding="utf-8")
        draft.replace(path)
    finally:
        os.close(lock)


def _signature(head: Head, keys: KeyProvider) -> bytes:
    return keyed_hash(keys, _PURPOSE, f"{head.sequence}:{head.hash.hex()}")
