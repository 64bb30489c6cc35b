"""What can go wrong when people prove who they are, or are looked after."""

from __future__ import annotations

from backend.kit.errors import ServiceError


class WrongCredentialsError(ServiceError):
    """401: password or code is wrong; which one, or whether there is such a user, is not told."""

    status = 401
    code = "wrong_credentials"
    title = "Not accepted"
    default_message = "E-mail address, password or code is wrong."
    default_next_step = "Check them and try again."


class LockedOutError(ServiceError):
    """429: too many wrong tries; `Retry-After` says for how long."""

    status = 429
    code = "locked_out"
    title = "Locked for a while"
    default_message = "There were too many wrong tries."
    default_next_step = "Wait, or ask an administrator for a link to reset your password."

    @classmethod
    def until(cls, seconds: int) -> LockedOutError:
        """The refusal with its `Retry-After` header."""
        return cls(headers={"Retry-After": str(max(1, seconds))})


class WeakPasswordError(ServiceError):
    """422: a password that is guessed too easily."""

    status = 422
    code = "weak_password"
    title = "Password too weak"
    default_next_step = "Take at least 12 characters, for example four words of your own."


class EmailTakenError(ServiceError):
    """409: another user has this address."""

    status = 409
    code = "email_taken"
    title = "Address in use"
    default_message = "There is a user with this e-mail address."
    default_next_step = "Use another address, or change that user."


class LastAdminError(ServiceError):
    """409: nobody would be left to administer the site."""

    status = 409
    code = "last_admin"
    title = "Last administrator"
    default_message = "This is the last active administrator."
    default_next_step = "Make somebody else an administrator first."


class SecondFactorStateError(ServiceError):
    """409: the second factor is set up already, or not yet."""

    status = 409
    code = "second_factor_state"
    title = "Not possible now"


class LinkUsedUpError(ServiceError):
    """404: a link that never was, was used, or is too old; they look alike."""

    status = 404
    code = "link_used_up"
    title = "Link not valid"
    default_message = "This link is not valid: it was used, replaced, or is too old."
    default_next_step = "Ask an administrator for a new one."
