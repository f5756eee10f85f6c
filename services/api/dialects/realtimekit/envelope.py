"""Envelope, pages, times and ids as RealtimeKit has them."""

import uuid
from datetime import UTC, datetime
from typing import Any, Literal

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, Field

from services.api.dialects.endpoint import Answer, Exchange
from services.api.rest.problem import Problem
from services.common.errors import AppError, Kind

DEFAULT_APP = "default"
PER_PAGE = 20


class Paging(BaseModel):
    """Which entries a page has, counted from 1."""

    total_count: int
    start_offset: int
    end_offset: int


class Wrong(BaseModel):
    """What went wrong, in a number and a sentence."""

    code: int
    message: str


class Refusal(BaseModel):
    """What went wrong, twice: as Dyte had it and as Cloudflare has it."""

    success: Literal[False]
    error: Wrong
    errors: list[Wrong]


class PageQuery(BaseModel):
    """Which page."""

    page_no: int = Field(default=1, ge=1, le=1_000_000)
    per_page: int = Field(default=PER_PAGE, ge=1, le=1000)


class TimeQuery(BaseModel):
    """From when to when: ISO 8601, or seconds since 1970."""

    start_time: str = Field(default="", max_length=40)
    end_time: str = Field(default="", max_length=40)


def paging(query: PageQuery, shown: int, total: int) -> Paging:
    start = (query.page_no - 1) * query.per_page
    return Paging(total_count=total, start_offset=start + 1 if shown else start, end_offset=start + shown)


def success(data: Any, pages: Paging | None = None, *, status: int = 200) -> Answer:
    content: dict[str, Any] = {"success": True, "data": data}
    if pages is not None:
        content["paging"] = pages.model_dump()
    return Answer(content, status)


def refuse(problem: Problem, _request_id: str) -> Answer:
    error = {"code": problem.status, "message": problem.sentence}
    return Answer({"success": False, "error": error, "errors": [error]}, problem.status)


def app_of(exchange: Exchange) -> str:
    """The app of the path; Dyte's paths name none."""
    return exchange.variables.get("app", DEFAULT_APP)


def dashed(found: str) -> str:
    return str(uuid.UUID(found))


def iso(time: Timestamp) -> str | None:
    """None for a time that has not come."""
    return time.ToJsonString() if time.seconds else None


def moment(text: str, name: Literal["start_time", "end_time"]) -> Timestamp | None:
    """A time of a query. AppError(INVALID) names it if it is none."""
    if not text:
        return None
    found = Timestamp()
    try:
        if text.lstrip("-").isdigit():
            found.FromSeconds(int(text))
        else:
            read = datetime.fromisoformat(text)
            found.FromDatetime(read if read.tzinfo is None else read.astimezone(UTC).replace(tzinfo=None))
    except (ValueError, OverflowError):
        raise AppError(Kind.INVALID, "must be ISO 8601, or seconds since 1970", field=f"query.{name}") from None
    return found
