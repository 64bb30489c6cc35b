"""Units of work keep all or nothing; sealed columns open on their own row alone."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from service_factories import Factory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from backend.db.models import Patient, Sex, Team, View
from backend.db.session import Database, after_commit, before_commit, now
from backend.kit.errors import ConflictError, ServiceError, StorageFullError, UnavailableError
from backend.kit.ids import uuid7
from backend.kit.keys import LocalKeyFile, SealBrokenError
from backend.scope import unscoped


def teams(database: Database) -> list[Team]:
    with database.unit_of_work(read_only=True) as unit:
        return list(unit.scalars(unscoped(Team, because="a test")))


def patients(database: Database) -> list[Patient]:
    with database.unit_of_work(read_only=True) as unit:
        return list(unit.scalars(unscoped(Patient, because="a test")))


def a_team(database: Database, name: str = "Ward") -> Team:
    return Team(name=name, created_at=database.clock.now())


def test_an_exception_leaves_nothing(database: Database) -> None:
    rung = []
    with suppress(KeyError), database.unit_of_work() as unit:
        unit.add(a_team(database))
        unit.flush()
        after_commit(unit, lambda: rung.append("bell"))
        raise KeyError
    assert teams(database) == []
    assert rung == []


def test_what_follows_a_commit_finds_it_done(database: Database) -> None:
    seen = []
    with database.unit_of_work() as unit:
        unit.add(a_team(database))
        after_commit(unit, lambda: seen.append(len(teams(database))))
        assert seen == []
    assert seen == [1]


def test_what_precedes_a_commit_runs_once_and_is_kept(database: Database) -> None:
    def prepare(unit) -> None:
        unit.add(a_team(database, "Late"))

    with database.unit_of_work() as unit:
        before_commit(unit, prepare)
        before_commit(unit, prepare)
    assert [team.name for team in teams(database)] == ["Late"]


def test_reading_can_not_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.unit_of_work(read_only=True) as unit:  # noqa: PT012
        unit.add(a_team(database))
        unit.flush()
    # The connection goes back fit for writing.
    with database.unit_of_work() as unit:
        unit.add(a_team(database))
    assert len(teams(database)) == 1


def test_a_mistake_of_the_program_is_not_told_as_an_outage(database: Database) -> None:
    with pytest.raises(DBAPIError), database.unit_of_work() as unit:
        unit.execute(text("SELECT * FROM no_such_table"))


def test_a_burst_that_the_pool_can_not_serve_is_told(
    database_url: str, site_keys: LocalKeyFile, clock
) -> None:
    database = Database(database_url, site_keys, clock, pool=1)
    database.engine.pool._timeout = 0.01  # type: ignore[attr-defined]
    with database.unit_of_work() as unit:
        unit.execute(text("SELECT 1"))
        with (
            pytest.raises(UnavailableError, match="busy"),
            database.unit_of_work(read_only=True) as other,
        ):
            other.execute(text("SELECT 1"))
    database.close()


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.unit_of_work() as unit:
        unit.add(a_team(database))
        unit.flush()
        assert teams(database) == []
    assert len(teams(database)) == 1


def test_who_changes_an_old_version_is_told(database: Database, make: Factory) -> None:
    team = make.team()
    with database.unit_of_work() as unit:
        unit.scalars(unscoped(Team, because="a test")).one().name = "First"
    with pytest.raises(ConflictError), database.unit_of_work() as unit:  # noqa: PT012
        unit.add(team)
        team.name = "Second"
    assert [team.name for team in teams(database)] == ["First"]


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path, migrated_sqlite, site_keys: LocalKeyFile, clock
) -> None:
    path = tmp_path / "small.sqlite"
    path.write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{path}", site_keys, clock, pool=1)

    def fill(count: int) -> None:
        with database.unit_of_work() as unit:
            pages = unit.execute(text("PRAGMA page_count")).scalar_one()
            unit.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
            for number in range(count):
                unit.add(a_team(database, f"{number} {'x' * 200}"))

    with pytest.raises(StorageFullError):
        fill(500)
    assert teams(database) == []
    with database.unit_of_work() as unit:
        unit.execute(text("PRAGMA max_page_count = 100000"))
    fill(1)
    assert len(teams(database)) == 1
    database.close()


def test_a_database_that_is_away_is_told(site_keys: LocalKeyFile, clock, tmp_path) -> None:
    for url in (
        f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}",
        "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2",
    ):
        database = Database(url, site_keys, clock)
        with pytest.raises(UnavailableError), database.unit_of_work() as unit:
            unit.execute(text("SELECT 1"))
        database.close()


def test_instants_come_back_aware_and_in_utc(database: Database) -> None:
    summer = timezone(timedelta(hours=2))
    at = datetime(2030, 6, 1, 9, 30, 15, 123456, tzinfo=summer)
    with database.unit_of_work() as unit:
        unit.add(Team(name="Ward", created_at=at))
    assert teams(database)[0].created_at == at
    assert teams(database)[0].created_at.tzinfo is UTC
    with pytest.raises(StatementError, match="time zone"), database.unit_of_work() as unit:
        unit.add(Team(name="Naive", created_at=at.replace(tzinfo=None)))


def test_a_sealed_column_is_unreadable_in_the_database(database: Database, make: Factory) -> None:
    make.patient(name="Erika Mustermann", mrn="4711")
    with database.engine.connect() as connection:
        stored = repr(connection.execute(text("SELECT * FROM patients")).all())
    assert "Erika" not in stored
    assert "4711" not in stored
    with database.unit_of_work() as unit:
        patient = unit.scalars(unscoped(Patient, because="a test")).one()
        assert (patient.name, patient.mrn, patient.notes) == ("Erika Mustermann", "4711", None)
        patient.name = None
    assert patients(database)[0].name_sealed is None


def test_a_sealed_value_moved_to_another_row_does_not_open(
    database: Database, make: Factory
) -> None:
    mine, theirs = make.patient(name="Erika"), make.patient(name="Max")
    with database.engine.begin() as connection:
        table = Patient.__table__
        connection.execute(
            table.update().where(table.c.id == theirs.id).values(name_sealed=mine.name_sealed)
        )
    with database.unit_of_work() as unit:
        for patient in unit.scalars(unscoped(Patient, because="a test")):
            if patient.id == theirs.id:
                with pytest.raises(SealBrokenError):
                    _ = patient.name
            else:
                assert patient.name == "Erika"


def test_a_row_outside_a_session_keeps_its_seals_closed() -> None:
    patient = Patient(pseudonym="P-1", sex=Sex.UNKNOWN)
    with pytest.raises(RuntimeError, match="in a session"):
        patient.name = "Erika"


def test_an_error_of_the_database_tells_no_values(database: Database, make: Factory) -> None:
    make.team(name="Ward of Erika Mustermann")
    with pytest.raises(DBAPIError) as caught:
        make.team(name="Ward of Erika Mustermann")
    assert "INSERT" in str(caught.value)
    assert not isinstance(caught.value, ServiceError)


def test_derived_files_are_kept_once_for_each_view_and_for_none(
    database: Database, make: Factory
) -> None:
    from backend.db.models import RecordingFile, RecordingFileRole

    visit = make.visit(make.patient())
    recording = make.recording(visit)

    def keep(view: View | None) -> None:
        make.save(
            RecordingFile(
                id=uuid7(),
                recording_id=recording.id,
                patient_id=visit.patient_id,
                role=RecordingFileRole.CROPS,
                view=view,
                blob_id=make.blob(visit.patient_id).id,
                details={},
                created_at=database.clock.now(),
            )
        )

    keep(None)
    keep(View.LEFT)
    for view in (None, View.LEFT):
        with pytest.raises(DBAPIError):
            keep(view)


def test_the_units_clock_is_the_sites(database: Database, clock) -> None:
    with database.unit_of_work() as unit:
        assert now(unit) == clock.now()
