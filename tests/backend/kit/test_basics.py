"""Identifiers sort by time; refusals say what to do; pages say where the next one begins."""

import time
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from backend.kit.errors import ConflictError, NotFoundError, TooManyRequestsError, declares
from backend.kit.ids import uuid7
from backend.kit.pagination import Paging


def test_ids_are_version_7_and_sort_by_the_time_they_were_made() -> None:
    made: list[UUID] = []
    for _ in range(3):
        made.append(uuid7())
        before = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 == before:
            pass
    assert made == sorted(made)
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {"specified in RFC 4122"}


def test_a_refusal_carries_its_next_step_and_request() -> None:
    problem = ConflictError("No consent.", "Record it.", extra={"purpose": "care"}).problem("r1")
    assert problem.model_dump() == {
        "type": "urn:sfpfr:problem:conflict",
        "title": "Not possible now",
        "status": 409,
        "detail": "No consent.",
        "next_step": "Record it.",
        "code": "conflict",
        "request_id": "r1",
        "purpose": "care",
    }
    assert TooManyRequestsError.retry_after(0).headers == {"Retry-After": "1"}


def test_declared_errors_of_one_status_share_its_entry() -> None:
    class OtherError(ConflictError):
        code = "other"

    declared = declares(ConflictError, NotFoundError, OtherError)
    assert set(declared) == {404, 409}
    assert "`conflict`" in declared[409]["description"]
    assert "`other`" in declared[409]["description"]


@given(st.integers(0, 30), st.integers(1, 7))
def test_following_the_pages_sees_each_item_once(total: int, limit: int) -> None:
    seen: list[int] = []
    offset: int | None = 0
    while offset is not None:
        paging = Paging(limit=limit, offset=offset)
        page = paging.page(range(total)[offset : offset + limit], total)
        seen += page.items
        offset = page.next
    assert seen == list(range(total))
