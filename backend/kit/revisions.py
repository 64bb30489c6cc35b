"""Optimistic concurrency over HTTP: `ETag` tells a row's version, `If-Match` names it on a change.

What makes a row's version count up is in `backend.db.base`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from backend.kit.errors import PreconditionFailedError, ServiceError

_VERSION = re.compile(r'\s*(?:W/)?"(\d{1,9})"\s*')


class PreconditionRequiredError(ServiceError):
    """428: a change has to name the version it is based on."""

    status = 428
    code = "precondition_required"
    title = "Version missing"
    default_message = "A change must say which version it is based on."
    default_next_step = "Load the record and send its ETag as If-Match."


def _named_version(
    if_match: Annotated[str | None, Header(description='The ETag that was read, as `"3"`.')] = None,
) -> int:
    named = _VERSION.fullmatch(if_match or "")
    if named is None:
        raise PreconditionRequiredError
    return int(named.group(1))


# As a parameter of an endpoint that changes a row: `based_on: BasedOn`.
BasedOn = Annotated[int, Depends(_named_version)]


def tag(response: Response, version: int) -> None:
    """Tell the version of what is answered."""
    response.headers["ETag"] = f'"{version}"'


def expect(version: int, based_on: int, changed: Callable[[], Sequence[str]] = tuple) -> None:
    """Refuse a change of another version than the present one; `changed` names what differs."""
    if version == based_on:
        return
    fields = sorted(set(changed()))
    told = f" Changed: {', '.join(fields)}." if fields else ""
    raise PreconditionFailedError(
        f"Somebody changed this in the meantime.{told}",
        extra={"version": version, "changed_fields": fields},
        headers={"ETag": f'"{version}"'},
    )


def apply(row: object, values: Mapping[str, Any]) -> list[str]:
    """Set those attributes that differ and return their names."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed
