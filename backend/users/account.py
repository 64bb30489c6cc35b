"""What users change of their own: password, second factor, recovery codes, API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import ApiToken, RecoveryCode, User
from backend.db.session import keys_of, now
from backend.kit.errors import NotFoundError, NotSignedInError
from backend.users import repository, totp
from backend.users.errors import SecondFactorStateError, WrongCredentialsError
from backend.users.passwords import refuse_weak
from backend.users.proof import Gate
from backend.users.schemas import TokenCreate, TotpSecret
from backend.users.tokens import API_TOKEN_PREFIX, hashed, new_secret


def prove(gate: Gate, caller: Caller, password: str) -> User:
    """Have the caller enter the password again.

    Raises WrongCredentialsError, LockedOutError, UnavailableError.
    """
    with gate.database.unit_of_work(read_only=True) as unit:
        user = _own(unit, caller)
    return gate.password(user.email, password)


def change_password(gate: Gate, caller: Caller, current: str, new: str) -> None:
    """Set a new password and end all other sessions of the caller.

    Raises WeakPasswordError and what `prove` raises.
    """
    user = prove(gate, caller, current)
    refuse_weak(new, user.email, user.display_name)
    fresh = gate.passwords.hash(new)
    with gate.database.unit_of_work() as unit:
        own = _own(unit, caller, lock=True)
        own.password_hash, own.password_changed_at = fresh, now(unit)
        repository.revoke_sessions(unit, own.id, now(unit), but=caller.session_id)
        audit.record(unit, caller, "user.password", "user", own.id)


def begin_totp(session: Session, caller: Caller) -> TotpSecret:
    """A new secret to be confirmed; raises SecondFactorStateError when one is in force."""
    user = _own(session, caller, lock=True)
    if user.totp_confirmed_at is not None:
        raise SecondFactorStateError(
            "A second factor is set up already.", "Remove it first, then set up the new one."
        )
    secret = totp.new_secret()
    user.totp_secret = secret
    return TotpSecret(secret=secret, address=totp.address(secret, user.email))


def confirm_totp(session: Session, caller: Caller, code: str) -> tuple[User, list[str]]:
    """Put the second factor into force; its user and recovery codes.

    Raises SecondFactorStateError, WrongCredentialsError.
    """
    user = _own(session, caller, lock=True)
    if user.totp_secret is None or user.totp_confirmed_at is not None:
        raise SecondFactorStateError(
            "There is no second factor that waits for its first code.", "Set one up first."
        )
    step = totp.step_of(user.totp_secret, code, now(session), user.totp_last_step)
    if step is None:
        raise WrongCredentialsError("The code is wrong.", "Check the clock of your telephone.")
    user.totp_confirmed_at, user.totp_last_step = now(session), step
    audit.record(session, caller, "user.totp_on", "user", user.id)
    return user, new_recovery_codes(session, caller)


def new_recovery_codes(session: Session, caller: Caller) -> list[str]:
    """Fresh recovery codes in place of the old; raises SecondFactorStateError."""
    user = _own(session, caller)
    if user.totp_confirmed_at is None:
        raise SecondFactorStateError("There is no second factor yet.", "Set one up first.")
    repository.remove_recovery_codes(session, user.id)
    codes = totp.new_recovery_codes()
    for code in codes:
        hashed_code = totp.recovery_hash(keys_of(session), user.id, code)
        session.add(RecoveryCode(user_id=user.id, code_hash=hashed_code))
    audit.record(session, caller, "user.recovery_codes", "user", user.id)
    return codes


def drop_totp(session: Session, user: User) -> None:
    """Take the second factor and its recovery codes away."""
    user.totp_secret = user.totp_confirmed_at = user.totp_last_step = None
    repository.remove_recovery_codes(session, user.id)


def remove_totp(session: Session, caller: Caller) -> None:
    """Take the caller's second factor away; raises SecondFactorStateError."""
    user = _own(session, caller, lock=True)
    if user.totp_confirmed_at is None:
        raise SecondFactorStateError("There is no second factor.", "")
    drop_totp(session, user)
    audit.record(session, caller, "user.totp_off", "user", user.id)


def tokens(session: Session, caller: Caller) -> Sequence[ApiToken]:
    """The caller's API tokens, newest first, also those that ended."""
    return repository.tokens(session, caller.user_id)


def create_token(session: Session, caller: Caller, wanted: TokenCreate) -> tuple[ApiToken, str]:
    """A token with its secret."""
    secret, at = API_TOKEN_PREFIX + new_secret(), now(session)
    token = ApiToken(
        user_id=caller.user_id,
        name=wanted.name,
        token_hash=hashed(secret),
        scopes=wanted.scopes,
        created_at=at,
        expires_at=at + timedelta(days=wanted.days),
    )
    session.add(token)
    scopes = sorted(wanted.scopes)
    audit.record(session, caller, "token.create", "token", token.id, detail={"scopes": scopes})
    return token, secret


def revoke_token(session: Session, caller: Caller, token_id: UUID) -> None:
    """End one of the caller's tokens; raises NotFoundError."""
    token = repository.own_token(session, caller.user_id, token_id)
    if token is None or token.revoked_at is not None:
        raise NotFoundError
    token.revoked_at = now(session)
    audit.record(session, caller, "token.revoke", "token", token_id)


def _own(session: Session, caller: Caller, *, lock: bool = False) -> User:
    user = repository.user(session, caller.user_id, lock=lock)
    if user is None:
        raise NotSignedInError
    return user
