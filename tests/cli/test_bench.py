"""`sfpfr bench`: memory is summed over children, and the figures read as text."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cli import bench
from cli.main import run

HOLDS_MEMORY = """
import subprocess, sys
held = bytearray(b"x" * (64 << 20))
if len(sys.argv) < 2:
    child = subprocess.Popen([sys.executable, sys.argv[0], "child"], stdin=sys.stdin)
    child.wait()
else:
    sys.stdin.read()
"""


def test_memory_of_children_counts(tmp_path: Path) -> None:
    script = tmp_path / "holds_memory.py"
    script.write_text(HOLDS_MEMORY)
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE) as process:
        with bench.peak_memory(process.pid) as peak:
            give_up = time.monotonic() + 30
            while peak.mib < 128 and time.monotonic() < give_up:
                process.poll()
        process.communicate(b"")
    assert 128 <= peak.mib < 256


def test_figures_read_as_text() -> None:
    text = bench.table(
        {
            "recording_s": 10.0,
            "wall_s": 16.0,
            "ratio": 1.6,
            "cpu_s": 28.0,
            "peak_rss_mib": 1234.5,
            "stages": {"landmarks": 8.0, "fit": 4.0},
            "machine": {"processor": "a processor", "cores": 2},
        }
    )
    assert "landmarks                     8000 ms     50%" in text
    assert "start-up and storing          4000 ms     25%" in text
    assert "of processor time            28000 ms" in text
    assert "1.60 x the recording's 10.0 s; peak memory 1234 MiB" in text


def test_the_machine_is_described() -> None:
    described = bench.machine()
    assert described["cores"]
    assert json.dumps(described)


def test_missing_videos_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--recording", str(tmp_path)]) == 2
    assert "left.mp4" in capsys.readouterr().err


def test_a_failed_reconstruction_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for view in ("left", "center", "right"):
        (tmp_path / f"{view}.mp4").write_bytes(b"no video")

    class Failed:
        pid, returncode = -1, 2

        def __init__(self, *_: Any, **__: Any) -> None: ...

        def __enter__(self) -> "Failed":
            return self

        def __exit__(self, *_: object) -> None: ...

        def wait(self) -> None: ...

    monkeypatch.setattr(bench.subprocess, "Popen", Failed)
    assert run(["bench", "--recording", str(tmp_path)]) == 2
    assert "exit code 2" in capsys.readouterr().err
