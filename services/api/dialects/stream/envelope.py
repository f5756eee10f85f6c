"""Envelope, error codes, times and free JSON as Cloudflare Stream has them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel

from services.api.dialects.endpoint import Answer
from services.api.rest.problem import Problem
from services.common.errors import AppError, Kind

RETENTION_DAYS = range(30, 1097)

_CODES = {400: 10001, 404: 10003, 405: 10001, 409: 10046, 413: 10013, 415: 10001, 422: 10001, 501: 10010}
_BAD_RETENTION, _NO_OUTPUT, _ANY, _REMARK = 10060, 10005, 10000, 1000
_REFERENCE = "/docs?api=stream"
"""Of the api that answered."""
_JSON = "json:"
"""Begins a metadata value that is JSON and no plain text."""


class Pointer(BaseModel):
    """Which field it is about."""

    pointer: str


class Said(BaseModel):
    """An error or a remark."""

    code: int
    message: str
    documentation_url: str
    source: Pointer | None = None


class Envelope(BaseModel):
    """Around everything."""

    success: bool
    errors: list[Said]
    messages: list[Said]


class Refusal(BaseModel):
    """What went wrong."""

    success: Literal[False]
    errors: list[Said]
    messages: list[Said]
    result: None


class NothingAnswer(Envelope):
    """It was done."""

    result: str | None


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be known of a success; `pointer` is where in `result`."""

    text: str
    pointer: str


def success(result: Any, *, messages: Iterable[Remark] = (), status: int = 200, **beside: Any) -> Answer:
    said = [_said(_REMARK, each.text, each.pointer) for each in messages]
    return Answer({"success": True, "errors": [], "messages": said, "result": result, **beside}, status)


def refuse(problem: Problem, _request_id: str) -> Answer:
    """Codes that are known are theirs; the others are ours in their range (docs/dialects.md)."""
    errors = [
        _said(_code(problem, name), detail, "/" + name.replace(".", "/")) for name, detail in problem.errors if name
    ] or [_said(_code(problem, ""), problem.detail)]
    return Answer({"success": False, "errors": errors, "messages": [], "result": None}, problem.status)


def _said(code: int, text: str, pointer: str = "") -> dict[str, Any]:
    said: dict[str, Any] = {"code": code, "message": text, "documentation_url": _REFERENCE}
    return said | ({"source": {"pointer": pointer}} if pointer else {})


def _code(problem: Problem, field: str) -> int:
    if "retention" in field or "deleteRecordingAfterDays" in field:
        return _BAD_RETENTION
    if problem.status == 404 and "output" in problem.detail:
        return _NO_OUTPUT
    return _CODES.get(problem.status, _ANY)


def iso(time: Timestamp) -> str | None:
    """None for a time that has not come."""
    return time.ToJsonString() if time.seconds else None


def moment(text: str, name: str) -> Timestamp:
    """RFC 3339. AppError(INVALID) names the field if it is none."""
    found = Timestamp()
    try:
        read = datetime.fromisoformat(text)
        found.FromDatetime(read if read.tzinfo is None else read.astimezone(UTC).replace(tzinfo=None))
    except (ValueError, OverflowError):
        raise AppError(Kind.INVALID, "must be a time as RFC 3339 writes it", field=name) from None
    return found


def kept_meta(meta: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Free JSON as our name and metadata, of which values are text."""
    name = meta.get("name")
    rest = {key: value for key, value in meta.items() if key != "name" or not isinstance(name, str)}
    return (name if isinstance(name, str) else ""), {key: _kept(value) for key, value in rest.items()}


def _kept(value: Any) -> str:
    if isinstance(value, str) and not value.startswith(_JSON):
        return value
    return _JSON + orjson.dumps(value).decode()


def shown_meta(name: str, metadata: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The reverse of `kept_meta`."""
    found: dict[str, Any] = {"name": name} if name else {}
    for key, value in metadata:
        found[key] = _shown(value)
    return found


def _shown(value: str) -> Any:
    if not value.startswith(_JSON):
        return value
    try:
        return orjson.loads(value[len(_JSON) :])
    except orjson.JSONDecodeError:
        return value
