"""The limited child: what it may not do, and how its end is told."""

from __future__ import annotations

import sys

import pytest

from backend.kit import sandbox
from backend.kit.sandbox import ChildFailedError, Limits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Runs a few lines of Python as the child would run a module."""

    def run(lines: str, limits: Limits = Limits()) -> str:  # noqa: B008
        (tmp_path / "probe_under_test.py").write_text(lines)
        monkeypatch.setattr(sandbox, "_PROJECT", f"{sandbox._PROJECT}:{tmp_path}")
        return sandbox.run("probe_under_test", ["word"], limits).decode()

    return run


def test_gives_its_arguments_and_returns_what_is_written(child):
    assert child("import sys; print(sys.argv[1:])") == "['word']\n"


def test_sees_nothing_of_the_environment(child, monkeypatch):
    monkeypatch.setenv("SFPFR_SECRET", "hidden")
    assert "hidden" not in child("import os; print(os.environ)")


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")
@pytest.mark.parametrize(
    "lines",
    [
        "import socket; socket.socket()",
        "import os; os.execv('/bin/true', ['true'])",
        "import subprocess; subprocess.run(['/bin/true'])",
    ],
)
def test_may_neither_reach_out_nor_start_programs(child, lines):
    guarded = f"try:\n    {lines}\nexcept PermissionError:\n    print('refused')"
    assert child(guarded) == "refused\n"


def test_may_not_write_files(child, tmp_path):
    with pytest.raises(ChildFailedError):
        child(f"with open({str(tmp_path / 'grown')!r}, 'w') as file: file.write('x')")
    assert (tmp_path / "grown").stat().st_size == 0


@pytest.mark.parametrize(
    ("lines", "limits"),
    [
        ("bytearray(2**30)", Limits(memory_bytes=2**29)),
        ("while True: pass", Limits(cpu_s=1)),
        ("import time; time.sleep(60)", Limits(wall_s=0.5)),
        ("import os; os.kill(os.getpid(), 11)", Limits()),
        ("print('x' * 2**22)", Limits()),
        ("import os, time; os.close(1); time.sleep(60)", Limits(wall_s=0.5)),
    ],
)
def test_a_child_that_takes_too_much_is_ended(child, lines, limits):
    with pytest.raises(ChildFailedError):
        child(lines, limits)
