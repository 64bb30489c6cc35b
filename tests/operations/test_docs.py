"""The page for whoever runs the service names what there is, all of it and nothing else."""

import re
from pathlib import Path

import typer.main

from backend.settings import Settings
from cli.main import app

PAGE = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text(encoding="utf-8")


def test_every_setting_is_listed() -> None:
    listed = set(re.findall(r"`SFPFR_([A-Z_]+)`", PAGE.partition("## Settings")[2]))
    assert listed == {name.upper() for name in Settings.model_fields}


def test_the_commands_named_are_there() -> None:
    there = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"`sfpfr ([a-z]+)", PAGE)) <= there
