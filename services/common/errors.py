"""The one error that crosses processes: a closed list of kinds, a sentence, and the fields it is about.

Kind and sentence travel over gRPC intact (`rpc_status`); problem documents exist only at the HTTP edge. A
`detail` is shown to whoever asked, so it names what was expected and never holds a secret or an inner error's
text. Whatever is not an `AppError` reaches a caller as a bare INTERNAL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What went wrong, as far as the caller can act on it. Closed: each edge has one row per kind."""

    INVALID = "invalid"
    """The request itself is wrong; sent again it fails again."""
    UNAUTHENTICATED = "unauthenticated"
    """No credential, or one that is not known."""
    FORBIDDEN = "forbidden"
    """Known, but not allowed to do this."""
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    """Stale etag, or the thing exists already: read again, then decide."""
    FAILED_PRECONDITION = "failed-precondition"
    """The thing is in the wrong state for this."""
    LIMIT = "limit"
    """Too many or too much; see `retry_after_s`."""
    UNAVAILABLE = "unavailable"
    """A part is away or too slow; the same request may succeed later."""
    NOT_IMPLEMENTED = "not-implemented"
    INTERNAL = "internal"
    """Our fault; the log says what."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is wrong and why: `Violation("outputs[0].url", "must be an rtmp, rtmps or srt URL")`."""

    field: str
    detail: str


class AppError(Exception):
    """A failure the caller is told about.

    `field` is short for a single violation with the same sentence. `retry_after_s` (seconds) is set where
    waiting helps.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        field: str | None = None,
        violations: Iterable[Violation] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.violations = (*((Violation(field, detail),) if field else ()), *violations)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail}"

    @property
    def field(self) -> str | None:
        """The first field at fault, for those who can show only one."""
        return self.violations[0].field if self.violations else None
