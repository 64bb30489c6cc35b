"""What can go wrong while a job is worked on, told so that a person can act on it."""

from __future__ import annotations

from typing import Literal

Cause = Literal["crash", "memory", "time", "stopped", "room", "trouble", "fault"]


class ChildError(Exception):
    """A piece of work in a child process did not end well; the worker itself is unharmed.

    cause: crash (native code died), memory, time (a limit was passed), stopped (somebody asked
    for it), room (the disk is full), trouble (a process killed) or fault (an error in our own
    code). `reason` and `next_step` are for a person and free of what the input held.
    """

    def __init__(self, cause: Cause, reason: str, next_step: str = "") -> None:
        super().__init__(reason)
        self.cause = cause
        self.reason = reason
        self.next_step = next_step


class RefusedWorkError(Exception):
    """The work itself says that it can't be done with this input; trying again changes nothing.

    `code` is the name of the science's error class.
    """

    def __init__(self, code: str, reason: str, next_step: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.next_step = next_step
