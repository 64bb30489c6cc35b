"""The commands for whoever runs a site, on a site of one file."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

from backend.kit.keys import LocalKeyFile
from cli.main import UNUSABLE, run


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SFPFR_DATABASE_URL", "SFPFR_KEY_FILE", "SFPFR_STORAGE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SFPFR_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_new_site_gets_tables_and_keys(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate"]) == 0
    assert "Keep a copy" in capsys.readouterr().out
    assert (site / "keys.json").stat().st_mode & 0o077 == 0
    keys = (site / "keys.json").read_bytes()
    assert run(["migrate"]) == 0
    assert "Keep a copy" not in capsys.readouterr().out
    assert (site / "keys.json").read_bytes() == keys


def test_a_user_is_made_with_a_link_and_no_password(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["migrate"])
    words = ["users", "create", "Ada@clinic.example", "--name", "Ada", "--role", "admin"]
    assert run([*words, "--role", "clinician", "--team", "Clinic"]) == 0
    assert re.search(r"http://127\.0\.0\.1:8000/\w+#\S{40,}", capsys.readouterr().out)
    assert run(words) == UNUSABLE  # there is one of that address
    assert run([*words[:5], "--role", "king"]) == UNUSABLE
    assert "clinician" in capsys.readouterr().err


def test_a_changed_log_is_found(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["migrate"])
    run(["users", "create", "ada@clinic.example", "--name", "Ada", "--role", "admin"])
    capsys.readouterr()
    assert run(["audit", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fault"] is None
    with sqlite3.connect(site / "sfpfr.sqlite") as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entries'"
        )
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit_entries SET action = 'nothing' WHERE sequence = 1")
    assert run(["audit", "verify"]) == 1
    assert "Entry 1 was changed" in capsys.readouterr().out


def test_a_site_is_saved_and_brought_back(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["migrate"])
    run(["users", "create", "ada@clinic.example", "--name", "Ada", "--role", "admin"])
    assert run(["backup", str(tmp_path / "saved.tar")]) == 0
    monkeypatch.setenv("SFPFR_DATA_DIR", str(tmp_path / "other"))
    assert run(["restore", str(tmp_path / "saved.tar")]) == UNUSABLE
    assert "no key file" in capsys.readouterr().err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "keys.json").write_bytes((site / "keys.json").read_bytes())
    (tmp_path / "other" / "keys.json").chmod(0o600)
    assert run(["restore", str(tmp_path / "saved.tar")]) == 0
    assert run(["audit", "verify"]) == 0
    with sqlite3.connect(tmp_path / "other" / "sfpfr.sqlite") as connection:
        assert connection.execute("SELECT email FROM users").fetchall() == [("ada@clinic.example",)]


def test_without_a_site_nothing_works_and_it_is_said(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["audit", "verify"], ["backup", "x.tar"], ["worker", "--ask-if-alive"]):
        assert run(words) == UNUSABLE
        assert "key file" in capsys.readouterr().err


def test_no_worker_is_alive_before_one_is_started(site: Path) -> None:
    run(["migrate"])
    assert run(["worker", "--ask-if-alive"]) == 1
    assert run(["worker", "--queue", "quantum"]) == UNUSABLE


@pytest.mark.parametrize("command", [["serve", "--port", "8999"], ["worker"]])
def test_a_site_is_served_with_its_own_keys_and_tables_only(
    site: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["migrate"])
    (site / "keys.json").unlink()
    LocalKeyFile.create(site / "keys.json")
    assert run(command) == UNUSABLE
    assert "does not belong to this database" in capsys.readouterr().err
    (site / "sfpfr.sqlite").unlink()
    assert run(command) == UNUSABLE
    assert "sfpfr migrate" in capsys.readouterr().err
