"""The guards of every gRPC server, outermost first: request id and log, errors, deadline, validation.

Errors stand outside of a program's own guards (authentication), so that these may simply raise `AppError`.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import protovalidate
from google.protobuf.message import Message

from services.common import metrics
from services.common.errors import AppError, Kind, Violation
from services.common.ids import new_id
from services.common.log import get_logger
from services.common.log_library import bind_contextvars
from services.common.rpc_call import REQUEST_ID_KEY, UNREADABLE, Context, Guard
from services.common.rpc_status import abort

_log = get_logger(__name__)
_REQUEST_ID = re.compile(r"[\w.:-]{1,64}")
_MAX_VIOLATIONS = 20
_MAX_KEY = 64  # the status rides in trailing metadata, which gRPC limits to 8 KB

_AN_ID = "must be an id: 32 hexadecimal digits"
_A_WORD = "must be 1 to 36 of A-Z a-z 0-9 - _, a letter or a digit first"
_PLAIN = {
    "^[0-9a-f]{32}$": _AN_ID,
    "^([0-9a-f]{32})?$": _AN_ID,
    "^[A-Za-z0-9][A-Za-z0-9_-]{0,35}$": _A_WORD,
    "^([A-Za-z0-9][A-Za-z0-9_-]{0,35})?$": _A_WORD,
    "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$": "must be a language, such as en or pt-BR",
    "^[A-Z]{2}$": "must be two capital letters, such as AT",
    "^[^\\x00-\\x1f\\x7f\u202a-\u202e\u2066-\u2069]*$": (
        "must not have control characters, nor any that turn the direction of text"
    ),
}
"""What is said of a pattern in place of protovalidate's words, which not everybody reads."""
_PATTERN = re.compile(r"does not match regex pattern `(.*)`", re.DOTALL)
_ORDER = re.compile(r"\^\(\(([\w|]+)\)\( desc\| asc\)\?\)\?\$")


class LogGuard(Guard):
    """Gives each call a request id (the caller's, if he brought one), counts it and writes a line when it is over."""

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        bind_contextvars(request_id=_request_id(context))  # each call has a task, and so a context, of its own
        began = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - began
            code = _code_name(context)
            metrics.counter("headwater_rpc_calls_total", method=method, code=code).inc()
            metrics.histogram("headwater_rpc_duration_seconds", method=method).observe(took)
            _log.debug("call answered", method=method, code=code, took_ms=round(took * 1000, 1))


class ErrorGuard(Guard):
    """`AppError` becomes its status; anything else a bare INTERNAL whose reason only the log tells."""

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        try:
            yield
        except AppError as error:
            await abort(context, error)
        except grpc.aio.AbortError:
            raise  # somebody has chosen a status already
        except Exception as error:  # noqa: BLE001  whatever it is, its words stay here
            _log.exception("call failed", method=method, error=type(error).__name__)
            await abort(context, AppError(Kind.INTERNAL, "internal error"))


class DeadlineGuard(Guard):
    """A call with one answer has `limit_s` or what its caller gave it, whichever is less; streams have none."""

    unary_only = True

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        del method
        left = context.time_remaining()
        limit = self._limit_s if left is None else min(left, self._limit_s)
        scope = asyncio.timeout(limit)
        try:
            async with scope:
                yield
        except TimeoutError:
            if not scope.expired():
                raise  # the servicer's own business
            raise AppError(Kind.UNAVAILABLE, f"no answer within {limit:.3g} s") from None


class ValidationGuard(Guard):
    """Every message is held against its protovalidate rules; all fields at fault are told at once."""

    takes_unreadable = True

    async def check(self, method: str, message: Any, context: Context) -> None:
        del method, context
        if message is UNREADABLE:
            raise AppError(Kind.INVALID, "these bytes are no message of this method")
        if not isinstance(message, Message):
            return
        violations = [
            Violation(_path(violation), _plain(violation.proto.message))
            for violation in protovalidate.collect_violations(message)[:_MAX_VIOLATIONS]
        ]
        if violations:
            first = violations[0]
            raise AppError(Kind.INVALID, f"{first.field}: {first.detail}".lstrip(": "), violations=violations)


def _plain(words: str) -> str:
    if words == "must not be in list [0]":
        return "value is required"
    pattern = _PATTERN.fullmatch(words)
    if pattern is None:
        return words
    if order := _ORDER.fullmatch(pattern[1]):
        return f'must be {" or ".join(order[1].split("|"))}, with " desc" behind it for the other way round'
    return _PLAIN.get(pattern[1], words)


def _path(violation: Any) -> str:
    """Field path in REST's spelling: `outputs[1].targetUrl`."""
    path = ""
    for element in violation.proto.field.elements:
        path += f".{_camel(element.field_name)}"
        subscript = element.subscript
        if subscript is not None:
            is_text = subscript.field == "string_key"
            path += f'["{subscript.value[:_MAX_KEY]}"]' if is_text else f"[{subscript.value}]"
    return path.lstrip(".")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _request_id(context: Context) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID_KEY and isinstance(value, str) and _REQUEST_ID.fullmatch(value):
            return value
    return new_id()


def _code_name(context: Context) -> str:
    code = context.code()
    if isinstance(code, int):  # the aio context answers with the bare number, 0 until somebody sets it
        return next(each.name for each in grpc.StatusCode if each.value[0] == code)
    return code.name if code else "OK"
