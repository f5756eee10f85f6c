"""Errors over gRPC, both ways: `AppError` to a status with details, and a status back to the same `AppError`.

The kind travels in google.rpc.ErrorInfo, fields in BadRequest, waiting in RetryInfo; a stranger's client sees the
ordinary code. What a peer or the transport says in its own words stays here: it may name hosts.
"""

from collections.abc import Mapping
from typing import NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.common.errors import AppError, Kind, Violation

DOMAIN = "headwater"

_DETAILS_KEY = "grpc-status-details-bin"
_CODES: Mapping[Kind, grpc.StatusCode] = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.CONFLICT: grpc.StatusCode.ABORTED,
    Kind.FAILED_PRECONDITION: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.LIMIT: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Kind.NOT_IMPLEMENTED: grpc.StatusCode.UNIMPLEMENTED,
    Kind.INTERNAL: grpc.StatusCode.INTERNAL,
}
_KINDS: Mapping[grpc.StatusCode, Kind] = {code: kind for kind, code in _CODES.items()} | {
    grpc.StatusCode.ALREADY_EXISTS: Kind.CONFLICT,
    grpc.StatusCode.OUT_OF_RANGE: Kind.INVALID,
    grpc.StatusCode.DEADLINE_EXCEEDED: Kind.UNAVAILABLE,
    grpc.StatusCode.CANCELLED: Kind.UNAVAILABLE,
}
_FOREIGN: Mapping[Kind, str] = {
    Kind.UNAVAILABLE: "a part of the system does not answer",
    Kind.NOT_IMPLEMENTED: "this is not implemented",
    Kind.INTERNAL: "internal error",
}
"""What is said of a status that no program of ours has worded."""


def code_of(kind: Kind) -> grpc.StatusCode:
    """The gRPC code that stands for a kind."""
    return _CODES[kind]


def to_status(error: AppError) -> status_pb2.Status:
    """The google.rpc.Status of an error, details included."""
    status = status_pb2.Status(code=code_pb2.Code.Value(_CODES[error.kind].name), message=error.detail)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=error.kind.name, domain=DOMAIN))
    if error.violations:
        request = error_details_pb2.BadRequest()
        for violation in error.violations:
            request.field_violations.add(field=violation.field, description=violation.detail)
        status.details.add().Pack(request)
    if error.retry_after_s is not None:
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_after_s * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


async def abort(context: "grpc.aio.ServicerContext[object, object]", error: AppError) -> NoReturn:
    """End a call with an error; what a guard does that refuses one."""
    details = (_DETAILS_KEY, to_status(error).SerializeToString())
    await context.abort(_CODES[error.kind], error.detail, trailing_metadata=(details,))
    raise AssertionError  # abort has raised


def unwrap(error: grpc.aio.AioRpcError) -> AppError:
    """What the other program meant. A status that is not ours keeps its kind and loses its words."""
    details = _details(error)
    info = error_details_pb2.ErrorInfo()
    ours = any(detail.Unpack(info) and info.domain == DOMAIN for detail in details)
    kind = _KINDS.get(error.code(), Kind.INTERNAL)
    if not ours:
        return AppError(kind, _FOREIGN.get(kind, error.details() or kind.value))
    return AppError(
        Kind[info.reason] if info.reason in Kind.__members__ else kind,
        error.details() or kind.value,
        violations=_violations(details),
        retry_after_s=_retry_after_s(details),
    )


def _details(error: grpc.aio.AioRpcError) -> list[AnyMessage]:
    for key, value in error.trailing_metadata():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            return list(status_pb2.Status.FromString(value).details)
    return []


def _violations(details: list[AnyMessage]) -> list[Violation]:
    request = error_details_pb2.BadRequest()
    found = any(detail.Unpack(request) for detail in details)
    return [Violation(each.field, each.description) for each in request.field_violations] if found else []


def _retry_after_s(details: list[AnyMessage]) -> float | None:
    retry = error_details_pb2.RetryInfo()
    found = any(detail.Unpack(retry) for detail in details)
    return retry.retry_delay.ToNanoseconds() / 1e9 if found else None
