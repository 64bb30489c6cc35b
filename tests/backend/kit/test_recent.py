"""What is remembered, and for how long."""

from datetime import UTC, datetime, timedelta

from backend.kit.recent import Recent

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_a_key_is_remembered_for_its_span_only():
    recent = Recent(timedelta(minutes=10))
    assert ("a", NOON) not in recent
    recent.remember("a", NOON)
    assert ("a", NOON) in recent
    assert ("a", NOON + timedelta(minutes=9, seconds=59)) in recent
    assert ("a", NOON + timedelta(minutes=10)) not in recent
    assert ("b", NOON) not in recent


def test_the_oldest_go_when_there_are_too_many():
    recent = Recent(timedelta(minutes=10), most=2)
    for key in ("a", "b", "a", "c"):
        recent.remember(key, NOON)
    assert ("b", NOON) not in recent
    assert ("a", NOON) in recent
    assert ("c", NOON) in recent
