"""JSend, pages and ids as Streamdiver has them."""

import uuid
from typing import Any, Literal

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, Field

from services.api.dialects.endpoint import Answer
from services.api.rest.problem import Problem
from services.common.errors import AppError, Kind

MAX_PER_PAGE = 50


class Refusal(BaseModel):
    """What went wrong; `data` names the fields."""

    status: Literal["fail", "error"]
    message: str
    data: dict[str, str] | None


class PageQuery(BaseModel):
    """Which page of a list, and in which order."""

    page: int = Field(default=0, ge=0, le=999_999)
    perpage: int = Field(default=10, ge=1, le=MAX_PER_PAGE)
    sort: str = Field(default="", max_length=64, description="A property; with `:desc` behind it the other way round.")


class Paging(BaseModel):
    """Which page a list is."""

    page: int
    perpage: int
    total: int


def order_by(sort: str, known: dict[str, str]) -> str:
    """`name:desc` as the native API says it. AppError(INVALID) for a property that cannot be sorted by."""
    if not sort:
        return ""
    name, _, way = sort.partition(":")
    if name not in known or way not in {"", "asc", "desc"}:
        raise AppError(Kind.INVALID, f"can be sorted by {', '.join(known)}, with :desc behind it", field="query.sort")
    return f"{known[name]} {way or 'asc'}"


def success(data: Any, paging: Paging | None = None, *, status: int = 200) -> Answer:
    content: dict[str, Any] = {"status": "success", "data": data}
    if paging is not None:
        content["paging"] = paging.model_dump()
    return Answer(content, status)


def refuse(problem: Problem, request_id: str) -> Answer:
    """`fail` where the caller is at fault and `error` where we are, as JSend says."""
    content: dict[str, Any] = {"status": "fail" if problem.status < 500 else "error", "message": problem.detail}
    content["data"] = dict(problem.errors) or None
    return Answer(content, problem.status, headers={"X-Request-Id": request_id})


def dashed(found: str) -> str:
    """Ids are UUIDs here; "" is None to whoever shows it."""
    return str(uuid.UUID(found))


def utc(time: Timestamp) -> str | None:
    """ISO 8601; None for a time that has not come."""
    return time.ToJsonString() if time.seconds else None
