"""The errors of the service and how they are told over HTTP; which route raises which is not here.

Every error that a person may meet is a `ServiceError`: a status, a stable code for programs, one
plain sentence and what to do next. They are answered as `application/problem+json` (RFC 9457).
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

PROBLEM_MEDIA_TYPE = "application/problem+json"
# How a refusal's body is described in the OpenAPI document.
PROBLEM_CONTENT = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


class Problem(BaseModel):
    """The body of every refusal."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    next_step: str
    code: str
    request_id: str


class ServiceError(Exception):
    """Root of all errors of the service that are meant for a person.

    `message` is one plain sentence; `next_step` says what to do and may be empty; `extra` is
    told to programs beside them and must not hold what identifies a patient.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong"
    default_message: ClassVar[str] = "The server could not answer."
    default_next_step: ClassVar[str] = ""

    def __init__(
        self,
        message: str | None = None,
        next_step: str | None = None,
        *,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.message = self.default_message if message is None else message
        self.next_step = self.default_next_step if next_step is None else next_step
        self.extra = extra or {}
        self.headers = headers or {}
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()

    def problem(self, request_id: str) -> Problem:
        """The body that is sent."""
        return Problem(
            type=f"urn:sfpfr:problem:{self.code}",
            title=self.title,
            status=self.status,
            detail=self.message,
            next_step=self.next_step,
            code=self.code,
            request_id=request_id,
            **self.extra,
        )


class InvalidError(ServiceError):
    """422: what was sent is understood but cannot be right."""

    status = 422
    code = "invalid"
    title = "Not valid"
    default_message = "What was sent is not valid."
    default_next_step = "Correct it and send it again."


class BadRequestError(ServiceError):
    """400: the request itself is malformed."""

    status = 400
    code = "bad_request"
    title = "Malformed request"
    default_message = "The request could not be read."


class NotSignedInError(ServiceError):
    """401: nobody is signed in, or no longer."""

    status = 401
    code = "not_signed_in"
    title = "Not signed in"
    default_message = "You are not signed in."
    default_next_step = "Sign in and try again."


class NotAllowedError(ServiceError):
    """403: the caller's roles do not carry this right at all, whatever the row."""

    status = 403
    code = "not_allowed"
    title = "Not allowed"
    default_message = "Your role does not allow this."
    default_next_step = "Ask an administrator if you need it."


class NotFoundError(ServiceError):
    """404: there is no such thing, or it is not the caller's; both look alike."""

    status = 404
    code = "not_found"
    title = "Not found"
    default_message = "There is nothing here that you can see."
    default_next_step = "Check the address, or ask for access to the patient."


class ConflictError(ServiceError):
    """409: the state of things does not allow it now."""

    status = 409
    code = "conflict"
    title = "Not possible now"
    default_message = "Somebody changed this in the meantime."
    default_next_step = "Load it again and repeat your change."


class PreconditionFailedError(ServiceError):
    """412: `If-Match` names another version than the present one."""

    status = 412
    code = "precondition_failed"
    title = "Changed in the meantime"
    default_message = "Somebody changed this in the meantime."
    default_next_step = "Load it again and repeat your change."


class TooLargeError(ServiceError):
    """413: more bytes than are accepted."""

    status = 413
    code = "too_large"
    title = "Too large"
    default_message = "This is larger than what is accepted."


class TooManyRequestsError(ServiceError):
    """429: slow down; `Retry-After` says for how long."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"
    default_message = "There were too many requests."
    default_next_step = "Wait a moment and try again."

    @classmethod
    def retry_after(cls, seconds: int, message: str | None = None) -> TooManyRequestsError:
        """The refusal with its `Retry-After` header."""
        return cls(message, headers={"Retry-After": str(max(1, seconds))})


class UnavailableError(ServiceError):
    """503: a part that is needed does not answer now."""

    status = 503
    code = "unavailable"
    title = "Not available now"
    default_message = "A part of the service does not answer."
    default_next_step = "Try again in a minute; if it stays so, tell an administrator."


class StorageFullError(ServiceError):
    """507: the disk is full; nothing half-written is left behind."""

    status = 507
    code = "storage_full"
    title = "Storage full"
    default_message = "There is no room left on the server."
    default_next_step = "Ask an administrator to free space; then try again."


def declares(*errors: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may raise these errors, for the OpenAPI document."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for error in sorted(errors, key=lambda error: (error.status, error.code)):
        entry = by_status.setdefault(error.status, {"description": "", "model": Problem})
        line = f"`{error.code}`: {error.title}"
        entry["description"] = "; ".join(filter(None, (entry["description"], line)))
    return by_status
