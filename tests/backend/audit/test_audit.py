"""The audit log: kept with what it tells, and any edit or removal found."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from service_factories import Service
from sqlalchemy import text

from backend.access import Role
from backend.app import API
from backend.audit import service as audit
from backend.audit.chain import Head, read_head, write_head
from backend.db.session import Database
from backend.kit.clock import SettableClock
from backend.kit.ids import uuid7
from backend.kit.keys import LocalKeyFile


@pytest.fixture
def head_file(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "audit-head.json"


@pytest.fixture
def logged(
    database_url: str, site_keys: LocalKeyFile, clock: SettableClock, head_file: Path
) -> Iterator[Database]:
    """A database whose log has ten entries of several units of work."""
    database = Database(database_url, site_keys, clock, extras={audit.HEAD_FILE: head_file})
    for number in range(5):
        with database.unit_of_work() as unit:
            audit.record(unit, None, "test.one", "thing", uuid7(), detail={"number": number})
            audit.record(unit, None, "test.two", "thing", patient_id=uuid7())
    yield database
    database.close()


def check(database: Database, head_file: Path) -> audit.Verification:
    with database.unit_of_work(read_only=True) as unit:
        return audit.verify(unit, head_file, database.keys)


def tamper(database: Database, *statements: str) -> None:
    """What somebody with all rights over the database could do."""
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.execute(text("DROP TRIGGER audit_entries_not_changed"))
            connection.execute(text("DROP TRIGGER audit_entries_not_removed"))
        for statement in statements:
            connection.execute(text(statement))


def test_an_untouched_log_is_whole(logged: Database, head_file: Path) -> None:
    assert check(logged, head_file) == audit.Verification(10, None)
    assert read_head(head_file, logged.keys) is not None


@pytest.mark.parametrize("number", [1, 5, 10])
@pytest.mark.parametrize(
    "change",
    [
        "action = 'x'",
        "at = '2029-01-01 00:00:00+00:00'",
        "actor_id = '00000000000000000000000000000001'",
        "object_type = 'x'",
        "object_id = 'x'",
        "patient_id = '00000000000000000000000000000001'",
        "request_id = 'x'",
        "detail = '{}  '",
        "hash = previous_hash",
    ],
)
def test_any_changed_entry_is_found(
    logged: Database, head_file: Path, number: int, change: str
) -> None:
    tamper(logged, f"UPDATE audit_entries SET {change} WHERE sequence = {number}")
    assert check(logged, head_file).fault is not None


@pytest.mark.parametrize("number", range(1, 11))
def test_any_removed_entry_is_found(logged: Database, head_file: Path, number: int) -> None:
    tamper(logged, f"DELETE FROM audit_entries WHERE sequence = {number}")
    assert check(logged, head_file).fault is not None


def test_a_tail_cut_together_with_the_head_row_is_found(logged: Database, head_file: Path) -> None:
    tamper(
        logged,
        "DELETE FROM audit_entries WHERE sequence > 7",
        "UPDATE audit_head SET sequence = 7, "
        "hash = (SELECT hash FROM audit_entries WHERE sequence = 7)",
    )
    assert check(logged, head_file) == audit.Verification(
        7, "Entries 8 to 10 were cut off; they were signed once."
    )


def test_a_chain_calculated_anew_is_found(logged: Database, head_file: Path) -> None:
    """Who rewrites everything from one entry on has no key to sign the end with."""
    tamper(logged, "DELETE FROM audit_entries", "DELETE FROM audit_head")
    for _ in range(5):
        with logged.unit_of_work() as unit:
            unit.info.pop(audit.HEAD_FILE)
            audit.record(unit, None, "test.other", "thing")
            audit.record(unit, None, "test.other", "thing")
    assert check(logged, head_file).fault == "Entry 10 is not the one that was signed."


def test_a_missing_or_foreign_head_file_is_told(logged: Database, head_file: Path) -> None:
    write_head(head_file.with_name("other"), Head(10, bytes(32)), LocalKeyFile.generate())
    head_file.with_name("other").replace(head_file)
    assert "head file" in str(check(logged, head_file).fault)
    head_file.unlink()
    assert "head file" in str(check(logged, head_file).fault)


def test_entries_since_the_head_was_signed_are_right(logged: Database, head_file: Path) -> None:
    """A process that dies after the commit has not written the head."""
    with logged.unit_of_work() as unit:
        unit.info.pop(audit.HEAD_FILE)
        audit.record(unit, None, "test.late", "thing")
    assert check(logged, head_file) == audit.Verification(11, None)


def test_what_is_rolled_back_is_not_told(logged: Database, head_file: Path) -> None:
    with suppress(RuntimeError), logged.unit_of_work() as unit:
        audit.record(unit, None, "test.never", "thing")
        raise RuntimeError
    assert check(logged, head_file) == audit.Verification(10, None)


def test_the_head_never_goes_back(head_file: Path, site_keys: LocalKeyFile) -> None:
    write_head(head_file, Head(3, bytes(32)), site_keys)
    write_head(head_file, Head(2, bytes(32)), site_keys)
    assert read_head(head_file, site_keys) == Head(3, bytes(32))


def test_administrators_read_and_export_the_log(service: Service) -> None:
    admin: Any = service.client(Role.ADMIN)
    team = admin.post(f"{API}/teams", json={"name": "Ward"}).json()
    entry = admin.get(f"{API}/audit", params={"action": "team.create"}).json()["items"][0]
    assert entry["object_id"] == team["id"]
    assert entry["actor_id"] == str(admin.user.id)
    assert admin.get(f"{API}/audit").json()["items"][0]["action"] == "audit.read"
    export = admin.get(f"{API}/audit/export", params={"object_type": "team"})
    rows = list(csv.DictReader(io.StringIO(export.text)))
    assert [row["action"] for row in rows] == ["team.create"]
    for role in set(Role) - {Role.ADMIN}:
        assert service.client(role).get(f"{API}/audit").status_code == 403
        assert service.client(role).get(f"{API}/audit/export").status_code == 403
    assert check(service.database, service.settings.audit_head).fault is None
