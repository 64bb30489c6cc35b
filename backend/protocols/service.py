"""Which movement protocol is in force, and how an administrator replaces it."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import ProtocolVersion
from backend.db.session import now
from backend.kit.errors import ConflictError, NotFoundError
from backend.kit.pagination import Page, Paging
from backend.protocols import repository
from backend.protocols.schemas import Protocol, ProtocolDraft, ProtocolVersionRead

DEFAULT_NUMBER = 1
DEFAULT_COMMENT = "The protocol that comes with the software."


class ProtocolChangedError(ConflictError):
    """409: the draft was made from a protocol that is no longer in force."""

    code = "protocol_changed"
    default_message = "Somebody stored another protocol in the meantime."
    default_next_step = "Load the protocol in force and repeat your change."


@lru_cache(maxsize=1)
def default_protocol() -> Protocol:
    """The protocol of the software, from its data file."""
    return Protocol.model_validate_json(files(__package__).joinpath("default.json").read_bytes())


def in_force(session: Session) -> ProtocolVersionRead:
    """The protocol in force: the newest stored one, or that of the software."""
    row = repository.newest(session)
    return _default() if row is None else _read(row, in_force=True)


def of_number(session: Session, number: int | None) -> ProtocolVersionRead:
    """The version of this number; None stands for the one in force. Raises NotFoundError."""
    current = in_force(session)
    if number is None or number == current.number:
        return current
    row = repository.numbered(session, number)
    if row is None:
        raise NotFoundError
    return _read(row, in_force=False)


def measured_as(session: Session, number: int | None, movement_id: str) -> str | None:
    """The movement of the measures that rules takes of this one; None when it is not measured."""
    movement = of_number(session, number).protocol.movement(movement_id)
    return None if movement is None else movement.measured_as


def versions(session: Session, paging: Paging) -> Page[ProtocolVersionRead]:
    """All versions, the newest first."""
    rows, total = repository.page(session, paging.limit, paging.offset)
    if total == 0:
        return paging.page([_default()][paging.offset :], 1)
    newest = in_force(session).number
    return paging.page([_read(row, in_force=row.number == newest) for row in rows], total)


def replace(session: Session, caller: Caller, draft: ProtocolDraft) -> ProtocolVersionRead:
    """Store a new version, which is in force from now on; raises ProtocolChangedError."""
    present = install(session)
    if draft.based_on != present:
        raise ProtocolChangedError(extra={"in_force": present})
    row = _add(session, present + 1, draft.protocol, draft.comment, caller)
    if row is None:
        raise ProtocolChangedError
    audit.record(
        session,
        caller,
        "protocol.replace",
        "protocol",
        str(row.number),
        detail={"movements": [movement.id for movement in draft.protocol.movements]},
    )
    return _read(row, in_force=True)


def install(session: Session) -> int:
    """Number of the protocol in force, which is stored so that rows can point to it."""
    row = repository.newest(session)
    if row is None:
        _add(session, DEFAULT_NUMBER, default_protocol(), DEFAULT_COMMENT, None)
        return DEFAULT_NUMBER
    return row.number


def _add(
    session: Session, number: int, protocol: Protocol, comment: str, caller: Caller | None
) -> ProtocolVersion | None:
    """The new row; None when another transaction stored one of that number at the same moment."""
    row = ProtocolVersion(
        number=number,
        content=protocol.model_dump(mode="json"),
        comment=comment,
        created_at=now(session),
        created_by_id=None if caller is None else caller.user_id,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return row


def _read(row: ProtocolVersion, *, in_force: bool) -> ProtocolVersionRead:
    return ProtocolVersionRead(
        number=row.number,
        in_force=in_force,
        protocol=Protocol.model_validate(row.content),
        comment=row.comment,
        created_at=row.created_at,
        created_by_id=row.created_by_id,
    )


def _default() -> ProtocolVersionRead:
    return ProtocolVersionRead(
        number=DEFAULT_NUMBER,
        in_force=True,
        protocol=default_protocol(),
        comment=DEFAULT_COMMENT,
        created_at=None,
        created_by_id=None,
    )
