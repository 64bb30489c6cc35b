"""Hashing of passwords with argon2id, a few at a time, and which passwords are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from backend.kit.errors import UnavailableError
from backend.users.errors import WeakPasswordError

MIN_LENGTH = 12
MAX_LENGTH = 200
_MIN_DIFFERENT = 5
# Longer than any burst a clinic makes; then the server is overloaded and should say so.
_PATIENCE_SECONDS = 20.0


class Passwords:
    """Argon2id with bounded memory: at most `at_once` computations of `memory_kib` each."""

    def __init__(self, *, at_once: int, memory_kib: int) -> None:
        self._slots = BoundedSemaphore(at_once)
        self._hasher = PasswordHasher(
            time_cost=3, memory_cost=memory_kib, parallelism=1, type=Type.ID
        )
        # What is compared for unknown users, so that they take as long as known ones.
        self._nobody = self._hasher.hash("nobody")

    def hash(self, password: str) -> str:
        """The hash to store; raises UnavailableError when the server is overloaded."""
        with self._slot():
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one's; takes equally long without a stored one."""
        with self._slot():
            try:
                return self._hasher.verify(stored or self._nobody, password) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=_PATIENCE_SECONDS):
            raise UnavailableError("Too many people are signing in at this moment.")
        try:
            yield
        finally:
            self._slots.release()


def refuse_weak(password: str, *known: str) -> None:
    """Raise WeakPasswordError for a short or monotonous password, or one around a `known` word."""
    if len(password) < MIN_LENGTH:
        raise WeakPasswordError(f"The password has fewer than {MIN_LENGTH} characters.")
    if len(password) > MAX_LENGTH:
        raise WeakPasswordError(f"The password has more than {MAX_LENGTH} characters.")
    if len(set(password)) < _MIN_DIFFERENT:
        raise WeakPasswordError("The password repeats the same few characters.")
    words = {part for text in known for part in re.split(r"[\W_]+", text.lower())}
    rest = password.lower()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "") if len(word) > 2 else rest
    if len(rest) < MIN_LENGTH // 2:
        raise WeakPasswordError("The password is little more than your name or address.")
