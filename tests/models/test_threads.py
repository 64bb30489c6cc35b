from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from models.threads import cores, in_order


@pytest.mark.skipif(cores() < 2, reason="needs two processors")
def test_results_come_in_the_order_of_the_items_although_the_first_ends_last() -> None:
    second_has_run = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_has_run.wait(30)
        second_has_run.set()
        return item * item

    assert list(in_order(work, range(50))) == [item * item for item in range(50)]


def test_only_a_few_items_are_taken_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    results = in_order(lambda item: item, items())
    assert next(results) == 0
    assert len(taken) < 200


def test_an_error_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda item: 1 / item, [1, 0, 2]))
