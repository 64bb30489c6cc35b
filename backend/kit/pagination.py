"""Pages of lists: how a client asks for one and what it gets; no SQL here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

Item = TypeVar("Item")

MAX_LIMIT = 200


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the `offset` of the following page, None on the last."""

    items: list[Item]
    total: int
    next: int | None


class Paging(BaseModel):
    """Which part of a list is asked for."""

    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0

    def page(self, items: Sequence[Item], total: int) -> Page[Item]:
        """The page of these items out of `total`."""
        end = self.offset + len(items)
        return Page(items=list(items), total=total, next=end if items and end < total else None)


def _paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Paging:
    return Paging(limit=limit, offset=offset)


# As a parameter of an endpoint: `page: PageRequest`.
PageRequest = Annotated[Paging, Depends(_paging)]
