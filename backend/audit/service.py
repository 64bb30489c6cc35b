"""Adding to the audit log and checking it; who may read it is decided at its endpoints.

Entries are gathered while a unit of work runs and added just before it commits, in the same
transaction, so that the lock on the head of the chain is held for a moment only.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import repository
from backend.audit.chain import START, Head, canonical, entry_hash, read_head, write_head
from backend.audit.repository import Filter
from backend.db.models import AuditEntry
from backend.db.session import after_commit, before_commit, keys_of, now
from backend.kit.keys import KeyProvider

_log = logging.getLogger(__name__)

# Keys of `Session.info`
HEAD_FILE = "audit_head_file"
_PENDING = "audit_pending"

# What entries of the program itself have in place of a request.
NO_REQUEST = "-"


@dataclass(frozen=True)
class Verification:
    """What a check of the log found; `fault` is None when it is whole."""

    entries: int
    fault: str | None


def record(
    session: Session,
    caller: Caller | None,
    action: str,
    object_type: str,
    object_id: UUID | str | None = None,
    *,
    patient_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Tell the log what is being done or seen; it is kept if this unit of work is.

    `action` is a verb of the domain (`patient.create`, `face.read`). `detail` holds ids, names of
    fields and counts, nothing that identifies a patient. caller: None for the program itself.
    """
    session.info.setdefault(_PENDING, []).append(
        {
            "at": now(session),
            "actor_id": None if caller is None else caller.user_id,
            "action": action,
            "object_type": object_type,
            "object_id": None if object_id is None else str(object_id),
            "patient_id": patient_id,
            "request_id": NO_REQUEST if caller is None else caller.request_id,
            "detail": canonical(detail or {}),
        }
    )
    before_commit(session, _append)


def read(
    session: Session, caller: Caller, wanted: Filter, *, limit: int, offset: int
) -> tuple[Sequence[AuditEntry], int]:
    """A page of entries, newest first, and how many there are; the reading is an entry too."""
    record(session, caller, "audit.read", "audit", patient_id=wanted.patient_id)
    return repository.entries(session, wanted, limit=limit, offset=offset)


def _append(session: Session) -> None:
    entries: list[dict[str, Any]] = session.info.pop(_PENDING)
    head = repository.lock_head(session)
    for entry in entries:
        entry["sequence"] = head.sequence + 1
        entry["previous_hash"] = head.hash
        entry["hash"] = entry_hash(
            head.hash, **{name: entry[name] for name in entry if name != "previous_hash"}
        )
        head.sequence, head.hash = entry["sequence"], entry["hash"]
    repository.add(session, entries, head)
    path: Path | None = session.info.get(HEAD_FILE)
    if path is not None:
        written, keys = Head(head.sequence, head.hash), keys_of(session)
        after_commit(session, lambda: _sign(path, written, keys))


def _sign(path: Path, head: Head, keys: KeyProvider) -> None:
    try:
        write_head(path, head, keys)
    except OSError as error:
        # What was done is done and in the log; the next entry signs this one too.
        _log.error("audit head not written", extra={"error": error.strerror})


def verify(session: Session, head_file: Path, keys: KeyProvider) -> Verification:
    """Walk the whole chain and compare its end with the head file.

    Entries that are newer than the head file are right: it is written after the commit.
    """
    head = read_head(head_file, keys)
    previous, count, head_seen = START, 0, head is not None and head.sequence == 0
    for row in repository.whole_log(session):
        *fields, previous_hash, stored = tuple(row)
        count += 1
        if fields[0] != count:
            return Verification(count - 1, f"Entry {count} is missing.")
        if previous_hash != previous or entry_hash(previous, *fields) != stored:
            return Verification(count, f"Entry {count} was changed.")
        if head is not None and head.sequence == count:
            if head.hash != stored:
                return Verification(count, f"Entry {count} is not the one that was signed.")
            head_seen = True
        previous = stored
    present = repository.present_head(session)
    if (present or Head(0, START)) != Head(count, previous):
        return Verification(count, f"The log does not end where it should: {count} entries.")
    if count and head is None:
        return Verification(count, "The signed head file is missing, damaged or of another site.")
    if head is not None and not head_seen:
        return Verification(
            count, f"Entries {count + 1} to {head.sequence} were cut off; they were signed once."
        )
    return Verification(count, None)
