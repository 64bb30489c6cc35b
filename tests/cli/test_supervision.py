"""Parts come up in order, come back when they die, and are all gone afterwards."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.supervision import Part, StartError, Supervisor

PATIENCE_S = 30.0

SERVER = """
    import os, pathlib, signal, sys, time
    me = pathlib.Path(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: (me.with_suffix(".stopped").touch(), sys.exit(0)))
    me.write_text(str(os.getpid()))
    print("up", flush=True)
    while True:
        time.sleep(60)
"""


def until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        threading.Event().wait(0.02)


def gone(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    return True


def server(folder: Path, name: str) -> Part:
    file = folder / name
    program = (sys.executable, "-c", textwrap.dedent(SERVER), str(file))
    return Part(name, program, answers=lambda: file.exists() and file.read_text() != "")


@contextlib.contextmanager
def running(supervisor: Supervisor) -> Iterator[None]:
    ready = threading.Event()
    # Started from a thread of its own: the leash binds to the thread that starts the parts.
    thread = threading.Thread(target=supervisor.run, args=(ready.set,))
    thread.start()
    try:
        until(ready.is_set)
        yield
    finally:
        supervisor.stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_all_parts_are_stopped_in_an_orderly_way(tmp_path: Path) -> None:
    with running(Supervisor([server(tmp_path, "a"), server(tmp_path, "b")], tmp_path / "logs")):
        pids = [int((tmp_path / name).read_text()) for name in "ab"]
    assert all(gone(pid) for pid in pids)
    assert (tmp_path / "a.stopped").exists()
    assert (tmp_path / "b.stopped").exists()
    assert (tmp_path / "logs" / "a.log").read_text() == "up\n"


def test_what_is_killed_comes_back(tmp_path: Path) -> None:
    supervisor = Supervisor([server(tmp_path, "a")], tmp_path / "logs")
    with running(supervisor):
        first = int((tmp_path / "a").read_text())
        os.kill(first, signal.SIGKILL)
        until(lambda: (tmp_path / "a").read_text() not in {"", str(first)})
    assert gone(first)


def test_a_part_that_never_starts_is_told_with_its_last_words(tmp_path: Path) -> None:
    before = server(tmp_path, "before")
    program = (sys.executable, "-c", "import sys; sys.exit('the port is taken')")
    broken = Part("broken", program, answers=lambda: False)
    with pytest.raises(StartError, match="the port is taken"):
        Supervisor([before, broken], tmp_path / "logs").run(lambda: None)
    assert gone(int((tmp_path / "before").read_text()))


def test_a_part_that_ignores_the_request_is_killed_with_its_children(tmp_path: Path) -> None:
    program = f"""
        import os, pathlib, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pathlib.Path({str(tmp_path / "child")!r}).write_text(str(child.pid))
        time.sleep(600)
    """
    stubborn = Part(
        "stubborn",
        (sys.executable, "-c", textwrap.dedent(program)),
        answers=(tmp_path / "child").exists,
        stop_s=0.2,
    )
    with running(Supervisor([stubborn], tmp_path / "logs")):
        until(lambda: (tmp_path / "child").read_text())
        child = int((tmp_path / "child").read_text())
    until(lambda: gone(child))


def test_a_part_that_runs_once_is_not_repeated(tmp_path: Path) -> None:
    program = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')"
    once = Part("once", (sys.executable, "-c", program), kept=False)
    with running(Supervisor([once, server(tmp_path, "a")], tmp_path / "logs")):
        until(lambda: (tmp_path / "runs").exists() and (tmp_path / "runs").read_text())
        os.kill(int((tmp_path / "a").read_text()), signal.SIGKILL)
        (tmp_path / "a").unlink()
        until((tmp_path / "a").exists)
    assert (tmp_path / "runs").read_text() == "x"


@pytest.mark.skipif(sys.platform != "linux", reason="the leash is Linux's")
def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "a"
    program = f"""
        import pathlib, sys
        from cli.supervision import Part, Supervisor
        command = (sys.executable, "-c", {textwrap.dedent(SERVER)!r}, {str(file)!r})
        Supervisor([Part("a", command)], pathlib.Path({str(tmp_path / "logs")!r})).run(lambda: None)
    """
    supervisor = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)])
    until(lambda: file.exists() and file.read_text())
    pid = int(file.read_text())
    supervisor.kill()
    supervisor.wait()
    until(lambda: gone(pid))
