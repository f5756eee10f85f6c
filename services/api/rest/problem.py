"""Errors as problem documents (RFC 9457). Pure."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from services.common.errors import AppError, Kind

_STATUSES: Mapping[Kind, int] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.FAILED_PRECONDITION: 409,
    Kind.LIMIT: 429,
    Kind.UNAVAILABLE: 503,
    Kind.NOT_IMPLEMENTED: 501,
    Kind.INTERNAL: 500,
}


@dataclass(frozen=True)
class Problem:
    """A refusal at the HTTP edge."""

    status: int
    detail: str
    errors: tuple[tuple[str, str], ...] = ()
    """Field and what is wrong with it."""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What is wrong with the field that it is about, for those who have a sentence and no list."""
        name = self.errors[0][0] if self.errors else ""
        return self.detail if not name or name in self.detail else f"{name}: {self.detail}"

    def body(self) -> bytes:
        """The document. `type` is left out: it would be "about:blank" (RFC 9457 section 4.2.1)."""
        document: dict[str, Any] = {
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [{"field": name, "detail": detail} for name, detail in self.errors]
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def problem_of(error: AppError, *, has_precondition: bool = False) -> Problem:
    """`has_precondition`: the request had an If-Match, and it is that which failed (RFC 9110 section 13.1.1)."""
    status = _STATUSES[error.kind]
    if error.kind is Kind.CONFLICT and has_precondition:
        status = 412
    headers = {}
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="headwater"'
    wait_s = error.retry_after_s if error.retry_after_s is not None else (1.0 if status == 503 else None)
    if wait_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait_s)))
    errors = tuple((violation.field, violation.detail) for violation in error.violations)
    return Problem(status, error.detail, errors, headers)
