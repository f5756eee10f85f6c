"""What can go wrong between a client and the API. Each kind of refusal is a class, so that a script catches what it can
mend:

    HeadwaterError
    ├── UnreachableError         nobody answers, or not in time
    └── ApiError                 the API said no
        ├── InvalidError         a field is wrong; `violations` names it
        ├── UnauthenticatedError no token, or one that is not known
        ├── ForbiddenError       the token does not allow this
        ├── NotFoundError
        ├── ConflictError        changed since it was read, or there already
        ├── StateError           it is in the wrong state for this
        ├── LimitError           too many or too much; `retry_after_s`
        ├── UnavailableError     a part of the system is away; the same call may succeed later
        ├── UnsupportedError     not implemented
        └── InternalError        the server's fault; its log tells more under `request_id`
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """One field that is wrong and why, spelled as in JSON: `Violation("recording.allowedOrigins[0]", "…")`."""

    field: str
    detail: str


class HeadwaterError(Exception):
    """Whatever a call can raise."""


class UnreachableError(HeadwaterError):
    """Nobody answers at the address, or not in time."""


class ApiError(HeadwaterError):
    """The API answered that it will not."""

    kind = "error"
    """The class in a word, for logs and comparisons."""

    def __init__(
        self,
        detail: str,
        *,
        violations: Iterable[Violation] = (),
        request_id: str = "",
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        self.detail = detail
        """What is wrong, for people."""
        self.violations = tuple(violations)
        self.request_id = request_id
        """Under which api's log tells of the call."""
        self.retry_after_s = retry_after_s
        """How long to wait, if waiting helps."""
        self.status = status
        """The HTTP status; None where gRPC was spoken."""
        super().__init__(detail)


class InvalidError(ApiError):
    """The request itself is wrong; sent again it fails again."""

    kind = "invalid"


class UnauthenticatedError(ApiError):
    """No token, or one that is unknown, revoked or over."""

    kind = "unauthenticated"


class ForbiddenError(ApiError):
    """The token's scope or tenant does not allow this."""

    kind = "forbidden"


class NotFoundError(ApiError):
    """There is no such thing in the token's tenant."""

    kind = "not-found"


class ConflictError(ApiError):
    """It was changed since it was read, or it is there already. Read again, then decide."""

    kind = "conflict"


class StateError(ApiError):
    """It is in the wrong state for this. REST says it with the same status as a conflict."""

    kind = "failed-precondition"


class LimitError(ApiError):
    """Too many or too much; see `retry_after_s`."""

    kind = "limit"


class UnavailableError(ApiError):
    """A part of the system is away; the same call may succeed later."""

    kind = "unavailable"


class UnsupportedError(ApiError):
    """It comes later, or is not going to."""

    kind = "not-implemented"


class InternalError(ApiError):
    """The server's fault; its log says what."""

    kind = "internal"
