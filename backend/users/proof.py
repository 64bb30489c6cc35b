"""Proving who one is by password or code, with the lock-out; what follows from it is not here.

These functions run their own units of work: a failed try must be remembered although the request
is refused, and no transaction is held while argon2 computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.db.models import SignInAttempt, User
from backend.db.session import Database, keys_of, now
from backend.kit.ids import uuid7
from backend.kit.keys import keyed_hash
from backend.settings import Settings
from backend.users import repository, totp
from backend.users.errors import LockedOutError, WrongCredentialsError
from backend.users.passwords import Passwords


@dataclass(frozen=True)
class Gate:
    """What proofs need: where users are, how passwords are hashed, how many tries there are."""

    database: Database
    passwords: Passwords
    settings: Settings

    def password(self, email: str, password: str) -> User:
        """The active user with this address and password.

        Raises WrongCredentialsError, LockedOutError, UnavailableError.
        """
        with self._try("password", email):
            with self.database.unit_of_work(read_only=True) as unit:
                user = repository.by_email(unit, email)
            stored = None if user is None or user.disabled_at else user.password_hash
            if not self.passwords.matches(stored, password) or user is None:
                raise WrongCredentialsError
        return user

    def code(self, user: User, code: str) -> None:
        """Check a code of the authenticator, or use up a recovery code; each works once.

        Raises WrongCredentialsError, LockedOutError.
        """
        with self._try("code", user.email), self.database.unit_of_work() as unit:
            if not _use_code(unit, user.id, code):
                raise WrongCredentialsError

    @contextmanager
    def _try(self, what: str, email: str) -> Iterator[None]:
        """One try of an account: it counts as failed until what is inside went well.

        Passwords and codes are counted apart: who has the password must not win tries of codes.
        """
        window = timedelta(minutes=self.settings.lockout_minutes)
        attempt_id = uuid7()
        with self.database.unit_of_work() as unit:
            account, at = account_of(unit, what, email), now(unit)
            repository.forget_attempts(unit, before=at - window)
            failures = repository.failures_since(unit, account, at - window)
            if len(failures) >= self.settings.lockout_failures:
                wait = failures[-1].at + window - at
                raise LockedOutError.until(int(wait.total_seconds()) + 1)
            unit.add(SignInAttempt(id=attempt_id, account=account, at=at, succeeded=False))
        yield
        with self.database.unit_of_work() as unit:
            repository.attempt_succeeded(unit, attempt_id)


def account_of(session: Session, what: str, email: str) -> bytes:
    """Under which name the tries of an address are counted; known and unknown ones alike."""
    return keyed_hash(keys_of(session), "sign-in", f"{what}:{email.strip().lower()}")


def forgive(session: Session, email: str) -> None:
    """Forget the wrong tries of an address."""
    for what in ("password", "code"):
        repository.forget_attempts(session, account=account_of(session, what, email))


def _use_code(session: Session, user_id: UUID, code: str) -> bool:
    user = repository.user(session, user_id, lock=True)
    if user is None or user.totp_secret is None or user.totp_confirmed_at is None:
        return False
    step = totp.step_of(user.totp_secret, code, now(session), user.totp_last_step)
    if step is not None:
        user.totp_last_step = step
        return True
    hashed = totp.recovery_hash(keys_of(session), user.id, code)
    recovery = repository.recovery_code(session, user.id, hashed)
    if recovery is None:
        return False
    recovery.used_at = now(session)
    return True
