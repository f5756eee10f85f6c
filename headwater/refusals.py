"""A gRPC status as one of our errors: kind, words, fields, and how long to wait (google.rpc.ErrorInfo and its kin)."""

from collections.abc import Mapping
from typing import Any, Protocol

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from headwater.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    HeadwaterError,
    InternalError,
    InvalidError,
    LimitError,
    NotFoundError,
    StateError,
    UnauthenticatedError,
    UnavailableError,
    UnreachableError,
    UnsupportedError,
    Violation,
)

_DOMAIN = "headwater"
_DETAILS_KEY = "grpc-status-details-bin"
_CLASSES: Mapping[grpc.StatusCode, type[ApiError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidError,
    grpc.StatusCode.OUT_OF_RANGE: InvalidError,
    grpc.StatusCode.UNAUTHENTICATED: UnauthenticatedError,
    grpc.StatusCode.PERMISSION_DENIED: ForbiddenError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ABORTED: ConflictError,
    grpc.StatusCode.ALREADY_EXISTS: ConflictError,
    grpc.StatusCode.FAILED_PRECONDITION: StateError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: LimitError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.UNIMPLEMENTED: UnsupportedError,
}


class Failure(Protocol):
    """What a failed call says of itself, waiting or awaited."""

    def code(self) -> Any: ...

    def details(self) -> Any: ...

    def trailing_metadata(self) -> Any: ...


def error_of(failure: Failure, target: str, request_id: str) -> HeadwaterError:
    """The error to raise for a failed call."""
    code, details = failure.code(), _details(failure)
    info = error_details_pb2.ErrorInfo()
    is_ours = any(each.Unpack(info) and info.domain == _DOMAIN for each in details)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return UnreachableError(f"no answer in time from {target}")
    if code is grpc.StatusCode.UNAVAILABLE and not is_ours:
        return UnreachableError(f"nobody answers at {target}: {failure.details()}")
    return _CLASSES.get(code, InternalError)(
        failure.details() or code.name,
        violations=_violations(details),
        request_id=request_id,
        retry_after_s=_retry_after_s(details),
    )


def _details(failure: Failure) -> list[Any]:
    for key, value in failure.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:  # some proxy's
                return []
    return []


def _violations(details: list[Any]) -> list[Violation]:
    request = error_details_pb2.BadRequest()
    found = any(each.Unpack(request) for each in details)
    return [Violation(each.field, each.description) for each in request.field_violations] if found else []


def _retry_after_s(details: list[Any]) -> float | None:
    retry = error_details_pb2.RetryInfo()
    found = any(each.Unpack(retry) for each in details)
    return retry.retry_delay.ToNanoseconds() / 1e9 if found else None
