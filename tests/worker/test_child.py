"""The child process under limits: each way to fail becomes a readable reason, and work goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from worker.child import Limits, WarmChild
from worker.errors import ChildError, RefusedWorkError

ROOMY = Limits(wall_s=60.0, memory_mib=2048.0)


@pytest.fixture
def child(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    made = WarmChild()
    yield made
    made.close()


def run(child, tmp_path, work, arguments=None, limits=ROOMY, **callbacks):
    return child.run(
        f"work_for_tests:{work}", arguments or {}, scratch=tmp_path, limits=limits, **callbacks
    )


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_returns_the_result_and_reports_progress(child, tmp_path):
    seen = []
    result = run(child, tmp_path, "echo", {"n": 3}, progress=lambda *report: seen.append(report))
    assert result["n"] == 3
    assert seen == [("reading", 0.5), ("reading", 1.0)]


def test_the_child_is_warm_for_the_next_work(child, tmp_path):
    child.warm_up()
    pid = child.pid
    assert run(child, tmp_path, "echo")["pid"] == pid
    assert run(child, tmp_path, "echo")["pid"] == pid


def test_the_child_is_replaced_after_so_many_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    child = WarmChild(max_runs=1)
    try:
        first = run(child, tmp_path, "echo")["pid"]
        assert run(child, tmp_path, "echo")["pid"] != first
    finally:
        child.close()


def test_a_refusal_keeps_its_words_and_the_child(child, tmp_path):
    with pytest.raises(RefusedWorkError) as caught:
        run(child, tmp_path, "refuse")
    assert (caught.value.code, caught.value.reason, caught.value.next_step) == (
        "UnusableInputError",
        "The file is empty.",
        "Copy it again.",
    )
    pid = child.pid
    assert run(child, tmp_path, "echo")["pid"] == pid


def test_trouble_around_the_input_is_no_refusal(child, tmp_path):
    with pytest.raises(ChildError, match="was ended") as caught:
        run(child, tmp_path, "trouble")
    assert caught.value.cause == "trouble"


@pytest.mark.parametrize("work", ["full_disk", "no_space_left", "bus_error"])
def test_a_full_disk_is_told_apart(child, tmp_path, work):
    with pytest.raises(ChildError, match="no room") as caught:
        run(child, tmp_path, work)
    assert caught.value.cause == "room"
    assert run(child, tmp_path, "echo", {})["pid"]


def test_a_fault_is_told_without_what_the_input_held(child, tmp_path):
    with pytest.raises(ChildError) as caught:
        run(child, tmp_path, "fault", {"secret": "Ada Canary"})
    assert caught.value.cause == "fault"
    assert "ValueError at work_for_tests.py" in caught.value.reason
    assert "Canary" not in caught.value.reason


@pytest.mark.parametrize(
    ("work", "cause", "words"), [("segfault", "crash", "SIGSEGV"), ("killed", "memory", "memory")]
)
def test_a_native_crash_is_a_readable_failure_and_work_goes_on(child, tmp_path, work, cause, words):
    with pytest.raises(ChildError, match=words) as caught:
        run(child, tmp_path, work)
    assert caught.value.cause == cause
    assert run(child, tmp_path, "echo", {"n": 1})["n"] == 1


def test_too_much_memory_ends_the_work(child, tmp_path):
    with pytest.raises(ChildError, match="400 MiB") as caught:
        run(child, tmp_path, "grow", limits=Limits(60.0, 400.0))
    assert caught.value.cause == "memory"


def test_too_much_time_ends_the_work_and_what_it_started(child, tmp_path):
    started = []
    with pytest.raises(ChildError, match="longer than") as caught:
        run(
            child,
            tmp_path,
            "hang",
            limits=Limits(3.0, 2048.0),
            progress=lambda stage, _: started.extend(map(int, stage.split())),
        )
    assert caught.value.cause == "time"
    assert len(started) == 2
    wait_until(lambda: all(map(is_gone, started)))


def test_cancelling_ends_the_work_and_what_it_started(child, tmp_path):
    started = []
    with pytest.raises(ChildError, match="no longer wanted") as caught:
        run(
            child,
            tmp_path,
            "hang",
            progress=lambda stage, _: started.extend(map(int, stage.split())),
            stop=lambda: "It is no longer wanted." if started else None,
        )
    assert caught.value.cause == "stopped"
    wait_until(lambda: all(map(is_gone, started)))


def test_an_error_in_the_progress_callback_ends_the_work(child, tmp_path):
    def lost(stage, share):
        raise LookupError(stage)

    with pytest.raises(LookupError) as caught:
        run(child, tmp_path, "hang", progress=lost)
    wait_until(lambda: all(is_gone(int(pid)) for pid in str(caught.value.args[0]).split()))


def test_temporary_files_lie_in_the_scratch_folder(child, tmp_path):
    assert Path(run(child, tmp_path, "leave_a_file")["name"]).parent == tmp_path


def test_the_child_sees_no_secret_and_no_open_file(child, tmp_path, monkeypatch):
    monkeypatch.setenv("SFPFR_KEY_FILE", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with (tmp_path / "open.txt").open("w"):
        seen = run(child, tmp_path, "environment")
    assert not {"SFPFR_KEY_FILE", "AWS_SECRET_ACCESS_KEY"} & set(seen["names"])
    assert not [name for name in seen["files"] if name.startswith(str(tmp_path))]


def test_the_child_dies_with_a_worker_that_is_killed(tmp_path):
    program = (
        "import sys, pathlib\n"
        "from worker.child import Limits, WarmChild\n"
        "child = WarmChild()\n"
        "child.run('work_for_tests:hang', {}, scratch=pathlib.Path(sys.argv[1]),\n"
        "          limits=Limits(60, 2048), progress=lambda stage, _: print(stage, flush=True))\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{Path(__file__).parent}:{Path.cwd()}"},
    )
    assert worker.stdout is not None
    started = [int(pid) for pid in worker.stdout.readline().split()]
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    wait_until(lambda: all(map(is_gone, started)))
