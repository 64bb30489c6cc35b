"""Running a module on untrusted input in a child process that can do little; not what it runs.

The child limits itself before it imports anything but this module: memory, processor time, open
files, no file may grow, and on Linux a filter refuses sockets and further programs. It gets no
environment and no file but the ones it is given.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import runpy
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
_MAX_ANSWER_BYTES = 2**20


@dataclass(frozen=True)
class Limits:
    """What the child may use: address space, processor seconds, seconds altogether, open files."""

    memory_bytes: int = 2 * 2**30
    cpu_s: int = 30
    wall_s: float = 60.0
    open_files: int = 64


class ChildFailedError(Exception):
    """The child crashed, ran out of what it may use, or answered nonsense; `how` says which."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


def run(module: str, arguments: Sequence[str], limits: Limits) -> bytes:
    """Run `python -m module arguments` within `limits` and return what it wrote to its output.

    Raises ChildFailedError for an exit code other than 0; nothing of it is left running.
    """
    command = [sys.executable, "-P", "-m", __name__, json.dumps(asdict(limits)), module, *arguments]
    environment = {
        "PYTHONPATH": str(_PROJECT),
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        # Thread pools reserve address space, which is limited.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    alarm = threading.Timer(limits.wall_s, _kill_group, (child.pid,))
    alarm.start()
    try:
        assert child.stdout is not None
        with child.stdout as stream:
            answer = stream.read(_MAX_ANSWER_BYTES + 1)
        if len(answer) > _MAX_ANSWER_BYTES:
            _kill_group(child.pid)
        # Until it has been waited for, the child's number stays its own and can be signalled.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    finally:
        alarm.cancel()
        alarm.join()
        _kill_group(child.pid)
        child.wait()
    if child.returncode != 0:
        raise ChildFailedError(_how_it_ended(child.returncode))
    return answer


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _how_it_ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return "used up its time or answered too much"
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _confine(limits: Limits) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # macOS knows RLIMIT_AS and refuses to set it.
        with suppress(ValueError):
            resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        _refuse_system_calls()


# By machine: what AUDIT_ARCH calls it, and the numbers of the refused calls: socket, execve,
# execveat, ptrace, io_uring_setup.
_CALLS = {
    "x86_64": (0xC000003E, (41, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 221, 281, 117, 425)),
}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
# Numbers from here on are the second set of calls of x86_64 (x32), which nothing here uses.
_SECOND_SET = 0x40000000
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _refuse_system_calls() -> None:
    """Let the kernel answer "not permitted" to calls that reading a file never needs."""
    if platform.machine() not in _CALLS:
        return
    architecture, refused = _CALLS[platform.machine()]
    # Rule: code, how many rules to skip if true, if false, value. Offset 4 of what the kernel
    # shows the filter is the machine, offset 0 the number of the call.
    rules = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, len(refused) + 1, 0, _SECOND_SET),
        *((_EQUAL, len(refused) - place, 0, call) for place, call in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = b"".join(struct.pack("<HBBI", *rule) for rule in rules)
    program = _Program(len(rules), code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or (
        libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0
    ):
        raise OSError(ctypes.get_errno(), "the system call filter was refused")


if __name__ == "__main__":
    _confine(Limits(**json.loads(sys.argv[1])))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
