"""A problem document (RFC 9457) as one of our errors."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol

from headwater.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    InternalError,
    InvalidError,
    LimitError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
    Violation,
)

_CLASSES: Mapping[int, type[ApiError]] = {
    401: UnauthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    429: LimitError,
    501: UnsupportedError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


class Headers(Protocol):
    """As http.client has them."""

    def get(self, name: str, default: str) -> str: ...


def error_of(status: int, problem: Mapping[str, Any], headers: Headers) -> ApiError:
    """The error to raise for an answer of 400 and up."""
    wait = headers.get("Retry-After", "")
    kind = _CLASSES.get(status) or (InvalidError if status < HTTPStatus.INTERNAL_SERVER_ERROR else InternalError)
    return kind(
        str(problem.get("detail") or problem.get("title") or f"HTTP status {status}"),
        violations=_violations(problem.get("errors")),
        request_id=headers.get("X-Request-Id", ""),
        retry_after_s=float(wait) if wait.isdigit() else None,
        status=status,
    )


def _violations(errors: Any) -> list[Violation]:
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return [Violation(str(one.get("field", "")), str(one.get("detail") or one.get("message", ""))) for one in found]
